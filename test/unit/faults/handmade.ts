// A small history made by hand for the judge: one upgrade that survived a takeover, with everything that belongs to it.
// Tests change one thing in it and see what the judge says.
import { createHash } from 'node:crypto';
import type { ExportLineDocument } from '../../../shared/documents.ts';
import type { Evidence, EvidencePlan, NodeRecord } from '../../faults/judge/evidence.ts';
import type { ChecksRead, Fact, Finding } from '../../faults/judge/journal-facts.ts';

export const run = 'upgrade-1';
export interface Told {
  epoch: number;
  fact: Fact;
}

const suspended = [{ check: 'failover-suspended' }];
const safeToArm = [{ check: 'portal-answers' }, { check: 'replication-streaming' }];
const ref = (check: string) => [{ check }];

export const plan: EvidencePlan = {
  name: 'upgrade',
  items: [
    { id: 'quiet', kind: 'gate', checks: ref('observer-quiet') },
    {
      id: 'suspend',
      kind: 'step',
      node: 'n3',
      action: { kind: 'suspendFailover' },
      before: ref('observer-quiet'),
      then: suspended,
      until: 'arm',
      undo: { action: { kind: 'armFailover' }, before: safeToArm, then: ref('failover-armed') },
    },
    {
      id: 'install',
      kind: 'step',
      node: 'n1',
      action: { kind: 'runInstaller' },
      before: suspended,
      then: ref('version-is'),
      until: 'end',
      undo: { noUndo: 'stays' },
    },
    {
      id: 'arm',
      kind: 'step',
      node: 'n3',
      action: { kind: 'armFailover' },
      before: safeToArm,
      then: ref('failover-armed'),
      until: 'end',
      undo: { noUndo: 'stays' },
    },
    { id: 'streams', kind: 'gate', checks: ref('replication-streaming') },
  ],
};

export const pass = (id: string): Finding => ({ id, verdict: 'pass' });
export const read = (item: string, of: ChecksRead['of'], ...ids: string[]): ChecksRead => {
  return { type: 'ChecksRead', item, of, passed: true, results: ids.map(pass) };
};
export const started = (item: string, attempt = 1, phase: 'do' | 'undo' = 'do'): Fact => {
  const planned = plan.items.find(({ id }) => id === item);
  const undo = planned?.undo !== undefined && 'action' in planned.undo ? planned.undo.action : undefined;
  const action = (phase === 'do' ? planned?.action : undo) ?? { kind: 'none' };
  return { type: 'StepStarted', item, phase, attempt, node: planned?.node ?? '', action };
};
export const ended = (
  item: string,
  verdict: 'succeeded' | 'failed' | 'unknown' | 'refused',
  attempt = 1,
  more: { phase?: 'do' | 'undo'; late?: boolean } = {},
): Fact => {
  const failure = verdict === 'succeeded' ? {} : { failure: { message: `${item} could not` } };
  const { phase = 'do', late = false } = more;
  return { type: 'OutcomeRecorded', item, phase, attempt, outcome: { verdict, ...failure }, late };
};
export const settled = (item: string, attempt = 1): Fact => ({ type: 'AttemptSettled', item, phase: 'do', attempt });
export const done = (item: string, adopted = false): Fact => ({ type: 'ItemSucceeded', item, adopted });
export const said = (decision: 'retry' | 'adopt' | 'abort' | 'resume', item: string): Fact => {
  return { type: 'OperatorDecided', decision, item };
};
export const halted = (item: string, reason: string, more: object = {}): Fact => ({
  type: 'RunHalted',
  status: reason === 'step-unknown' ? 'awaiting-operator' : 'halted',
  halt: { item, reason, message: `${item} could not`, checks: [], ...more },
});
export const over = (status: string, failoverArmed = 'armed'): Fact => {
  return { type: 'RunEnded', status, message: status, failoverArmed };
};
export const suspension = (): Fact => read('suspend', 'then', 'failover-suspended');

