// What this version makes of a journal: the folded state, and in short what a person would look for.
import type { RunEvent } from '../../coordinator/journal/event.ts';
import type { CompiledPlan } from '../../coordinator/plans/plan.ts';
import { fold } from '../../coordinator/sequencer/apply.ts';
import { legalDecisions } from '../../coordinator/sequencer/legal.ts';
import { itemState } from '../../coordinator/sequencer/state.ts';

export function foldedOf(records: string[], { plan }: CompiledPlan) {
  const events = records.map((bytes) => JSON.parse(bytes) as RunEvent);
  const run = events[0]?.run ?? '';
  /** Where the run stood, and what an operator could say there. */
  const halts = events.flatMap(({ fact, sequence }) => {
    if (fact.type !== 'RunHalted') return [];
    const state = fold(run, events.slice(0, sequence));
    const legal = legalDecisions(plan, state).map(({ decision }) => decision);
    return [{ sequence, item: fact.halt.item, reason: fact.halt.reason, legal }];
  });
  const state = fold(run, events);
  const items = Object.fromEntries(plan.items.map(({ id }) => [id, itemState(state, id).status]));
  return { events: events.length, status: state.status, halts, items, state };
}

/** Where `now` lacks or contradicts what was recorded; what is new in it is no contradiction. */
export function differences(recorded: unknown, now: unknown, path = ''): string[] {
  if (recorded === null || typeof recorded !== 'object')
    return Object.is(recorded, now)
      ? []
      : [`${path}: ${JSON.stringify(recorded)} was recorded, now it is ${JSON.stringify(now)}`];
  if (now === null || typeof now !== 'object' || Array.isArray(recorded) !== Array.isArray(now))
    return [`${path}: it was recorded, now it is ${JSON.stringify(now)}`];
  // Words that later versions know besides take nothing from those that could be said.
  if (path.endsWith('/legal') && Array.isArray(recorded) && Array.isArray(now))
    return recorded.filter((word) => !now.includes(word)).map((word) => `${path}: ${word} can no longer be said`);
  if (Array.isArray(recorded) && Array.isArray(now) && recorded.length !== now.length)
    return [`${path}: it had ${recorded.length} entries, now it has ${now.length}`];
  return Object.entries(recorded).flatMap(([name, value]) =>
    differences(value, (now as Record<string, unknown>)[name], `${path}/${name}`),
  );
}
