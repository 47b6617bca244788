// What may differ in the picture of a cluster whose database upgrade was taken back, each with its reason: until finalize,
// and what no way back can bring again.
import type { Failing } from './failings.ts';
import type { Named } from './picture.ts';

type Ways = NonNullable<Failing['database']>;

const newerServers: Named[] = [
  {
    key: /^n[12] (entry|file|folder|sum|other|unit|enablement|setting) .*(postgresql\/17|postgresql@17|@17-main|\/17\/main|\/postgresql\/17)/,
    reason: 'the newer server, stopped, until baton run finalize',
  },
];

/** Values that were set to another one and back again, in a file that is otherwise the same. */
const writtenAgain: Named = {
  key: /^n[123] (file \/etc\/postgresql\/15\/main\/|(file|folder) \/opt\/HA\/conf)/,
  reason: 'written twice: what is in it is the same, its time is not',
  but: (value) => value.replace(/mtime=\S+/, ''),
};

/** What a server that was copied or made anew has of its own. */
const madeAnew: Named[] = [
  { key: /^n[12] (timeline|receiver)$/, reason: 'a server that was promoted is on a timeline of its own' },
  {
    key: /^n[12] data folder (backup_label\.old|backup_manifest|baton-replaced)$/,
    reason: 'of a copy by pg_basebackup',
  },
];

/** Right after the rollback. */
export const ofServers = (database: Ways): Named[] => [...newerServers, ...afterFinalize(database)];

/** Once the newer servers are gone. */
export const afterFinalize = ({ mode }: Ways): Named[] => [writtenAgain, ...(mode === 'link' ? madeAnew : [])];
