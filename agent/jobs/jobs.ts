// Which file carries out which kind of job.
import type { JobKind } from '../../shared/actions/jobs/job.ts';
import { backUpDatabase, backUpFiles } from '../actions/back-up.ts';
import { runHaScript } from '../actions/ha-script.ts';
import { hook } from '../actions/hook.ts';
import { installer } from '../actions/installer.ts';
import { mergeFiles } from '../actions/merge-files.ts';
import { pruneBackups } from '../actions/prune-backups.ts';
import { dropDatabase, restoreDatabase, returnDatabase } from '../actions/restore-database.ts';
import { restoreFiles } from '../actions/restore-files.ts';
import {
  copyServer,
  createSlot,
  dropAsides,
  fenceServer,
  restoreServer,
  unfenceServer,
} from '../actions/server-copy.ts';
import {
  analyzeServer,
  checkServerUpgrade,
  dropServer,
  recordServer,
  returnServer,
  startServer,
  stopServer,
  upgradeServer,
} from '../actions/server-upgrade.ts';
import { setValues } from '../actions/values.ts';
import { verifyBackup } from '../actions/verify-backup.ts';
import type { Job } from './job.ts';

const jobs: { [K in JobKind]: Job<K> } = {
  runInstaller: installer,
  backUpFiles,
  backUpDatabase,
  verifyBackup,
  pruneBackups,
  restoreFiles,
  restoreDatabase,
  returnDatabase,
  dropDatabase,
  recordServer,
  checkServerUpgrade,
  stopServer,
  upgradeServer,
  startServer,
  returnServer,
  analyzeServer,
  dropServer,
  fenceServer,
  unfenceServer,
  createSlot,
  copyServer,
  restoreServer,
  dropAsides,
  setValues,
  mergeFiles,
  runHaScript,
  runHook: hook,
};

export function jobOf<K extends JobKind>(kind: K): Job<K> {
  return jobs[kind];
}
