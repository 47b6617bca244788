// An operator's word about a run that nobody works on here: known already, too late, or about one that goes no further.
import { fail, ok, type Result } from '../../shared/failures.ts';
import type { Artefacts } from '../journal/artefacts.ts';
import type { Journal } from '../journal/journal.ts';
import { fold } from '../sequencer/apply.ts';
import { type GiveBackParts, giveBack } from './give-back.ts';
import { loadPlan } from './opening.ts';
import type { OperatorWord } from './runner.ts';

export async function sayToIdle(
  parts: GiveBackParts & { journal: Journal; artefacts: Artefacts },
  run: string,
  word: OperatorWord,
): Promise<Result<void>> {
  const read = await parts.journal.read(run);
  if (!read.ok && read.failure.code === 'damaged' && word.decision === 'abort')
    return await giveBack(parts, run, word, read.failure);
  if (!read.ok) return read;
  if (read.value.length === 0) return fail('not-found', `there is no run ${run}; see: baton run ls`);
  const state = fold(
    run,
    read.value.map(({ event }) => event),
  );
  if (state.requestIds.includes(word.requestId)) return ok(undefined);
  // Without its plan nobody can work on it, and it would hold its cluster for ever.
  const plan =
    state.ended === undefined && word.decision === 'abort' ? await loadPlan(parts.artefacts, state) : undefined;
  if (plan?.ok === false && plan.failure.code === 'damaged') return await giveBack(parts, run, word, plan.failure);
  return state.ended === undefined
    ? fail('unreachable', `nobody works on run ${run} now; see the coordinator’s log`, { retryable: true })
    : fail('not-in-state', `run ${run} has ended: ${state.ended.status}`);
}
