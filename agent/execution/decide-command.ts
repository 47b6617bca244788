// What becomes of a command: the whole order of refusals in one place. Pure. A key that the ledger knows is answered from
// it before hold, policy and other work are looked at: a refusal says that nothing was started, and that must be true.
import type { Action } from '../../shared/actions/action.ts';
import { type Failure, failure, type Result } from '../../shared/failures.ts';
import { formatKey, type Key } from '../../shared/key.ts';
import { hasForgotten, type LedgerMark } from '../../shared/ledger-mark.ts';
import type { Outcome } from '../../shared/outcome.ts';
import type { Attempt, Head } from '../ledger/ledger.ts';

export interface CommandFacts {
  key: Key;
  action: Result<Action>;
  isMutating: boolean;
  payloadHash: string;
  timeoutMs: number;
  epoch: number;
  highestEpoch: number;
  isRunClosed: boolean;
  known: Attempt | undefined;
  ledger: LedgerMark;
  /** Of this node when the intent was journaled, as the coordinator knew it; undefined where it did not. */
  expectedLedger: LedgerMark | undefined;
  head: Head | undefined;
  newestHead: Head | undefined;
  isHeld: boolean;
  policyRefusal: Failure | undefined;
  /** The key that runs now. */
  runningKey: string | undefined;
}

export type CommandDecision =
  | { act: 'start'; action: Action }
  | { act: 'refuse'; failure: Failure }
  /** It has ended before: the recorded outcome again. */
  | { act: 'repeat'; outcome: Outcome }
  /** It runs: its outcome will come. */
  | { act: 'wait' };

const timeoutMsMax = 7 * 86_400_000;

export function decideCommand(facts: CommandFacts): CommandDecision {
  const { action, known, head, newestHead } = facts;
  const key = formatKey(facts.key);
  if (!action.ok) return refuse(action.failure);
  if (!facts.isMutating) return refuse(failure('bad-input', `${action.value.kind} only reads; it is not a step`));
  if (!(facts.timeoutMs > 0 && facts.timeoutMs <= timeoutMsMax))
    return refuse(failure('bad-input', `the timeout ${facts.timeoutMs} ms is not between 1 ms and 7 days`));
  if (facts.epoch < facts.highestEpoch)
    return refuse(
      failure('refused-old-epoch', `epoch ${facts.epoch} is over; this node has seen ${facts.highestEpoch}`),
    );
  if (facts.isRunClosed) return refuse(failure('restored-state', `${facts.key.run} is closed on this node`));
  if (known !== undefined) return decideKnown(known, key, facts.payloadHash);
  // Only the ledger that the intent was made for can say that the key was never begun.
  if (facts.expectedLedger !== undefined && hasForgotten(facts.ledger, facts.expectedLedger))
    return refuse(
      failure(
        'restored-state',
        `${key} was meant for another ledger than this node has now (${facts.ledger.generation}/${facts.ledger.counter}, ` +
          `expected ${facts.expectedLedger.generation}/${facts.expectedLedger.counter}): it may have run already, and is not started`,
      ),
    );
  if (head !== undefined && newestHead !== undefined && goesBack(head, newestHead))
    return refuse(
      failure(
        'restored-state',
        `the journal of ${facts.key.run} is at ${head.sequence} (${head.hash.slice(0, 12)}), but this node has seen ` +
          `${newestHead.sequence} (${newestHead.hash.slice(0, 12)}): an older state was restored`,
      ),
    );
  if (facts.isHeld)
    return refuse(failure('refused-on-hold', 'somebody said `baton-agent hold`; `baton-agent hold --release` ends it'));
  if (facts.policyRefusal !== undefined) return refuse(facts.policyRefusal);
  if (facts.runningKey !== undefined)
    return refuse(failure('refused-busy', `${facts.runningKey} still runs on this node`, { retryable: true }));
  return { act: 'start', action: action.value };
}

function decideKnown(known: Attempt, key: string, payloadHash: string): CommandDecision {
  // Of one that had begun a refusal would be taken for: nothing was started, so nothing is to be undone.
  if (known.payloadHash === undefined)
    return refuse(failure('refused-key', `${key} was settled: it is never started from now on`));
  if (known.payloadHash !== payloadHash)
    return refuse(failure('refused-key', `${key} was used with another action before`));
  return known.outcome === undefined ? { act: 'wait' } : { act: 'repeat', outcome: known.outcome };
}

/** A journal only grows: an older head, or another one at the same place, is of a restored or another journal. */
function goesBack(head: Head, newest: Head): boolean {
  return head.sequence < newest.sequence || (head.sequence === newest.sequence && head.hash !== newest.hash);
}

function refuse(why: Failure): CommandDecision {
  return { act: 'refuse', failure: why };
}
