// I5: every halt says what happened, and with what evidence. What runs and what is down is read when a person asks, so the
// journal need not hold it.
import type { Evidence, Violation } from './evidence.ts';
import { type Attempt, attemptsOf, type History, historiesOf, isOpen, itemOf, type Standing, walk } from './history.ts';
import type { JudgedEvent, RunHalted } from './journal-facts.ts';

type Say = (message: string) => void;

/** What each reason must bring, and whether the run waits for a person or has failed. */
const reasons: Record<
  string,
  { status: 'halted' | 'awaiting-operator'; brings: 'checks' | 'failure' | 'unknown' | 'words' }
> = {
  'gate-failed': { status: 'halted', brings: 'checks' },
  'postcondition-failed': { status: 'halted', brings: 'checks' },
  'step-failed': { status: 'halted', brings: 'failure' },
  'undo-failed': { status: 'halted', brings: 'words' },
  'evidence-contradicts': { status: 'halted', brings: 'words' },
  rejected: { status: 'halted', brings: 'words' },
  'step-unknown': { status: 'awaiting-operator', brings: 'unknown' },
  approval: { status: 'awaiting-operator', brings: 'words' },
  paused: { status: 'awaiting-operator', brings: 'words' },
  'restored-state': { status: 'awaiting-operator', brings: 'words' },
};

export function judgeHalts(evidence: Evidence): Violation[] {
  return historiesOf(evidence).flatMap((history) => {
    const violations: Violation[] = [];
    walk(history, (event, standing, at) => {
      const say: Say = (message) =>
        void violations.push({ invariant: 'I5', run: history.run, message: `event ${event.sequence}: ${message}` });
      if (event.fact.type === 'RunHalted') judgeHalt(history, event.fact, standing, at, say);
      if (event.fact.type === 'RunHalted' && waitsForNobody(history) && event.fact.halt.reason !== 'paused')
        say('halted, and nobody attends it');
      if (event.fact.type === 'RunEnded') judgeEnd(history, event.fact, standing, say);
    });
    return violations;
  });
}

function judgeHalt(history: History, { halt, status }: RunHalted, standing: Standing, at: number, say: Say): void {
  const reason = reasons[halt.reason];
  if (reason === undefined) {
    say(`halted for ${halt.reason}, which is no reason`);
    return;
  }
  if (status !== reason.status) say(`halted for ${halt.reason}, which is ${reason.status}, and it says ${status}`);
  if (halt.message.trim() === '') say(`halted for ${halt.reason} without a message`);
  if (history.plan !== undefined && itemOf(history, halt.item) === undefined)
    say(`halted at ${halt.item || 'nothing'}, which the plan does not have`);
  const attempts = [...attemptsOf(standing, halt.item, 'do'), ...attemptsOf(standing, halt.item, 'undo')];
  if (reason.brings === 'checks' && !halt.checks.some(({ verdict }) => verdict === 'fail' || verdict === 'unknown'))
    say(`halted for ${halt.reason} without a finding that fails or is unknown`);
  if (reason.brings === 'failure') judgeFailure(history.events.slice(0, at), halt, attempts, say);
  if (reason.brings === 'unknown' && attempts.every(isKnown)) say(`${halt.item} is called unknown, and it is known`);
}

const isKnown = (attempt: Attempt): boolean =>
  !isOpen(attempt) && attempt.outcome !== undefined && attempt.outcome !== 'unknown';

/** What the agent said of the failure is what people read. */
function judgeFailure(before: JudgedEvent[], halt: RunHalted['halt'], attempts: Attempt[], say: Say): void {
  const told = before.findLast(({ fact }) => fact.type === 'OutcomeRecorded' && fact.item === halt.item)?.fact;
  if (attempts.length === 0 || told?.type !== 'OutcomeRecorded') return;
  const { failure } = told.outcome;
  // A text that is too long for the journal is cut at its front.
  if (failure !== undefined && !halt.message.includes(failure.message.slice(-200)))
    say(`${halt.item} failed with “${failure.message.slice(0, 80)}”, and the halt does not say so`);
}

/** A schedule has started it and it changes nothing of the cluster: it ends where others would ask a person. */
function waitsForNobody({ events, plan }: History): boolean {
  const [first] = events;
  const isHarmless = plan?.items.every(({ kind, isHarmless }) => kind === 'gate' || isHarmless === true) === true;
  return first?.fact.type === 'RunStarted' && first.fact.isUnattended === true && isHarmless;
}

function judgeEnd(
  history: History,
  { status, message }: { status: string; message: string },
  standing: Standing,
  say: Say,
): void {
  const { plan } = history;
  if (message.trim() === '') say(`the run ended as ${status} without a message`);
  // What an agent could not tell, a reading may have: then the item is done.
  const isSeen = ({ start, outcome }: Attempt): boolean =>
    outcome === 'unknown' && (start.phase === 'do' ? standing.done : standing.undone).has(start.item);
  const open = standing.attempts.filter((attempt) => isOpen(attempt) && !isSeen(attempt));
  const isAlone = status === 'failed' && waitsForNobody(history);
  for (const { key, start } of open)
    if (!isAlone) say(`the run ended as ${status}, and nobody knows what became of ${key}`);
    else if (!message.includes(start.node))
      say(`the run ended as ${status} without a word on ${start.node}, where ${key} may still run`);
  const harmless = new Set(plan?.items.filter(({ isHarmless }) => isHarmless === true).map(({ id }) => id));
  const changing = standing.attempts.find(({ start }) => !harmless.has(start.item));
  if (status === 'failed' && changing !== undefined)
    say(`the run ended as failed, as if nothing had been changed, after ${changing.key}`);
}
