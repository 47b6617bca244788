// A healthy cluster of three machines that answers every reading; a test changes what it wants to see found.

import type {
  CheckContext,
  CheckRef,
  CheckResult,
  ReadAction,
  Reading,
  ReadingResult,
} from '../../../coordinator/checks/check.ts';
import { evaluateChecks } from '../../../coordinator/checks/evaluate.ts';
import type { Cluster } from '../../../coordinator/cluster/cluster.ts';
import { parseCluster } from '../../../coordinator/cluster/parse.ts';
import type { AnswerOf } from '../../../shared/actions/action.ts';
import type { Failure } from '../../../shared/failures.ts';
import { healthyData, isOfData } from './data-world.ts';
import { healthySite, isOfSite } from './site-world.ts';

const text = `cluster: lab
nodes:
  n1: { address: 10.77.0.11, role: master }
  n2: { address: 10.77.0.12, role: standby }
  n3: { address: 10.77.0.13, role: observer }
application:
  version: { file: /opt/flotomate/VERSION, pattern: '^(.+)$' }
  progress: { pattern: '(\\d+)%' }
  portal: { url: 'http://10.77.0.10/', versionPattern: 'version (\\S+)' }
  ticket:
    create: { path: /api/tickets, headers: { Authorization: 'Bearer §{token}' }, body: { subject: '§{marker}' }, id: /id }
    find: { path: '/api/tickets?subject=§{marker}', headers: { Authorization: 'Bearer §{token}' }, id: /tickets/0/id }
    remove: { path: '/api/tickets/§{id}', headers: { Authorization: 'Bearer §{token}' } }
    tokenFile: /etc/baton/ticket-token
    row: { table: apolo.request, column: subject }
database: { parity: [apolo.request, apolo.task] }
limits: { settle: 5s }
`.replaceAll('§', '$');

export function labCluster(change: (text: string) => string = (same) => same): Cluster {
  const parsed = parseCluster(change(text), 'lab.yaml');
  if (!parsed.ok) throw new Error(parsed.failure.message);
  return parsed.value;
}

export const cluster = labCluster();
export const nowMs = Date.UTC(2026, 0, 10, 1, 0, 0);
export const sha256 = 'a'.repeat(64);
export const release = { name: 'MotadataServiceOpsCommonUpgrade_V870', sha256, sizeBytes: 1_000_000_000 };

export const context: CheckContext = {
  cluster,
  nowMs,
  presence: cluster.nodes.map(({ name }) => ({
    node: name,
    joined: true,
    connected: true,
    hold: false,
    agentVersion: '0.1.0',
    clockOffsetMs: 20,
    lastSeenMs: nowMs,
  })),
};

export const broken: Failure = { code: 'unreachable', message: 'no answer', retryable: true, evidence: '' };

type Answerer = (node: string, action: ReadAction) => object | Failure | undefined;

/** Results of the checks where `change` answers first (fields are put over the healthy ones) and the healthy world else. */
export function results(refs: CheckRef[], change: Answerer = () => undefined, inContext = context): CheckResult[] {
  return drive(refs, inContext, (node, action) => {
    const changed = change(node, action);
    if (changed !== undefined && 'code' in changed) return { ok: false, failure: changed as Failure };
    const answer = { ...healthy(node, action), ...changed };
    return { ok: true, answer, commands: [] } as ReadingResult;
  });
}

/** Results of the checks with readings taken by `take`; `see` is shown every round. */
export function drive(
  refs: CheckRef[],
  inContext: CheckContext,
  take: (node: string, action: ReadAction) => ReadingResult,
  see: (round: Reading[]) => void = () => {},
): CheckResult[] {
  const evaluation = evaluateChecks(refs, inContext);
  let next = evaluation.next();
  while (!next.done) {
    see(next.value);
    next = evaluation.next(next.value.map(({ node, action }) => take(node, action)));
  }
  return next.value;
}

export const activeUnit = (unit: string) => ({
  unit,
  loadState: 'loaded',
  activeState: 'active',
  subState: 'running',
  unitFileState: 'enabled',
  user: '',
  mainPid: 100,
  result: 'success',
  sinceMs: nowMs - 3_600_000,
});
export const stoppedUnit = (unit: string) => ({
  ...activeUnit(unit),
  activeState: 'inactive',
  subState: 'dead',
  mainPid: 0,
});

