// A journaled fact as a sentence for people, and the status of the item that it leads to. Pure.
import type { RunFact } from '../journal/event.ts';
import type { Plan, PlanItem } from '../plans/plan.ts';
import { outcomeTransition, readTransition } from './apply.ts';
import { complaints } from './ending.ts';
import { itemState, type RunState } from './state.ts';
import { type TransitionName, transitions } from './transitions.ts';

export interface Explained {
  item: string;
  phase: string;
  node: string;
  sentence: string;
}

/** What a fact says; `before` is the state that it was appended to. */
export function explain(plan: Plan, before: RunState, fact: RunFact): Explained {
  const id = fact.type === 'RunHalted' ? fact.halt.item : 'item' in fact ? fact.item : '';
  const item = plan.items.find((one) => one.id === id);
  const about = { item: id, phase: item?.phase ?? '', node: item?.kind === 'step' ? item.node : '' };
  return { ...about, sentence: sentenceOf(before, fact, item).replaceAll('{{run}}', before.run) };
}

function sentenceOf(before: RunState, fact: RunFact, item: PlanItem | undefined): string {
  const title = item?.title ?? '';
  const say = (name: TransitionName, node = '', attempt = 0, more = '') => {
    const sentence = transitions[name].sentence.replace('{node}', node).replace('{attempt}', String(attempt));
    return `${title}: ${sentence}${more === '' ? '' : `: ${more}`}`;
  };
  const nodeOf = (phase: string, attempt: number): string =>
    itemState(before, item?.id ?? '').attempts.find((one) => one.phase === phase && one.attempt === attempt)?.node ??
    '';
  switch (fact.type) {
    case 'RunStarted':
      return `${fact.plan} of cluster ${fact.cluster} started by ${fact.operator}${fact.after === undefined ? '' : `; it has taken the cluster over from ${fact.after}`}`;
    case 'LeaderChanged':
      return `coordinator ${fact.coordinator} has taken over; everything unsettled is asked again`;
    case 'ChecksRead':
      return say(
        readTransition(itemState(before, fact.item), fact),
        '',
        0,
        fact.passed ? '' : complaints(fact.results),
      );
    case 'StepStarted':
      return say(fact.phase === 'do' ? 'step-started' : 'undo-started', fact.node, fact.attempt);
    case 'OutcomeRecorded':
      return say(
        outcomeTransition(fact),
        nodeOf(fact.phase, fact.attempt),
        fact.attempt,
        fact.outcome.failure?.message,
      );
    case 'AttemptSettled':
      return say('step-settled', nodeOf(fact.phase, fact.attempt), fact.attempt);
    case 'ItemSucceeded':
      return say(fact.adopted ? 'item-adopted' : 'item-succeeded');
    case 'ItemUndone':
      return say(fact.how === 'undone' ? 'undone' : 'nothing-to-undo', '', 0, fact.note);
    case 'RunHalted':
      return `${fact.status === 'halted' ? 'halted' : 'waits for an operator'}: ${fact.halt.message}`;
    case 'OperatorDecided':
      return `${fact.operator} said ${fact.decision}${fact.reason === '' ? '' : `: ${fact.reason}`}`;
    case 'PortalMetered':
      return `the portal did not answer for ${(fact.downMs / 1000).toFixed(1)} s in all, ${(fact.longestMs / 1000).toFixed(1)} s at most`;
    case 'RunEnded':
      return `${fact.status}: ${fact.message}; failover is ${fact.failoverArmed === 'unknown' ? 'in an unknown state' : fact.failoverArmed}`;
  }
}
