// What the nodes hold, looked at before anything is touched: files, the database and who may use it, and what later checks
// compare with. Read-only; beside preflight.ts, which has the order.
import { seconds } from '../../shared/units.ts';
import { databaseClosed } from '../checks/database-closed.ts';
import { databaseHardened } from '../checks/database-hardened.ts';
import { errorRate } from '../checks/error-rate.ts';
import { filesSame } from '../checks/files-same.ts';
import { replicationEncrypted } from '../checks/replication-encrypted.ts';
import { replicationReplaying } from '../checks/replication-replaying.ts';
import { responseTime } from '../checks/response-time.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { gate, type Unphased } from './items.ts';

const filesSection = 'FileDB Sync Check (beyond the guide: which files, not only how many)';

/** The gate with which performance is compared afterwards. */
export const performanceBefore = 'preflight.performance';

/** Gates about data, in the order of the plan. */
export function dataGates(cluster: Cluster): Unphased[] {
  return [
    filesAreSame(cluster),
    gate('Pre-Upgrade Requirements › HA Cluster Status: synchronized', {
      id: 'preflight.replaying',
      title: 'The standby replays what the primary writes',
      checks: [replicationReplaying.ref({})],
      withinMs: seconds(30),
    }),
    gate('Security Considerations › Database Security (looked at ahead)', {
      id: 'preflight.database-access',
      title: 'The database lets nobody in unasked',
      checks: [databaseClosed.ref({}), databaseHardened.ref({}), replicationEncrypted.ref({})],
    }),
    gate('Step 4: Performance Monitoring (looked at ahead)', {
      id: performanceBefore,
      title: 'Response time and error rates, to compare with afterwards',
      checks: [responseTime.ref({ comparedTo: null }), errorRate.ref({ comparedTo: null })],
    }),
  ];
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

/** Response time and error rates after the work, beside those of before. */
export function performanceIsAsBefore(): Unphased {
  return gate('Step 4: Performance Monitoring › Service Response Times, Error Rates', {
    id: 'verify.performance',
    title: 'The portal answers as fast as before, and no more errors are written',
    checks: [responseTime.ref({ comparedTo: performanceBefore }), errorRate.ref({ comparedTo: performanceBefore })],
  });
}
