// I3: `unknown` is never rerun blindly and never counted as pass. What was read before a start, a takeover or an operator’s
// word counts for nothing after it.
import { gatesBefore, gatesOfEnd, inForce, ownConditions, whyNotMet } from './conditions.ts';
import type { Evidence, Violation } from './evidence.ts';
import { attemptsOf, type History, historiesOf, isOpen, itemOf, type Standing, walk, wellEnded } from './history.ts';
import type { ChecksRead, JudgedEvent, StepStarted } from './journal-facts.ts';

type Say = (message: string) => void;

/** What may be carried out again by itself once the earlier attempt is known to be over. Everything else: only once. */
export const repeatable: readonly string[] = [
  'stopUnits',
  'startUnits',
  'suspendFailover',
  'armFailover',
  'stageRelease',
  'makeExecutable',
  'writeTestFile',
  'removeTestFile',
  'backUpFiles',
  'backUpDatabase',
  'verifyBackup',
  'pruneBackups',
  'restoreFiles',
  'restoreDatabase',
  'returnDatabase',
  'dropDatabase',
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
  'standDown',
];

export function judgeUnknown(evidence: Evidence): Violation[] {
  return historiesOf(evidence).flatMap((history) => {
    const violations: Violation[] = [];
    walk(history, (event, standing) => {
      const say: Say = (message) =>
        void violations.push({ invariant: 'I3', run: history.run, message: `event ${event.sequence}: ${message}` });
      judgeEvent(history, event, standing, say);
    });
    return violations;
  });
}

function judgeEvent(history: History, { fact }: JudgedEvent, standing: Standing, say: Say): void {
  switch (fact.type) {
    case 'ChecksRead':
      judgeReading(history, fact, say);
      break;
    case 'StepStarted':
      judgeRepetition(fact, standing, say);
      judgeConditions(history, fact, standing, say);
      break;
    case 'ItemSucceeded':
      judgeSuccess(history, fact, standing, say);
      break;
    case 'RunEnded':
      if (wellEnded.includes(fact.status)) judgeEnd(history, standing, say);
      break;
    default:
      break;
  }
}

/** A pass has a finding of every check that it is about, and none but passes and warnings. */
function judgeReading(history: History, { item: id, of, passed, results }: ChecksRead, say: Say): void {
  if (!passed) return;
  const against = results.filter(({ verdict }) => verdict !== 'pass' && verdict !== 'warn');
  for (const { id: check, verdict } of against) say(`${of} of ${id} counts as passed, and ${check} is ${verdict}`);
  const item = itemOf(history, id);
  const undo = item?.undo !== undefined && 'then' in item.undo ? item.undo : undefined;
  const wanted = {
    gate: item?.checks,
    before: item?.before,
    then: item?.then,
    'undo-before': undo?.before,
    'undo-then': undo?.then,
  }[of];
  for (const { check } of wanted ?? [])
    if (!results.some((result) => result.id === check)) say(`${of} of ${id} counts as passed without ${check}`);
}

/** Nothing is started over an attempt that may still run; what may run only once needs an operator’s `retry`. */
function judgeRepetition({ item, phase, action }: StepStarted, standing: Standing, say: Say): void {
  const last = attemptsOf(standing, item, phase).at(-1);
  if (last === undefined) return;
  if (isOpen(last)) say(`a new attempt of ${item} while nobody knows how ${last.key} ended, nor that it is over`);
  const retriedAt = standing.retried.get(item) ?? -1;
  if (!repeatable.includes(action.kind) && retriedAt < last.startedAt)
    say(`${action.kind} of ${item} was carried out again, and no operator had asked for it`);
}

function judgeConditions(history: History, fact: StepStarted, standing: Standing, say: Say): void {
  const items = history.plan?.items ?? [];
  const index = items.findIndex(({ id }) => id === fact.item);
  const item = items[index];
  if (item === undefined) return;
  const ahead =
    fact.phase === 'do'
      ? [...gatesBefore(items, index, standing.era), ...inForce(items, index, standing, standing.era)]
      : [];
  for (const condition of [...ahead, ownConditions(item, fact.phase, standing)]) {
    const why = whyNotMet(condition, standing);
    if (why !== undefined) say(`${fact.phase} of ${fact.item} was started, and ${why}`);
  }
}

/** Done is what was seen to be done, after the attempt that did it. */
function judgeSuccess(
  history: History,
  { item: id, adopted }: { item: string; adopted: boolean },
  standing: Standing,
  say: Say,
): void {
  const attempts = attemptsOf(standing, id, 'do');
  const last = attempts.at(-1);
  if (last === undefined) {
    say(`${id} is called done and was never started`);
    return;
  }
  const item = itemOf(history, id);
  const hasPostcondition = (item?.then ?? []).length > 0;
  const since = Math.max(last.startedAt, last.endedAt ?? -1, standing.abortedAt === undefined ? standing.era : -1);
  const why = item && whyNotMet({ item, of: 'then', since }, standing);
  if (why !== undefined) say(`${id} is called done, and ${why}`);
  if (adopted) {
    if ((standing.adopted.get(id) ?? -1) < last.startedAt) say(`${id} is taken as done by hand, which nobody said`);
    return;
  }
  // Arming counts by what is seen, however it ended: once failover is armed, nothing from before may be taken back.
  if (last.outcome === 'succeeded' || last.start.action.kind === 'armFailover') return;
  if (last.outcome !== 'unknown') say(`${id} is called done, and its attempt ended with ${last.outcome ?? 'nothing'}`);
  else if (!hasPostcondition) say(`${id} is called done, its attempt is unknown and nothing tells what it left`);
  else if (!repeatable.includes(last.start.action.kind) && attempts.slice(0, -1).some(mayHaveStarted))
    say(`${id} is called done by what is there, which an earlier attempt may have left`);
}

const mayHaveStarted = ({ outcome }: { outcome?: string }): boolean => outcome !== 'refused';

/** A run succeeds when every item is done, what must hold at its end was looked at after the last change, and what verifies it in this era. */
function judgeEnd({ plan }: History, standing: Standing, say: Say): void {
  const items = plan?.items ?? [];
  for (const { id } of items) if (!standing.done.has(id)) say(`the run succeeded, and ${id} is not done`);
  const held = inForce(items, items.length, standing, Math.max(standing.era, standing.effect));
  for (const condition of [...held, ...gatesOfEnd(items, standing.era)]) {
    const why = whyNotMet(condition, standing);
    if (why !== undefined) say(`the run succeeded, and ${why}`);
  }
}
