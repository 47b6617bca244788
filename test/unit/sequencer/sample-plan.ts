// A small plan with the shape of the upgrade, over a simulated cluster in which every step leaves a mark.

import type { CheckRef } from '../../../coordinator/checks/check.ts';
import type { Cluster } from '../../../coordinator/cluster/cluster.ts';
import type { Approval, Gate, Plan, Step } from '../../../coordinator/plans/plan.ts';
import type { Action } from '../../../shared/actions/action.ts';

/** Passes while the mark of a step is there. */
export const hasMark = (mark: string): CheckRef => ({ check: 'mark', params: { mark } });
/** Passes while the mark is not there. */
export const lacksMark = (mark: string): CheckRef => ({ check: 'no-mark', params: { mark } });

const cluster: Cluster = {
  cluster: 'sim',
  flavor: 'classic',
  nodes: [
    { name: 'n1', address: '127.0.0.1', role: 'master', tiers: ['app', 'db'] },
    { name: 'n2', address: '127.0.0.1', role: 'standby', tiers: ['app', 'db'] },
    { name: 'n3', address: '127.0.0.1', role: 'observer', tiers: [] },
  ],
  application: {
    units: ['app'],
    version: { file: '/v', pattern: '(.*)' },
    portal: { url: 'http://127.0.0.1:9/', expectStatus: 200 },
    installerTimeoutMs: 60_000,
  },
  observer: {
    units: ['ha'],
    logs: '/opt/HA/logs/ha_*.log',
    quietForMs: 1000,
    busyPatterns: [],
    beginPattern: 'a',
    endPattern: 'b',
  },
  errors: { logs: [], pattern: 'a', windowMs: 1000 },
  files: {
    root: '/files',
    unit: 'file-sync',
    transport: { by: 'ssh', port: 22 },
    hashes: 'probe',
    hashWithinMs: 600_000,
    syncWithinMs: 60_000,
  },
  database: {
    ...{ name: 'db', parity: [], port: 5432, unit: 'postgresql' },
    ...{ replication: { user: 'replicator', options: '' }, queries: [], settings: [] },
  },
  web: { unit: 'nginx' },
  supported: { os: [], postgresql: [] },
  limits: {
    ...{ replicationDelayMs: 1, responseTimeMs: 1, errorRate: 1 },
    replicationLagBytes: 1,
    diskFreeShare: 0.1,
    memoryFreeShare: 0.05,
    loadPerCpu: 4,
    clockOffsetMs: 500,
    suspensionMs: 7_200_000,
    rtoMaxMs: 60_000,
    rpoMaxRows: 0,
    settleMs: 1000,
    probeAgeMs: 129_600_000,
  },
  network: { ssh: 22, ports: [] },
  requires: { packages: [] },
  security: { encrypted: true, audit: { none: 'a simulation' }, owners: {} },
};

export function sampleGate(id: string, checks: CheckRef[], more: Partial<Gate> = {}): Gate {
  return {
    kind: 'gate',
    id,
    phase: 'Preflight',
    title: `gate ${id}`,
    section: 'Pre-Upgrade',
    checks,
    withinMs: 3_000,
    everyMs: 1_000,
    holdsForMs: 60_000,
    ...more,
  };
}

export function sampleStep(id: string, node: string, action: Action, more: Partial<Step> = {}): Step {
  return {
    kind: 'step',
    id,
    phase: 'Master',
    title: `step ${id}`,
    section: 'Step 2',
    node,
    action,
    bindings: [],
    timeoutMs: 10_000,
    before: [],
    then: [hasMark(id)],
    thenWithinMs: 3_000,
    until: 'end',
    undo: {
      title: `undo of ${id}`,
      action: { kind: 'startUnits', units: [id] },
      timeoutMs: 10_000,
      before: [],
      then: [lacksMark(id)],
      thenWithinMs: 3_000,
    },
    isHarmless: false,
    takesPortalDown: false,
    predictedMs: 1_000,
    ...more,
  };
}

export const sampleApproval: Approval = {
  kind: 'approval',
  id: 'look',
  phase: 'Standby',
  title: 'a look at the master',
  section: 'beyond the guide',
  question: 'does the master look well?',
};

const installer: Action = { kind: 'runInstaller', name: 'installer', sha256: 'a' };

export const samplePlan: Plan = {
  schema: 1,
  name: 'upgrade',
  cluster,
  parameters: {},
  predicted: { durationMs: 1, outageMs: 1, suspensionMs: 1 },
  items: [
    sampleGate('healthy', [lacksMark('broken')]),
    sampleStep(
      'stage',
      'n1',
      { kind: 'stageRelease', name: 'installer', sha256: 'a', sizeBytes: 1 },
      { isHarmless: true },
    ),
    sampleGate('quiet', [lacksMark('busy')]),
    sampleStep(
      'suspend',
      'n3',
      { kind: 'suspendFailover', units: ['ha'], leaseMs: 7_200_000 },
      {
        until: 'arm',
        undo: {
          title: 'arm failover',
          action: { kind: 'armFailover', units: ['ha'] },
          timeoutMs: 10_000,
          before: [],
          then: [lacksMark('suspend')],
          thenWithinMs: 3_000,
        },
      },
    ),
    sampleStep('stop', 'n1', { kind: 'stopUnits', units: ['app'] }, { until: 'start', takesPortalDown: true }),
    sampleStep('install', 'n1', installer, {
      redo: ['stop'],
      undo: { noUndo: 'restores come with backups' },
      takesPortalDown: true,
    }),
    sampleStep('start', 'n1', { kind: 'startUnits', units: ['app'] }, { takesPortalDown: true }),
    sampleApproval,
    sampleStep('install-standby', 'n2', installer, { undo: { noUndo: 'restores come with backups' } }),
    sampleStep(
      'arm',
      'n3',
      { kind: 'armFailover', units: ['ha'] },
      {
        undo: { noUndo: 'armed is where every ending leads' },
      },
    ),
    sampleStep('ticket', 'n1', {
      kind: 'sendRequest',
      method: 'POST',
      url: 'http://127.0.0.1:9/{{run}}',
      headers: [],
      body: '',
      expectStatus: [200],
    }),
    sampleGate('well', [lacksMark('broken')]),
  ],
};
