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

/** A standby that was made anew follows the same primary by the same slot, told in other words. */
const rebuiltStandby: Named[] = [
  { key: /^n2 setting primary_conninfo$/, reason: 'written by pg_basebackup, with the address in place of the name' },
  {
    key: /^n[12] data folder (backup_label\.old|backup_manifest|baton-replaced)$/,
    reason: 'of a copy by pg_basebackup',
  },
];

/** What a server that became a primary by being copied has of its own. */
const madeAnew: Named[] = [
  { key: /^n[12] (timeline|receiver)$/, reason: 'a server that was promoted is on a timeline of its own' },
  { key: /^n[12] system$/, reason: 'a server that was made from a backup is another one to PostgreSQL' },
  {
    key: /^n1 setting (primary_conninfo|restore_command)$/,
    reason: 'it was a standby for a moment, and follows nobody now: empty is what is not set',
    but: (value) => value.trim(),
  },
];

const putAside: Named = {
  key: /^n1 entry \/var\/lib\/postgresql\/15\/main\.baton-aside-/,
  reason: 'what a restore has put aside, until baton run finalize',
};

/** Right after the rollback. */
export const ofServers = (database: Ways): Named[] => [...newerServers, putAside, ...afterFinalize(database)];

/** Once the newer servers are gone. */
export const afterFinalize = ({ mode }: Ways): Named[] => [
  writtenAgain,
  ...rebuiltStandby,
  ...(mode === 'link' ? madeAnew : []),
];
