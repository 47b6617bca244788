// The observer runs on its node and nothing masks it: an outage of the master would lead to a failover.
import { z } from 'zod';
import type { AnswerOf } from '../../shared/actions/action.ts';
import { nodeOf } from '../cluster/cluster.ts';
import { defineCheck, judgeEach, passIf } from './define.ts';

export const failoverArmed = defineCheck({
  id: 'failover-armed',
  title: 'Failover is armed',
  section: 'Post-Upgrade Verification › Step 1: Start Observer Service',
  severity: 'blocking',
  remedy:
    'baton failover show says since when and by which run it is suspended. While that run is open, baton run retry RUN carries out the arming again, also where the observer was started by hand: only that ends the suspension. Without a run, baton failover arm does.',
  params: z.strictObject({}),
  words: (_params, cluster) =>
    `${nodeOf(cluster, 'observer').name}: ${cluster.observer.units.join(', ')} active, not masked`,
  *evaluate(_params, { cluster }) {
    const { units } = cluster.observer;
    const action = { kind: 'readFailover', units } as const;
    return yield* judgeEach([nodeOf(cluster, 'observer').name], action, 'observer active, not masked', (state) => {
      const isArmed = state.armed && !state.suspended && coversAll(state, units);
      const absent = state.units.filter(({ loadState }) => loadState === 'not-found').map(({ unit }) => unit);
      const remedy = `${absent.join(', ')} does not exist there: name the units that do in observer.units of the cluster file, then apply it.`;
      return {
        reading: describeFailover(state),
        verdict: passIf(isArmed),
        ...(isArmed || absent.length === 0 ? {} : { remedy }),
      };
    });
  },
});

/** Whether the answer tells of every unit that was asked for. */
export const coversAll = (state: AnswerOf<'readFailover'>, units: string[]): boolean =>
  state.units.length === units.length;

/** The observer's state in words. */
export function describeFailover(state: AnswerOf<'readFailover'>): string {
  const units = state.units.map((unit) => `${unit.unit} ${unit.activeState}, ${unit.unitFileState || unit.loadState}`);
  const by = state.suspended ? `; suspended${state.run ? ` by ${state.run}` : ''}` : '';
  return `${units.join('; ') || 'no unit was named'}${by}`;
}