/** Of the database while nobody migrates it or writes to it. */
export const schemaDigest = '5c'.repeat(32);
export const writtenDigest = '3e'.repeat(16);

/** A part of a backup, whole, verified and restored on trial. */
export const backupPart = (part: string, backup = 'upgrade-1'): AnswerOf<'readBackups'>['parts'][number] => ({
  ...{ backup, part, complete: true, folder: `/var/backups/baton/${backup}/${part}`, madeAtMs: nowMs - 60_000 },
  ...{ bytes: 2e9, files: 500, paths: [], excludes: [], database: '', serverMajor: 0, rows: [], warnings: [] },
  schemaDigest: part === 'database' ? schemaDigest : '',
  ...{ verifiedAtMs: nowMs - 30_000, trialRestored: true, restoredBy: '' },
});

/** The one PostgreSQL server of a node: the primary on n1, the standby on n2. */
export const serverOn = (node: string): AnswerOf<'readServers'>['servers'][number] => ({
  ...{ major: 17, name: 'main', unit: 'postgresql@17-main', port: 5432, isRunning: true, startsAtBoot: true },
  ...{ dataDirectory: '/var/lib/postgresql/17/main', configDirectory: '/etc/postgresql/17/main' },
  ...{ inRecovery: node === 'n2', state: node === 'n2' ? 'in archive recovery' : 'in production' },
  ...{ systemIdentifier: '7300000000000000001', timeline: 3, lsn: node === 'n1' ? '1/20000000' : '1/1FFFFFF0' },
  ...{ hasChecksums: true, bytes: 2e9, isFenced: false, upgradedBy: '', wasStarted: true, isSpent: false },
  lastWrittenMs: nowMs - 1000,
  history: [
    { timeline: 1, lsn: '0/8000000' },
    { timeline: 2, lsn: '1/0' },
  ],
});

/** The clients’ address is on the master. */
const addressesOf: Record<string, string[]> = {
  n1: ['10.77.0.10', '10.77.0.11'],
  n2: ['10.77.0.12'],
  n3: ['10.77.0.13'],
};

