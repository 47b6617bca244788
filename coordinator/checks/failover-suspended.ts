// The observer is stopped and masked by Baton, so that neither a reboot nor a habit starts it while nodes are worked on.
import { z } from 'zod';
import { nodeOf } from '../cluster/cluster.ts';
import { defineCheck, judgeEach, passIf } from './define.ts';
import { coversAll, describeFailover } from './failover-armed.ts';

export const failoverSuspended = defineCheck({
  id: 'failover-suspended',
  title: 'Failover is suspended',
  section: 'Pre-Upgrade Requirements › Stop the Observer Service',
  severity: 'blocking',
  remedy:
    'Somebody unmasked or started the observer meanwhile: find out who, look at both databases, stop and mask it again, then retry.',
  params: z.strictObject({}),
  words: (_params, cluster) =>
    `${nodeOf(cluster, 'observer').name}: ${cluster.observer.units.join(', ')} stopped and masked`,
  *evaluate(_params, { cluster }) {
    const { units } = cluster.observer;
    const action = { kind: 'readFailover', units } as const;
    return yield* judgeEach([nodeOf(cluster, 'observer').name], action, 'observer stopped and masked', (state) => {
      const isStill = state.units.every(
        ({ activeState, unitFileState, loadState }) =>
          (activeState === 'inactive' || activeState === 'failed') &&
          (unitFileState.startsWith('masked') || loadState === 'masked'),
      );
      const isSuspended = state.suspended && !state.armed && isStill && coversAll(state, units);
      return { reading: describeFailover(state), verdict: passIf(isSuspended) };
    });
  },
});
