// I4: one writer per run, one run per cluster.
import type { Evidence, Violation } from './evidence.ts';
import { type History, historiesOf, runOfKey } from './history.ts';

type Say = (run: string, message: string) => void;

export function judgeOneWriter(evidence: Evidence): Violation[] {
  const violations: Violation[] = [];
  const say: Say = (run, message) => void violations.push({ invariant: 'I4', run, message });
  const histories = historiesOf(evidence);
  for (const history of histories) judgeWriters(evidence.cluster, history, say);
  judgeLock(evidence, histories, say);
  judgeOverlap(evidence, say);
  return violations;
}

/** Whoever writes after another says so first, nobody comes back, and an ended run is over. */
function judgeWriters(cluster: string, { run, events }: History, say: Say): void {
  let hasEnded = false;
  for (const [at, { sequence, epoch, fact }] of events.entries()) {
    const before = events[at - 1]?.epoch ?? epoch;
    if (epoch < before) say(run, `event ${sequence} is of epoch ${epoch}, the one before it of ${before}`);
    // A run that was opened and never begun is closed by whoever finds it.
    const isClosing = fact.type === 'RunEnded' && at === 1;
    if (epoch > before && fact.type !== 'LeaderChanged' && !isClosing)
      say(run, `event ${sequence} (${fact.type}) is of epoch ${epoch}, which has not taken over before`);
    if (fact.type === 'RunStarted' && fact.cluster !== cluster) say(run, `it is a run of cluster ${fact.cluster}`);
    if (hasEnded && fact.type !== 'LeaderChanged') say(run, `event ${sequence} (${fact.type}) comes after its end`);
    hasEnded ||= fact.type === 'RunEnded';
  }
}

function judgeLock({ lock, givenBack = [] }: Evidence, histories: History[], say: Say): void {
  if (lock === undefined) return;
  let holder: string | undefined;
  const passedOn = new Set<string>();
  for (const record of lock) {
    const { type, run } = record;
    const from = type === 'RunOpened' ? record.after : undefined;
    if (type === 'RunOpened' && holder !== from) say(run, `took the cluster while ${holder ?? 'nobody'} held it`);
    if (type === 'RunClosed' && holder !== run) say(run, `gave the cluster back, which ${holder ?? 'nobody'} held`);
    if (from !== undefined) judgePassing(histories, from, run, say);
    if (from !== undefined) passedOn.add(from);
    holder = type === 'RunOpened' ? run : undefined;
  }
  for (const { run, events } of histories) {
    const opened = lock.some((record) => record.type === 'RunOpened' && record.run === run);
    const closed = passedOn.has(run) || lock.some((record) => record.type === 'RunClosed' && record.run === run);
    if (events.length > 0 && !opened) say(run, 'has a journal and never took the cluster');
    if (closed && !givenBack.includes(run) && !events.some(({ fact }) => fact.type === 'RunEnded'))
      say(run, 'gave the cluster back before its end');
  }
}

/** A cluster passes on only to the run that the one before it has named, in its word and at its end. */
function judgePassing(histories: History[], from: string, to: string, say: Say): void {
  const before = histories.find(({ run }) => run === from);
  const named = before?.events.some(({ fact }) => fact.type === 'RunEnded' && fact.successor === to);
  const asked = before?.events.some(({ fact }) => fact.type === 'OperatorDecided' && fact.successor?.run === to);
  if (!named || !asked) say(to, `took the cluster over from ${from}, which did not name it`);
  const begun = histories.find(({ run }) => run === to)?.events[0]?.fact;
  if (begun?.type === 'RunStarted' && begun.after !== from) say(to, `does not say that it goes on from ${from}`);
}

/** Nothing of a run starts again once another run has begun to start things. */
function judgeOverlap({ records }: Evidence, say: Say): void {
  const over = new Set<string>();
  let current: string | undefined;
  for (const { what, key } of records) {
    const run = runOfKey(key);
    if (what !== 'start' || run === current) continue;
    if (over.has(run)) say(run, `${key} was started after run ${current} had begun to work on the cluster`);
    if (current !== undefined) over.add(current);
    current = run;
  }
}
