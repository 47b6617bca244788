// What the nodes hold, looked at before anything is touched: files, the database and who may use it, and what later checks
// compare with. Read-only; beside preflight.ts, which has the order.
import { seconds } from '../../shared/units.ts';
import { filesSame } from '../checks/files-same.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { gate, type Unphased } from './items.ts';

const filesSection = 'FileDB Sync Check (beyond the guide: which files, not only how many)';

/** Gates about data, in the order of the plan. */
export function dataGates(cluster: Cluster): Unphased[] {
  return [filesAreSame(cluster)];
}

function filesAreSame({ files }: Cluster): Unphased {
  return gate(filesSection, {
    id: 'preflight.files-same',
    title: 'Master and standby hold the same files',
    checks: [filesSame.ref({ content: files.hashes === 'always' })],
    withinMs: seconds(60),
  });
}

/** The same after the work, with contents unless the cluster file does without. */
export function filesAreStillSame({ files }: Cluster): Unphased {
  return gate(filesSection, {
    id: 'verify.files-same',
    title: 'Master and standby hold the same files',
    checks: [filesSame.ref({ content: files.hashes !== 'never' })],
    withinMs: seconds(60),
  });
}
