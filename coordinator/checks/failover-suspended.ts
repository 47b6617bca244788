// The observer is stopped and masked by Baton, so that neither a reboot nor a habit starts it while nodes are worked on.
import { z } from 'zod';
import { nodeOf } from '../cluster/cluster.ts';
import type { CheckRef } from './check.ts';
import { defineCheck, judgeEach, passIf } from './define.ts';
import { coversAll, describeFailover } from './failover-armed.ts';

export const failoverSuspended = defineCheck({
  id: 'failover-suspended',
  title: 'Failover is suspended',
  section: 'Pre-Upgrade Requirements › Stop the Observer Service',
  severity: 'blocking',
  remedy:
    'Somebody unmasked or started the observer meanwhile: find out who, look at both databases, stop and mask it again, then retry.',
  params: z.strictObject({
    /** Later, nothing but the units counts: the record is lost with the ledger of a node that was put back. */
    isRecordOptional: z.boolean().optional(),
  }),
  words: (_params, cluster) =>
    `${nodeOf(cluster, 'observer').name}: ${cluster.observer.units.join(', ')} stopped and masked`,
  *evaluate({ isRecordOptional = false }, { cluster }) {
    const { units } = cluster.observer;
    const action = { kind: 'readFailover', units } as const;
    return yield* judgeEach([nodeOf(cluster, 'observer').name], action, 'observer stopped and masked', (state) => {
      const isStill = state.units.every(
        ({ activeState, unitFileState, loadState }) =>
          (activeState === 'inactive' || activeState === 'failed') &&
          (unitFileState.startsWith('masked') || loadState === 'masked'),
      );
      const isSuspended = !state.armed && isStill && coversAll(state, units);
      const isEnough = state.suspended || isRecordOptional;
      const lost = isSuspended && !state.suspended ? '; its agent has no record of the suspension' : '';
      return { reading: `${describeFailover(state)}${lost}`, verdict: passIf(isSuspended && isEnough) };
    });
  },
});

/** What still has to hold of a suspension once it was seen complete. */
export const asGuard = (checks: readonly CheckRef[]): CheckRef[] =>
  checks.map((ref) =>
    ref.check === failoverSuspended.id ? { ...ref, params: { ...ref.params, isRecordOptional: true } } : ref,
  );