/** Up to the start of the installer; a new coordinator takes over while it runs. */
export const beginning: Fact[] = [
  { type: 'RunStarted', cluster: 'lab' },
  read('quiet', 'gate', 'observer-quiet'),
  read('suspend', 'before', 'observer-quiet'),
  started('suspend'),
  ended('suspend', 'succeeded'),
  suspension(),
  done('suspend'),
  suspension(),
  read('install', 'before', 'failover-suspended'),
  started('install'),
];
export const takeover: Fact = { type: 'LeaderChanged' };
export const verified = read('streams', 'gate', 'replication-streaming');
const arming: Fact[] = [
  suspension(),
  read('install', 'then', 'version-is'),
  read('arm', 'before', 'portal-answers', 'replication-streaming'),
  started('arm'),
  ended('arm', 'succeeded'),
  read('arm', 'then', 'failover-armed'),
  done('arm'),
  verified,
  read('install', 'then', 'version-is'),
  read('arm', 'then', 'failover-armed'),
  over('succeeded'),
];
export const goodFacts: Fact[] = [
  ...beginning,
  takeover,
  ended('install', 'succeeded'),
  read('install', 'then', 'version-is'),
  done('install'),
  ...arming,
];

/** The facts as one coordinator after the other wrote them. */
export function told(facts: Fact[]): Told[] {
  let epoch = 1;
  return facts.map((fact) => {
    if (fact.type === 'LeaderChanged') epoch += 1;
    return { epoch, fact };
  });
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

export function journalOf(events: Told[], of = run): ExportLineDocument[] {
  let previous = '0'.repeat(64);
  const lines = events.map(({ epoch, fact }, at) => {
    const event = JSON.stringify({ id: `${of}-${at}`, run: of, sequence: at + 1, previous, epoch, fact });
    previous = hash(event);
    return { event };
  });
  return [...lines, { count: lines.length, head: { sequence: lines.length, hash: previous } }];
}

export const keyOf = (item: string, attempt = 1, phase = 'do'): string => `${run}/${item}/${phase}/${attempt}`;
export const record = (item: string, what: 'start' | 'end', more: Partial<NodeRecord> = {}): NodeRecord => {
  const planned = plan.items.find(({ id }) => id === item);
  return { node: planned?.node ?? '', what, key: keyOf(item), kind: planned?.action?.kind ?? '', ...more };
};

/** Evidence of a journal: its starts and ends happened, the ledgers know of them. */
export function evidenceOf(facts: Fact[] = goodFacts, change: Partial<Evidence> = {}): Evidence {
  const lines = journalOf(told(facts));
  const starts = facts.flatMap((fact, at) => (fact.type === 'StepStarted' ? [{ fact, at }] : []));
  const fates = starts.map(({ fact, at }) => {
    const isOf = (other: Fact) =>
      'attempt' in other && other.item === fact.item && other.phase === fact.phase && other.attempt === fact.attempt;
    const outcome = facts.find((other) => other.type === 'OutcomeRecorded' && isOf(other));
    const verdict = outcome?.type === 'OutcomeRecorded' ? outcome.outcome.verdict : undefined;
    const isSettled = facts.some((other) => other.type === 'AttemptSettled' && isOf(other));
    return { fact, at, verdict, isSettled, key: keyOf(fact.item, fact.attempt, fact.phase) };
  });
  const begun = fates.filter(({ verdict }) => verdict !== 'refused');
  return {
    cluster: 'lab',
    journals: { [run]: lines },
    plans: { [run]: { plan, hash: 'h' } },
    acknowledged: [{ run, sequence: 3, hash: hash(lines[2]?.event ?? '') }],
    ledgers: ['n1', 'n3'].map((node) => ({
      node,
      generation: 'g',
      counter: 9,
      highestEpoch: 2,
      heads: [{ run, sequence: 4, hash: hash(lines[3]?.event ?? '') }],
      closedRuns: [],
      attempts: begun
        .filter(({ fact }) => fact.node === node)
        .map(({ key, verdict, isSettled }) => ({
          key,
          payloadHash: 'p',
          epoch: 1,
          ...(verdict === undefined || verdict === 'refused' ? {} : { verdict }),
          settled: isSettled,
        })),
    })),
    records: begun.flatMap(({ key, at, fact: { node, action, item } }) => {
      const common = { node, key, kind: action.kind };
      const isActive = item === 'suspend';
      return [
        { ...common, what: 'start' as const, epoch: 1, journaled: at + 1, observerActive: isActive },
        { ...common, what: 'end' as const, journaled: at + 1 },
      ];
    }),
    lock: [
      { type: 'RunOpened', run },
      ...(facts.at(-1)?.type === 'RunEnded' ? [{ type: 'RunClosed' as const, run }] : []),
    ],
    now: { failover: 'armed', writable: ['n1'], portalAnswers: true },
    doublePrimaries: [],
    ...change,
  };
}
