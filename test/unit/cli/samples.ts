// Documents as the coordinator answers them, for tests of what people see.
import type {
  CheckResultDocument,
  ClusterDocument,
  PlanDocument,
  PlanItemDocument,
  RunDocument,
  RunStepDocument,
  WatchDocument,
} from '../../../shared/documents.ts';
import type { ReportDocument } from '../../../shared/report-document.ts';
import { sampleEvidence } from './sample-evidence.ts';

const items: [string, PlanItemDocument['kind'], string, string, string, string[], number][] = [
  ['healthy', 'gate', 'Preflight', 'Cluster is healthy', '', ['systemctl show ha'], 2_000],
  [
    'suspend-failover',
    'step',
    'Suspend failover',
    'Stop the observer',
    'n3',
    ['systemctl stop ha.service', 'systemctl mask ha.service'],
    3_000,
  ],
  ['stop-master', 'step', 'Master', 'Stop the services', 'n1', ['systemctl stop ft-main-server.service'], 5_000],
  ['install-master', 'step', 'Master', 'Run the installer', 'n1', ['./MotadataServiceOpsCommonUpgrade_V870'], 60_000],
  ['install-standby', 'step', 'Standby', 'Run the installer', 'n2', ['./MotadataServiceOpsCommonUpgrade_V870'], 60_000],
  [
    'arm-failover',
    'step',
    'Arm failover',
    'Start the observer',
    'n3',
    ['systemctl unmask ha.service', 'systemctl start ha.service'],
    3_000,
  ],
  ['ticket', 'approval', 'Verify', 'Create a test ticket', '', [], 0],
];

export function samplePlan(): PlanDocument {
  return {
    schema: 1,
    cluster: 'lab',
    plan: 'upgrade',
    hash: 'a'.repeat(64),
    parameters: {
      toVersion: '8.7.0',
      release: { name: 'MotadataServiceOpsCommonUpgrade_V870', sha256: 'b'.repeat(64), sizeBytes: 12 },
    },
    predicted: { durationMs: 240_000, outageMs: 90_000, suspensionMs: 200_000 },
    items: items.map(([id, kind, phase, title, node, commands, predictedMs]) => ({
      id,
      kind,
      phase,
      title,
      section: `Guide › ${phase}`,
      ...(id === 'install-master' ? { deviation: 'a private 0700 file instead of chmod 777' } : {}),
      node,
      commands,
      postcondition: kind === 'step' ? [`${title} is done`] : [],
      until: 'end',
      timeoutMs: 60_000,
      undo: kind === 'step' ? 'put it back' : '',
      undoCommands: [],
      ...(id === 'install-master' ? { pointOfNoReturn: 'the previous version must be installed again' } : {}),
      takesPortalDown: phase === 'Master',
      predictedMs,
    })),
  };
}

export const failingCheck: CheckResultDocument = {
  id: 'replication-streaming',
  title: 'Replication streams',
  node: 'n2',
  section: 'Pre-Upgrade Requirements › HA Cluster Status',
  severity: 'blocking',
  limit: 'lag at most 16 MiB',
  reading: 'lag 41 MB',
  verdict: 'fail',
  remedy: 'see pg_stat_replication on n1',
};

/** The first `done` items have succeeded. */
export function sampleRun(change: Partial<RunDocument> = {}, done = 0): RunDocument {
  const startedMs = Date.parse('2026-11-21T23:00:00.000Z');
  const steps: RunStepDocument[] = items.map(([id, kind, phase, title, node, commands], index) => ({
    id,
    kind,
    phase,
    title,
    node,
    status: index < done ? 'succeeded' : 'pending',
    attempts: index < done ? 1 : 0,
    ...(index < done ? { startedAt: new Date(startedMs + index * 10_000).toISOString(), elapsedMs: 8_000 } : {}),
    commands: index < done ? commands : [],
    checks: [],
  }));
  return {
    schema: 1,
    id: '20261121-2300-upgrade-1',
    cluster: 'lab',
    plan: 'upgrade',
    planHash: 'a'.repeat(64),
    parameters: samplePlan().parameters,
    status: 'running',
    operator: 'alice',
    startedAt: new Date(startedMs).toISOString(),
    message: '',
    failover: 'armed',
    steps,
    next: [],
    head: { sequence: done, hash: 'c'.repeat(64) },
    ...change,
  };
}

