// I2: an attempt has one durable intent and at most one start, whatever is killed, cut, duplicated, reordered or restored.
// What an agent says of an attempt is on its disk before it says it, and what it refused was never started.
import type { Evidence, NodeRecord, Violation } from './evidence.ts';
import {
  type Attempt,
  type History,
  historiesOf,
  itemOf,
  keyOf,
  ledgerKnowing,
  runOfKey,
  walk,
  wasRestored,
} from './history.ts';
import { judgeLedgers } from './ledgers.ts';

type Say = (run: string, message: string) => void;

export function judgeOneStart(evidence: Evidence): Violation[] {
  const violations: Violation[] = [];
  const say: Say = (run, message) => void violations.push({ invariant: 'I2', run, message });
  const attempts = new Map<string, Attempt>();
  for (const history of historiesOf(evidence)) for (const one of intentsOf(history, say)) attempts.set(one.key, one);
  judgeRecords(evidence, attempts, say);
  judgeEpochs(evidence, say);
  judgeLedgers(evidence, attempts, say);
  for (const history of historiesOf(evidence)) judgeRefusals(history, evidence.records, say);
  return violations;
}

/** Each intent once, numbered without a gap, as the plan has it; what is said of an attempt comes after its intent. */
function intentsOf(history: History, say: Say): Attempt[] {
  const { run } = history;
  const standing = walk(history, ({ fact, sequence }, before) => {
    if (fact.type === 'OutcomeRecorded' || fact.type === 'AttemptSettled') {
      const key = keyOf(run, fact);
      if (!before.attempts.some((attempt) => attempt.key === key)) say(run, `${fact.type} of ${key} has no intent`);
    }
    if (fact.type !== 'StepStarted') return;
    const { item: id, phase, attempt, node, action } = fact;
    const earlier = before.attempts.filter(({ start }) => start.item === id && start.phase === phase).length;
    if (attempt !== earlier + 1)
      say(run, `event ${sequence}: attempt ${attempt} of ${id} comes after ${earlier} others`);
    const item = itemOf(history, id);
    const planned = phase === 'do' ? item?.action : item?.undo && 'action' in item.undo ? item.undo.action : undefined;
    if (history.plan !== undefined && (item?.node !== node || planned?.kind !== action.kind))
      say(run, `event ${sequence}: ${action.kind} on ${node} is not what the plan has for ${phase} of ${id}`);
  });
  return standing.attempts;
}

function judgeRecords(evidence: Evidence, attempts: Map<string, Attempt>, say: Say): void {
  const started = new Map<string, number>();
  for (const record of evidence.records) {
    const { key, what, node, kind, journaled } = record;
    const run = runOfKey(key);
    const intent = attempts.get(key);
    if (what === 'end' && !started.has(key)) say(run, `${key} ended on ${node} and was never started there`);
    if (what === 'start') {
      const times = (started.get(key) ?? 0) + 1;
      started.set(key, times);
      if (times > 1) say(run, `${key} was started ${times} times`);
      judgeIntent(evidence, record, intent, say);
    }
    const settledAt = intent?.settledAt;
    // Places count from 0, events from 1: journaled is more than the place once the event is there.
    if (settledAt !== undefined && journaled !== undefined && journaled > settledAt)
      say(run, `${key} (${kind}) was settled, and ${what === 'start' ? 'started' : 'still ran'} on ${node} afterwards`);
  }
}

function judgeIntent(evidence: Evidence, record: NodeRecord, intent: Attempt | undefined, say: Say): void {
  const { key, node, kind, journaled } = record;
  const run = runOfKey(key);
  if (intent === undefined) {
    if (!wasRestored(evidence, 'coordinator') && record.isOfLostTime !== true)
      say(run, `${key} was started on ${node} without an intent in the journal`);
    return;
  }
  if (intent.start.node !== node || intent.start.action.kind !== kind)
    say(run, `${key} is ${intent.start.action.kind} on ${intent.start.node}, and ${kind} was started on ${node}`);
  if (journaled !== undefined && journaled <= intent.startedAt)
    say(run, `${key} was started on ${node} before its intent was in the journal`);
  const ledger = ledgerKnowing(evidence, node, run);
  if (ledger !== undefined && ledger.attempts.find((one) => one.key === key)?.payloadHash === undefined)
    say(run, `${key} was started on ${node}, whose ledger does not know of it`);
}

/** On a node nothing is started for a coordinator that is known there to be over. */
function judgeEpochs({ records }: Evidence, say: Say): void {
  const highest = new Map<string, number>();
  for (const { what, node, key, epoch, epochSeen } of records) {
    if (what !== 'start' || epoch === undefined) continue;
    const known = Math.max(highest.get(node) ?? 0, epochSeen ?? 0);
    if (epoch < known) say(runOfKey(key), `${key} was started on ${node} for epoch ${epoch}, which had seen ${known}`);
    highest.set(node, Math.max(known, epoch));
  }
}

/** A refusal says that nothing was started, and that must be true. */
function judgeRefusals({ run, events }: History, records: NodeRecord[], say: Say): void {
  for (const { fact } of events) {
    if (fact.type !== 'OutcomeRecorded' || fact.outcome.verdict !== 'refused' || fact.late) continue;
    const key = keyOf(run, fact);
    if (records.some((record) => record.what === 'start' && record.key === key))
      say(run, `the journal says that ${key} was refused, and it was started`);
  }
}
