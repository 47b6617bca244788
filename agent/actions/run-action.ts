// Which file carries out which kind of action.
import type { Action, ActionKind, Answer } from '../../shared/actions/action.ts';
import { isJob, type JobKind } from '../../shared/actions/jobs/job.ts';
import { startJob } from '../jobs/start-job.ts';
import { readAccess } from './access.ts';
import type { ActionContext, Ended, Run } from './context.ts';
import { countRows, findRows, readReplication } from './database.ts';
import { readDatabaseState } from './database-state.ts';
import { readErrors } from './errors.ts';
import { armFailover, readFailover, suspendFailover } from './failover.ts';
import { countFiles, readFile, readVersion } from './files.ts';
import { readHook } from './hook.ts';
import { readFileStates, readManifest, readManifestEntries } from './manifest.ts';
import { measureRestore } from './measure-restore.ts';
import { readMissingFiles } from './merge-files.ts';
import { readDisk, readNode } from './node.ts';
import { readObserverLog } from './observer-log.ts';
import { measureBackup, readBackups } from './read-backups.ts';
import { readHaOwner } from './read-ha-owner.ts';
import { readPorts, readRsync } from './read-network.ts';
import { readOwners, readUnitFiles } from './read-owners.ts';
import { readPackages } from './read-packages.ts';
import { readPlatform } from './read-platform.ts';
import { readQuery } from './read-query.ts';
import { readSecurity } from './read-security.ts';
import { compareServer, readServers } from './read-servers.ts';
import { makeExecutable, readRelease, stageRelease } from './release.ts';
import { readUrl, sendRequest } from './request.ts';
import { standDown } from './stand-down.ts';
import { removeTestFile, writeTestFile } from './test-file.ts';
import { readUnits, startUnits, stopUnits } from './units.ts';
import { readValues } from './values.ts';

const runs: { [K in Exclude<ActionKind, JobKind>]: Run<K> } = {
  readNode,
  readUnits,
  readDisk,
  readVersion,
  readReplication,
  countRows,
  countFiles,
  readFile,
  findRows,
  readObserverLog,
  readRelease,
  readUrl,
  readFailover,
  readBackups,
  measureBackup,
  readHook,
  readServers,
  compareServer,
  readValues,
  readMissingFiles,
  readDatabaseState,
  measureRestore,
  readPackages,
  readPorts,
  readRsync,
  readSecurity,
  readOwners,
  readHaOwner,
  readPlatform,
  readUnitFiles,
  readQuery,
  readManifest,
  readManifestEntries,
  readFileStates,
  readErrors,
  readAccess,
  stopUnits,
  startUnits,
  suspendFailover,
  armFailover,
  stageRelease,
  makeExecutable,
  writeTestFile,
  removeTestFile,
  sendRequest,
  standDown,
};

/** Carries out an action that validation and policy have let through. */
export async function runAction(action: Action, context: ActionContext): Promise<Ended<Answer>> {
  if (isJob(action)) return await startJob(action, context);
  const run = runs[action.kind] as (action: Action, context: ActionContext) => Promise<Ended<Answer>>;
  return await run(action, context);
}
