// Which actions are jobs: transient units named after the key, which outlive the agent and are followed again by the next
// one. One list, used wherever it matters whether an attempt may have such a unit.
import type { Action, ActionKind, Answer } from '../action.ts';

const backupJobKinds = [
  'backUpFiles',
  'backUpDatabase',
  'verifyBackup',
  'pruneBackups',
  'restoreFiles',
  'restoreDatabase',
  'returnDatabase',
  'dropDatabase',
] as const satisfies ActionKind[];

/** What works on whole PostgreSQL servers, and on what goes with them: settings of other software, filedb, the HA scripts. */
const serverJobKinds = [
  'recordServer',
  'checkServerUpgrade',
  'stopServer',
  'upgradeServer',
  'startServer',
  'returnServer',
  'analyzeServer',
  'dropServer',
  'fenceServer',
  'unfenceServer',
  'createSlot',
  'copyServer',
  'restoreServer',
  'dropAsides',
  'setValues',
  'mergeFiles',
  'runHaScript',
] as const satisfies ActionKind[];

export const jobKinds = [
  'runInstaller',
  ...backupJobKinds,
  ...serverJobKinds,
  'runHook',
] as const satisfies ActionKind[];

export type JobKind = (typeof jobKinds)[number];
export type JobAction = Extract<Action, { kind: JobKind }>;
export type ServerJob = Extract<Action, { kind: (typeof serverJobKinds)[number] }>;
type JobAnswer = Extract<Answer, { kind: JobKind }>;

const known: ReadonlySet<string> = new Set(jobKinds);

export const isJobKind = (kind: string): kind is JobKind => known.has(kind);
export const isJob = (action: Action): action is JobAction => isJobKind(action.kind);

const ofServers: ReadonlySet<string> = new Set(serverJobKinds);
export const isServerJob = (action: Action): action is ServerJob => ofServers.has(action.kind);

/** How the unit of a job ended and where its output lies; undefined of an answer that no job has given. */
export function jobEndOf(
  answer: Answer | undefined,
): NonNullable<Extract<JobAnswer, { job?: unknown }>['job']> | undefined {
  if (answer === undefined || !isJobKind(answer.kind)) return undefined;
  const given = answer as JobAnswer;
  return given.kind === 'runInstaller' ? given : given.job;
}

/** Exit statuses by which a job's script tells why it ended; any other one only says that a command of it failed. */
export const jobExits = {
  /** A file is not as it was written. */
  differs: 65,
  /** What is to be read is not there. */
  missing: 66,
  /** Another node does not answer, or lets nobody in. */
  unreachable: 69,
  /** What the backup goes to takes nothing. */
  unwritable: 73,
  /** What it needs would not fit. */
  noRoom: 74,
  /** Things are not so that this may be done, or not as they must be afterwards. */
  notInState: 70,
} as const;
