// I7: while failover is suspended nothing starts without a look at the suspension; it is armed only when the portal answers
// and replication streams; every ending says whether it is armed, and says so truly.
import { whyNotMet } from './conditions.ts';
import type { Evidence, Violation } from './evidence.ts';
import {
  attemptsOf,
  type History,
  historiesOf,
  keyOf,
  type PlanItem,
  type Standing,
  walk,
  wellEnded,
} from './history.ts';
import type { StepStarted } from './journal-facts.ts';

type Say = (message: string) => void;

/** Without these an armed observer fails over at once, or loses rows by it. */
const safeToArm = ['portal-answers', 'replication-streaming'];

export function judgeSuspension(evidence: Evidence): Violation[] {
  const violations: Violation[] = [];
  const histories = historiesOf(evidence);
  for (const history of histories)
    walk(history, ({ fact, sequence }, standing) => {
      const say: Say = (message) =>
        void violations.push({ invariant: 'I7', run: history.run, message: `event ${sequence}: ${message}` });
      if (fact.type === 'StepStarted') {
        if (fact.action.kind === 'armFailover') judgeArming(fact, standing, say);
        judgeGuard(evidence, history, fact, standing, say);
      }
      if (fact.type === 'RunEnded') {
        if (!['armed', 'suspended', 'unknown'].includes(fact.failoverArmed))
          say('the run ended without a word on failover');
        const arms = history.plan?.items.some((item) => item.action?.kind === 'armFailover');
        if (wellEnded.includes(fact.status) && arms && fact.failoverArmed !== 'armed')
          say(`the run succeeded, and failover is ${fact.failoverArmed}`);
        const isLast = history === histories.at(-1);
        const isToldWrong = fact.failoverArmed === 'armed' && evidence.now.failover === 'suspended';
        if (isLast && isToldWrong && !wasObserverPutBack(evidence, history, sequence))
          say('the run ended saying that failover is armed, and it is suspended');
      }
    });
  return violations;
}

/** The observer's machine was put back once the run had ended: what is there now is no longer what the run left. */
function wasObserverPutBack({ putBack = [] }: Evidence, { run, plan }: History, endedAt: number): boolean {
  const isObserver = (node: string): boolean =>
    plan?.items.some(({ node: of, action }) => of === node && /^(suspend|arm)Failover$/.test(action?.kind ?? '')) ===
    true;
  return putBack.some(({ node, journaled }) => isObserver(node) && (journaled[run] ?? 0) >= endedAt);
}

/** Read after the last thing that may have changed the cluster: portal and replication, both good. */
function judgeArming({ item, phase }: StepStarted, { reads, era, effect }: Standing, say: Say): void {
  const newest = reads.get(`${item}/${phase === 'do' ? 'before' : 'undo-before'}`);
  if (newest === undefined || newest.at <= Math.max(era, effect)) {
    say('failover was armed without a look at portal and replication');
    return;
  }
  for (const check of safeToArm) {
    const found = newest.read.results.filter(({ id }) => id === check);
    if (found.length === 0 || found.some(({ verdict }) => verdict !== 'pass' && verdict !== 'warn'))
      say(`failover was armed, and ${check} was ${found.map(({ verdict }) => verdict).join(', ') || 'not read'}`);
  }
}

/** The step that suspended failover, where that is still in force. */
function suspensionInForce({ plan }: History, { done, undone }: Standing): PlanItem | undefined {
  const items = plan?.items ?? [];
  if (items.some(({ id, action }) => action?.kind === 'armFailover' && done.has(id))) return undefined;
  return items.find(({ id, action }) => action?.kind === 'suspendFailover' && done.has(id) && !undone.has(id));
}

function judgeGuard(evidence: Evidence, history: History, fact: StepStarted, standing: Standing, say: Say): void {
  const suspension = suspensionInForce(history, standing);
  const isEndingIt = fact.action.kind === 'armFailover' || (fact.phase === 'undo' && fact.item === suspension?.id);
  if (suspension === undefined || isEndingIt) return;
  // An arming that failed may have unmasked the observer, and the way back must not stop at that.
  if (fact.phase === 'undo' && hasTriedArming(history, standing)) return;
  const since = Math.max(standing.era, standing.effect);
  const why = whyNotMet({ item: suspension, of: 'then', since }, standing);
  if (why !== undefined) say(`${fact.item} was started while failover is suspended, and ${why}`);
  const guardedAt = standing.reads.get(`${suspension.id}/then`)?.at ?? -1;
  const started = evidence.records.find(
    ({ what, key, observerActive }) => what === 'start' && key === keyOf(history.run, fact) && observerActive === true,
  );
  // It may have been started by hand between that look and the start; then the next look finds it.
  const isTooLate = started?.observerActiveSince !== undefined && started.observerActiveSince >= guardedAt;
  if (started !== undefined && !isTooLate) say(`${fact.item} was started while the observer was active`);
}

function hasTriedArming({ plan }: History, standing: Standing): boolean {
  return (plan?.items ?? []).some(
    ({ id, action }) =>
      action?.kind === 'armFailover' && attemptsOf(standing, id, 'do').some(({ outcome }) => outcome !== 'refused'),
  );
}