export function succeededRun(): RunDocument {
  return sampleRun(
    {
      status: 'succeeded',
      endedAt: '2026-11-21T23:04:00.000Z',
      message: 'lab runs 8.7.0',
      portal: {
        downMs: 42_300,
        longestMs: 42_000,
        unobservedMs: 1_000,
        samples: 2400,
        failures: 423,
        intervals: [
          { fromMs: 20_000, toMs: 62_000 },
          { fromMs: 80_000, toMs: 80_300 },
        ],
      },
    },
    items.length,
  );
}

export function haltedRun(): RunDocument {
  const run = sampleRun({}, 3);
  const steps = run.steps.map(
    (step): RunStepDocument =>
      step.id === 'install-master'
        ? {
            ...step,
            status: 'failed',
            attempts: 1,
            startedAt: '2026-11-21T23:00:30.000Z',
            elapsedMs: 12_000,
            commands: ['./MotadataServiceOpsCommonUpgrade_V870'],
            failure: {
              code: 'command-failed',
              message: 'n1: the installer ended with 1',
              retryable: false,
              evidence: '',
            },
          }
        : step,
  );
  return {
    ...run,
    steps,
    status: 'halted',
    failover: 'suspended',
    message: 'n1: the installer ended with 1',
    halt: {
      item: 'install-master',
      reason: 'step-failed',
      message: 'n1: the installer ended with 1 after 12 s',
      evidence: '39 %\n40 %\n\u001b[31mmigration failed\u001b[0m\u0007',
      runsNow: ['n1 nginx.service', 'n2 postgresql@15-main.service'],
      downNow: ['n1 ft-main-server.service', 'n1 elasticsearch.service'],
      evidenceAt: ['n1:/var/lib/baton-agent/units/x/output', 'baton run logs 20261121-2300-upgrade-1'],
    },
    next: [
      {
        command: `baton run retry ${run.id}`,
        consequence: 'runs the installer once more; the portal stays down meanwhile',
      },
      { command: `baton run abort ${run.id}`, consequence: 'starts the services of the old version and arms failover' },
    ],
  };
}

export function sampleCluster(change: Partial<ClusterDocument> = {}): ClusterDocument {
  const node = (name: string, role: string, is: string, state: string) => ({
    name,
    address: `10.77.0.1${name.slice(1)}`,
    role,
    is,
    state,
    version: is === 'none' ? '' : '8.6.0',
    agent: 'connected' as const,
  });
  return {
    schema: 1,
    cluster: 'lab',
    flavor: 'classic',
    nodes: [
      node('n1', 'master', 'primary', 'running'),
      { ...node('n2', 'standby', 'standby', 'streaming'), lagBytes: 0 },
      node('n3', 'observer', 'none', ''),
    ],
    failover: { schema: 1, state: 'armed', message: '' },
    portal: { url: 'http://10.77.0.10/', status: 200, version: '8.6.0', elapsedMs: 12 },
    ...change,
  };
}

export function sampleReport(run: RunDocument = succeededRun()): ReportDocument {
  return {
    schema: 1,
    run,
    plan: samplePlan(),
    ...sampleEvidence(),
    versions: [
      { node: 'n1', before: '8.6.0', after: '8.7.0' },
      { node: 'n2', before: '8.6.0', after: '8.7.0' },
    ],
    timeline: run.steps
      .filter((step) => step.startedAt !== undefined)
      .map((step, index) => ({
        at: step.startedAt ?? '',
        sequence: index + 1,
        type: 'StepStarted',
        item: step.id,
        sentence: `${step.title} starts`,
      })),
    predicted: samplePlan().predicted,
    actual: { durationMs: 240_000, outageMs: run.portal?.downMs ?? 0, suspensionMs: 190_000 },
  };
}

/** What a stream tells while an item goes from running to succeeded. */
export function eventOf(
  sequence: number,
  item: string,
  status: NonNullable<WatchDocument['event']>['status'],
  at = `2026-11-21T23:00:${String(sequence).padStart(2, '0')}.000Z`,
): WatchDocument {
  const step = items.find(([id]) => id === item);
  return {
    schema: 1,
    sequence,
    at,
    event: {
      type: 'StepStarted',
      item,
      phase: step?.[2] ?? '',
      node: step?.[4] ?? '',
      ...(status === undefined ? {} : { status }),
      sentence: `${step?.[3] ?? item}: ${status}`,
    },
  };
}
