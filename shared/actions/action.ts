// The typed actions of the agent as plain data, derived from proto/baton/v1/action.proto so that they cannot drift.
// `kind` is the name of the protobuf case: stopUnits, runInstaller, …
import type { Action as ActionMessage, Answer as AnswerMessage } from '../gen/baton/v1/action_pb.ts';

type Plain<T> = T extends Uint8Array
  ? T
  : T extends (infer U)[]
    ? Plain<U>[]
    : T extends object
      ? { [K in keyof T as K extends '$typeName' | '$unknown' ? never : K]: Plain<T[K]> }
      : T;

type Case<Oneof> = Oneof extends { case: infer K extends string; value: infer V } ? { kind: K } & Plain<V> : never;

/** One typed thing that an agent can do. */
export type Action = Case<ActionMessage['kind']>;
/** What a succeeded action answers; its kind is the action's. */
export type Answer = Case<AnswerMessage['kind']>;

export type ActionKind = Action['kind'];
export type ActionOf<K extends ActionKind> = Extract<Action, { kind: K }>;
export type AnswerOf<K extends ActionKind> = Extract<Answer, { kind: K }>;

/**
 * `read`: changes nothing, asked again freely, not in the ledger. `idempotent`: in the ledger; may be tried again by
 * itself once the old attempt is known not to run. `once`: never tried again without a look or a person.
 */
export type ActionClass = 'read' | 'idempotent' | 'once';

export const actionClasses = {
  readNode: 'read',
  readUnits: 'read',
  readDisk: 'read',
  readVersion: 'read',
  readReplication: 'read',
  countRows: 'read',
  countFiles: 'read',
  readFile: 'read',
  findRows: 'read',
  readObserverLog: 'read',
  readRelease: 'read',
  readUrl: 'read',
  readFailover: 'read',
  readBackups: 'read',
  measureBackup: 'read',
  readHook: 'read',
  readServers: 'read',
  compareServer: 'read',
  readValues: 'read',
  readMissingFiles: 'read',
  readDatabaseState: 'read',
  measureRestore: 'read',
  readPackages: 'read',
  readPorts: 'read',
  readRsync: 'read',
  readSecurity: 'read',
  readOwners: 'read',
  readHaOwner: 'read',
  readPlatform: 'read',
  readUnitFiles: 'read',
  readQuery: 'read',
  readManifest: 'read',
  readManifestEntries: 'read',
  readFileStates: 'read',
  readErrors: 'read',
  readAccess: 'read',
  stopUnits: 'idempotent',
  startUnits: 'idempotent',
  suspendFailover: 'idempotent',
  armFailover: 'idempotent',
  stageRelease: 'idempotent',
  makeExecutable: 'idempotent',
  writeTestFile: 'idempotent',
  removeTestFile: 'idempotent',
  backUpFiles: 'idempotent',
  backUpDatabase: 'idempotent',
  verifyBackup: 'idempotent',
  pruneBackups: 'idempotent',
  restoreFiles: 'idempotent',
  restoreDatabase: 'idempotent',
  returnDatabase: 'idempotent',
  dropDatabase: 'idempotent',
  recordServer: 'idempotent',
  checkServerUpgrade: 'idempotent',
  stopServer: 'idempotent',
  upgradeServer: 'idempotent',
  startServer: 'idempotent',
  returnServer: 'idempotent',
  analyzeServer: 'idempotent',
  dropServer: 'idempotent',
  fenceServer: 'idempotent',
  unfenceServer: 'idempotent',
  createSlot: 'idempotent',
  copyServer: 'idempotent',
  restoreServer: 'idempotent',
  setValues: 'idempotent',
  mergeFiles: 'idempotent',
  standDown: 'idempotent',
  dropAsides: 'idempotent',
  runInstaller: 'once',
  sendRequest: 'once',
  runHook: 'once',
  runHaScript: 'once',
} as const satisfies Record<ActionKind, ActionClass>;
