// The judge of the fault tests: what of I1 to I8 does not hold in a history. It reads evidence only (exported journals,
// ledgers, the nodes’ own record) and shares no code with what it judges: neither the sequencer’s fold nor the
// verification of the chain.
import type { Evidence, Violation } from './evidence.ts';
import { judgeComplete } from './i1-complete.ts';
import { judgeOneStart } from './i2-one-start.ts';
import { judgeUnknown } from './i3-unknown-is-no-pass.ts';
import { judgeOneWriter } from './i4-one-writer.ts';
import { judgeHalts } from './i5-halts-explain.ts';
import { judgeOnePrimary } from './i6-one-primary.ts';
import { judgeSuspension } from './i7-suspension.ts';
import { judgeNoRollback } from './i8-no-rollback.ts';

const judgements: readonly ((evidence: Evidence) => Violation[])[] = [
  judgeComplete,
  judgeOneStart,
  judgeUnknown,
  judgeOneWriter,
  judgeHalts,
  judgeOnePrimary,
  judgeSuspension,
  judgeNoRollback,
];

/** Every invariant that does not hold, with where to look; empty when all do. */
export function judge(evidence: Evidence): Violation[] {
  return judgements.flatMap((judgement) => judgement(evidence));
}
