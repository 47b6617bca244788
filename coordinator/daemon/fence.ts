// What a coordinator does only while it certainly leads: write, command, confirm, renew. Epoch and compare-and-set keep
// journal and agents safe from one that doesn't; this keeps it from trying, as after a pause or cut off from the bus.
// Reading is nobody's harm and stays open.
import type { Clock } from '../../shared/clock.ts';
import { type Failure, failure } from '../../shared/failures.ts';
import { seconds } from '../../shared/units.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { ClusterLog } from '../journal/cluster-log.ts';
import type { Journal } from '../journal/journal.ts';
import type { Leadership } from '../journal/leadership.ts';
import type { SampleLog } from '../meter/sample-log.ts';

type Standing = Pick<Leadership, 'isCurrent' | 'isDeposed'>;

export interface Fence {
  journal(journal: Journal): Journal;
  clusterLog(log: ClusterLog): ClusterLog;
  fleet(fleet: Fleet): Fleet;
  samples(log: SampleLog): SampleLog;
}

const unsure = failure('unreachable', 'this coordinator does not know now whether it leads; it asks the bus', {
  retryable: true,
});
const deposed = failure('refused-old-epoch', 'another coordinator has taken over', { retryable: true });
/** Samples are measurements, no acts: they wait until it is known whether another coordinator takes them. */
const samplesWaitMaxMs = seconds(10);

export function createFence(standing: Standing, clock: Clock): Fence {
  const hindrance = (): Failure | undefined =>
    standing.isCurrent() ? undefined : standing.isDeposed() ? deposed : unsure;
  /** The act, or the failure of one that must not act. */
  const guarded =
    <Given extends unknown[], Answer>(act: (...given: Given) => Promise<Answer>) =>
    async (...given: Given): Promise<Answer | { ok: false; failure: Failure }> => {
      const why = hindrance();
      return why === undefined ? await act(...given) : { ok: false, failure: why };
    };
  const silently =
    <Given extends unknown[]>(act: (...given: Given) => Promise<void>) =>
    async (...given: Given): Promise<void> => {
      if (hindrance() === undefined) await act(...given);
    };

  return {
    journal: (journal) => ({
      ...journal,
      async append(append) {
        const why = hindrance();
        return why === undefined ? await journal.append(append) : { status: 'failed', failure: why };
      },
    }),
    clusterLog: (log) => ({ ...log, open: guarded(log.open), close: guarded(log.close) }),
    fleet: (fleet) => ({
      ...fleet,
      send: guarded(fleet.send),
      ask: guarded(fleet.ask),
      settle: guarded(fleet.settle),
      confirm: silently(fleet.confirm),
      closeRun: silently(fleet.closeRun),
      renewSuspension: silently(fleet.renewSuspension),
    }),
    samples: (log) => ({
      ...log,
      async append(batch) {
        const deadlineMs = clock.monotonicMs() + samplesWaitMaxMs;
        while (hindrance() === unsure && clock.monotonicMs() < deadlineMs) await clock.sleep(200);
        const why = hindrance();
        return why === undefined ? await log.append(batch) : { ok: false, failure: why };
      },
    }),
  };
}
