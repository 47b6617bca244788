// Follows a run over restarts of the coordinator: what breaks is the view, never the run. It prints nothing.
import { type Clock, systemClock } from '../../shared/clock.ts';
import type { RunDocument, WatchDocument } from '../../shared/documents.ts';
import { type Failure, fail, ok, type Result } from '../../shared/failures.ts';
import { minutes, seconds } from '../../shared/units.ts';
import type { OperatorClient } from './client.ts';

export interface FollowListener {
  event(document: WatchDocument): void;
  /** The coordinator is out of reach; told once for each outage. */
  lost(failure: Failure): void;
  found(): void;
}

export interface FollowLimits {
  /** How long the coordinator may stay out of reach. */
  patienceMs: number;
  retryMs: number;
  clock: Clock;
}

export const followLimits: FollowLimits = { patienceMs: minutes(5), retryMs: seconds(1), clock: systemClock };

/**
 * The run as it is when it leaves `running`, after handing each new message to the listener.
 * `unreachable` when nobody has answered for `patienceMs`; the run goes on without us.
 */
export async function followRun(
  client: OperatorClient,
  run: string,
  afterSequence: number,
  listener: FollowListener,
  limits: FollowLimits = followLimits,
): Promise<Result<RunDocument>> {
  const { clock } = limits;
  let last = afterSequence;
  let lostAtMs: number | undefined;
  for (;;) {
    let ended: RunDocument | undefined;
    const answer = await client.stream<WatchDocument>('watchRun', { run, afterSequence: last }, (document) => {
      if (lostAtMs !== undefined) listener.found();
      lostAtMs = undefined;
      if (document.event && document.sequence <= last) return;
      last = Math.max(last, document.sequence);
      ended = document.run ?? ended;
      listener.event(document);
    });
    if (ended !== undefined) return ok(ended);
    if (!answer.ok && !passes(answer.failure)) return answer;
    // A stream that ends without the run's state is a coordinator that was stopped.
    const failure = answer.ok ? { ...stopped, evidence: client.address } : answer.failure;
    if (lostAtMs === undefined) {
      lostAtMs = clock.monotonicMs();
      listener.lost(failure);
    } else if (clock.monotonicMs() - lostAtMs > limits.patienceMs) {
      return fail(
        'unreachable',
        `the coordinator at ${client.address} is still out of reach; the run goes on on its own where it can. When it is back: baton run watch ${run}`,
      );
    }
    await clock.sleep(limits.retryMs);
  }
}

const stopped: Failure = {
  code: 'unreachable',
  message: 'the coordinator ended the stream',
  retryable: true,
  evidence: '',
};

/** Whether a failure may be over by itself. */
export function passes(failure: Failure): boolean {
  return failure.retryable || failure.code === 'unreachable' || failure.code === 'timeout';
}

/** Asks again, with the same request id and so at most once in effect, while the coordinator is out of reach. */
export async function untilAnswered<T>(
  ask: () => Promise<Result<T>>,
  onLost: (failure: Failure) => void,
  limits: FollowLimits = { ...followLimits, patienceMs: minutes(1) },
): Promise<Result<T>> {
  const startedMs = limits.clock.monotonicMs();
  for (let isFirst = true; ; isFirst = false) {
    const answer = await ask();
    if (answer.ok || !passes(answer.failure)) return answer;
    if (limits.clock.monotonicMs() - startedMs > limits.patienceMs) return answer;
    if (isFirst) onLost(answer.failure);
    await limits.clock.sleep(limits.retryMs);
  }
}
