// An operator's word about a run that nobody works on here: known already, too late, or about one that goes no further.
import { fail, ok, type Result } from '../../shared/failures.ts';
import type { Artefacts } from '../journal/artefacts.ts';
import { type GiveBackParts, giveBack, predecessorOf } from './give-back.ts';
import { loadPlan } from './opening.ts';
import type { OperatorWord, Runner } from './runner.ts';
import { stateIn } from './state-in.ts';

interface IdleParts extends GiveBackParts {
  artefacts: Artefacts;
  /** Takes up what holds a cluster and nobody works on; gives who works on the run then. */
  takeUp(cluster: string): Promise<Runner | undefined>;
}

const noRun = (run: string): Result<never> => fail('not-found', `there is no run ${run}; see: baton run ls`);

/** A run that took a cluster over and can never begin is given up with the one before it, whose journal is refused. */
async function sayToUnbegun(parts: IdleParts, run: string, word: OperatorWord): Promise<Result<void> | undefined> {
  if (word.decision !== 'abort') return undefined;
  const before = await predecessorOf(parts.clusterLog, run);
  if (!before.ok) return before;
  if (before.value === undefined) return undefined;
  const read = await parts.journal.read(before.value);
  if (read.ok || read.failure.code !== 'damaged') return read.ok ? undefined : read;
  return await giveBack(parts, before.value, word, read.failure);
}

/** Says it to whoever works on the run once it is taken up, or why nobody does. */
export async function sayToIdle(parts: IdleParts, run: string, word: OperatorWord): Promise<Result<void>> {
  const read = await parts.journal.read(run);
  if (!read.ok && read.failure.code === 'damaged' && word.decision === 'abort')
    return await giveBack(parts, run, word, read.failure);
  if (!read.ok) return read;
  if (read.value.length === 0) return (await sayToUnbegun(parts, run, word)) ?? noRun(run);
  const state = stateIn(run, read.value);
  if (state.requestIds.includes(word.requestId)) return ok(undefined);
  // Without its plan nobody can work on it, and it would hold its cluster for ever.
  const plan =
    state.ended === undefined && word.decision === 'abort' ? await loadPlan(parts.artefacts, state) : undefined;
  if (plan?.ok === false && plan.failure.code === 'damaged') return await giveBack(parts, run, word, plan.failure);
  if (state.ended !== undefined) return fail('not-in-state', `run ${run} has ended: ${state.ended.status}`);
  const takenUp = await parts.takeUp(state.started?.cluster ?? '');
  if (takenUp !== undefined) return await takenUp.say(word);
  return fail('unreachable', `nobody works on run ${run} now; see the coordinator’s log`, { retryable: true });
}
