// What a node that was put back to an older copy means for a run: what the run has carried out there may be forgotten, so
// it halts until people have looked; and while an agent cannot be asked, nothing is decided over its head. Pure.
import type { Plan, Step } from '../plans/plan.ts';
import { halt } from './ending.ts';
import type { Instruction, Situation } from './instruction.ts';
import type { NodeSeen } from './seen.ts';
import { type AttemptState, openAttempts, type RunState } from './state.ts';

/** Halts a run whose nodes were put back, joined anew or made anew since the run has worked there and nobody has looked. */
export function putBackNode(situation: Situation): Instruction | undefined {
  const { plan, state, seen } = situation;
  const found = plan.cluster.nodes.flatMap(({ name }) => {
    const why = whyPutBack(state, name, seen.nodes[name]);
    if (why === undefined) return [];
    const done = attemptsOn(state, name);
    const item = done.at(-1)?.item ?? firstItemOn(plan, name);
    if (item === undefined) return [];
    // The node itself is as it was.
    if (seen.nodes[name]?.isCoordinatorBehind) return [{ item, text: why }];
    const text = `${why}. Carried out there in this run, and perhaps taken back: ${doneText(plan, done)}`;
    return [{ item, text }];
  });
  const [first] = found;
  if (first === undefined) return undefined;
  const message = found.map(({ text }) => text).join('; ');
  return halt(situation, { item: first.item, reason: 'restored-state', message });
}

/**
 * Ledgers of nodes that are others than the run has worked with, where who decides has been told that something is wrong.
 * An approval, a pause and going on after one are no word about them.
 */
export function otherLedgers(plan: Plan, state: RunState, nodes: Readonly<Record<string, NodeSeen>>) {
  if (state.halt === undefined || ['approval', 'rejected', 'paused', 'window'].includes(state.halt.reason)) return {};
  const others = plan.cluster.nodes.flatMap(({ name }): [string, string][] => {
    const generation = nodes[name]?.ledger?.generation;
    return generation !== undefined && isOtherLedger(state, name, generation) ? [[name, generation]] : [];
  });
  return others.length === 0 ? {} : { ledgers: Object.fromEntries(others) };
}

export interface Hindrance {
  node: string;
  /** A sentence without its full stop. */
  why: string;
  /** What was put back to an older copy; undefined where an agent is only away. */
  putBack?: 'node' | 'coordinator';
}

/** The agent that has to be asked before anything can be decided, and cannot be; undefined when there is none. */
export function hindranceOf(
  plan: Plan,
  state: RunState,
  nodes: Readonly<Record<string, NodeSeen>>,
): Hindrance | undefined {
  for (const { name } of plan.cluster.nodes) {
    const { refusal, isCoordinatorBehind } = nodes[name] ?? {};
    if (refusal !== undefined)
      return { node: name, why: refusal, putBack: isCoordinatorBehind ? 'coordinator' : 'node' };
  }
  const cutOff = openAttempts(state).find(({ attempt }) => nodes[attempt.node]?.connected === false);
  if (cutOff === undefined) return undefined;
  const { node, attempt } = cutOff.attempt;
  const why = `attempt ${attempt} of ${cutOff.item} may still run on ${node}, whose agent is not connected`;
  return { node, why };
}

function whyPutBack(state: RunState, node: string, known: NodeSeen | undefined): string | undefined {
  if (known?.refusal !== undefined) return known.refusal;
  const generation = known?.ledger?.generation;
  if (generation === undefined || !isOtherLedger(state, node, generation)) return undefined;
  return `${node}: its agent’s ledger is another one than this run has worked with; the node was put back, made anew or joined anew in the middle of the run`;
}

function isOtherLedger(state: RunState, node: string, generation: string): boolean {
  // Asked before every decision, so it goes through the attempts without sorting them.
  let newest: AttemptState | undefined;
  for (const { attempts } of Object.values(state.items))
    for (const attempt of attempts)
      if (attempt.node === node && attempt.ledger !== undefined)
        if (newest === undefined || attempt.startedSequence >= newest.startedSequence) newest = attempt;
  const known = newest?.ledger;
  return known !== undefined && known.generation !== generation && state.looked[node] !== generation;
}

/** In the order in which they were begun. */
function attemptsOn(state: RunState, node: string): { item: string; attempt: AttemptState }[] {
  return Object.entries(state.items)
    .flatMap(([item, { attempts }]) => attempts.map((attempt) => ({ item, attempt })))
    .filter(({ attempt }) => attempt.node === node)
    .sort((a, b) => a.attempt.startedSequence - b.attempt.startedSequence);
}

const firstItemOn = (plan: Plan, node: string): string | undefined =>
  plan.items.find((item): item is Step => item.kind === 'step' && item.node === node)?.id;

function doneText(plan: Plan, done: { item: string; attempt: AttemptState }[]): string {
  const texts = done.map(({ item, attempt }) => {
    const title = plan.items.find(({ id }) => id === item)?.title ?? item;
    const end = attempt.outcome?.verdict ?? (attempt.isSettled ? 'settled' : 'nobody knows how it ended');
    return `${attempt.phase === 'undo' ? 'undo of ' : ''}“${title}” (${end})`;
  });
  return texts.length === 0 ? 'nothing' : texts.join(', ');
}