/** What a healthy cluster answers: master's services up, standby's down, failover armed. */
export function healthy(node: string, action: ReadAction): AnswerOf<ReadAction['kind']> {
  if (isOfData(action)) return healthyData(action);
  if (isOfSite(action)) return healthySite(node, action);
  switch (action.kind) {
    case 'readNode':
      return {
        kind: action.kind,
        hostname: node,
        bootId: 'b',
        os: 'ubuntu',
        osVersion: '24.04',
        clockMs: nowMs,
        uptimeS: 100_000,
        memoryBytes: 16e9,
        memoryAvailableBytes: 8e9,
        load1m: 1,
        cpus: 4,
        postgresqlMajor: node === 'n3' ? 0 : 17,
        agentVersion: '0.1.0',
        addresses: addressesOf[node] ?? [],
      };
    case 'readUnits': {
      const isUp = (unit: string) => node !== 'n2' || unit.startsWith('postgresql');
      const stopped = (unit: string) => ({ ...stoppedUnit(unit), unitFileState: 'disabled' });
      const user = node === 'n3' ? 'motadata' : '';
      return {
        kind: action.kind,
        units: action.units.map((unit) => ({ ...(isUp(unit) ? activeUnit(unit) : stopped(unit)), user })),
      };
    }
    case 'readDisk':
      return {
        kind: action.kind,
        disks: action.paths.map((path) => ({
          path,
          mountPoint: '/',
          mountOptions: [],
          sizeBytes: 100e9,
          freeBytes: 50e9,
          mountsBelow: [],
        })),
      };
    case 'readVersion':
      return { kind: action.kind, version: '8.6.0' };
    case 'readReplication':
      return {
        kind: action.kind,
        inRecovery: node === 'n2',
        acceptsWrites: node === 'n1',
        timeline: 3,
        lsn: node === 'n1' ? '1/20000000' : '1/1FFFFFF0',
        receivedLsn: '',
        receiverStatus: node === 'n2' ? 'streaming' : '',
        replayPaused: false,
        ...{ replayDelayS: 0, messageAgoS: 0.1 },
        clients:
          node === 'n1'
            ? [{ address: '10.77.0.12', state: 'streaming', sentLsn: '', replayLsn: '', lagBytes: 16, encrypted: true }]
            : [],
        serverMajor: 17,
      };
    case 'countRows':
      return {
        kind: action.kind,
        snapshot: action.snapshot ?? '10:10:',
        lsn: '1/20000000',
        inRecovery: node === 'n2',
        tables: action.tables.map((table) => ({ table, rows: 1000 })),
      };
    case 'readFile':
      return { kind: action.kind, path: action.path, exists: true, sizeBytes: 10, sha256, owner: 'root', mode: '0600' };
    case 'findRows':
      return { kind: action.kind, rows: 1 };
    case 'readObserverLog':
      return {
        kind: action.kind,
        file: '/opt/HA/logs/ha_2026-01-10.log',
        busyLines: [],
        lastLine: 'health',
        ...{ writtenAgoMs: 900, openLine: '' },
      };
    case 'readRelease':
      return {
        kind: action.kind,
        path: `/var/lib/baton-agent/releases/${action.name}`,
        staged: true,
        sha256,
        sizeBytes: release.sizeBytes,
        executable: true,
        mayExecute: true,
        freeBytes: 50e9,
      };
    case 'readUrl': {
      const subject = new URL(action.url).searchParams.get('subject');
      const found = subject !== null && !subject.includes('absent') && !subject.includes('no-such');
      const value = subject === null ? '8.7.0' : found ? '4711' : '';
      const bodyStart = found ? `{"tickets":[{"id":4711,"subject":"${subject}"}]}` : '';
      return { kind: action.kind, status: 200, value, elapsedMs: 12, bodyStart };
    }
    case 'readBackups': {
      const parts = ['application', 'files', 'database', 'configuration'].map((part) => backupPart(part));
      return { kind: action.kind, directory: action.directory, parts, freeBytes: 50e9, sizeBytes: 100e9, unfit: '' };
    }
    case 'measureBackup': {
      const isDatabase = action.database !== undefined;
      const [filesBytes, databaseBytes] = isDatabase ? [0, 2e9] : [2e9, 0];
      return { kind: action.kind, filesBytes, files: 500, databaseBytes, freeBytes: 50e9, sizeBytes: 100e9 };
    }
    case 'readDatabaseState':
      return { kind: action.kind, schemaDigest, writtenDigest };
    case 'readQuery':
      return { kind: action.kind, text: '42', rows: 1, sha256 };
    case 'measureRestore': {
      const slots = [{ slot: 'standby', active: true, walStatus: 'reserved', safeBytes: 20e9 }];
      const room = { dataFreeBytes: 50e9, logFreeBytes: 50e9, isSameDisk: true };
      return { kind: action.kind, databaseBytes: 2e9, ...room, slots: node === 'n1' ? slots : [] };
    }
    case 'readHook':
      return { kind: action.kind, exitCode: 0, lastLines: '' };
    case 'readServers':
      return {
        kind: action.kind,
        servers: [serverOn(node)],
        installedMajors: [16, 17, 18],
        freeBytes: 50e9,
        linkableMajors: [16, 17, 18],
        asides: [],
      };
    case 'compareServer':
      return { kind: action.kind, differences: [], expected: [], facts: 400 };
    case 'readValues':
      return { kind: action.kind, values: action.names.map((name) => ({ name, value: '17' })) };
    case 'readMissingFiles':
      return { kind: action.kind, missing: 0, older: 0, bytes: 0, sample: [] };
    case 'readFailover':
      return {
        kind: action.kind,
        armed: true,
        suspended: false,
        suspendedAtMs: 0,
        deadlineMs: 0,
        run: '',
        units: action.units.map(activeUnit),
      };
  }
}

/** The observer as Baton leaves it. */
export const suspended = {
  armed: false,
  suspended: true,
  suspendedAtMs: nowMs - 1000,
  deadlineMs: nowMs + 7_200_000,
  run: 'upgrade-1',
  units: [{ ...stoppedUnit('ha'), loadState: 'masked', unitFileState: 'masked' }],
};
