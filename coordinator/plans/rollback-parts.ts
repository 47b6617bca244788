// The plan of a rollback, by what the run that it goes back from has changed; or why there is none. Pure.
import { fail, ok, type Result } from '../../shared/failures.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Parts } from './compile.ts';
import type { ParametersOf } from './parameters.ts';
import { rollBack } from './roll-back.ts';
import type { RollbackFacts } from './way-back.ts';
import { costsOf } from './way-back-costs.ts';
import { hindrances, wrongRelease } from './way-back-refused.ts';

/** `bad-input` for an installer that cannot be the one, `not-in-state` where there is no way back as things are. */
export function rollbackParts(
  cluster: Cluster,
  parameters: ParametersOf<'rollback'>,
  read: RollbackFacts,
): Result<Parts> {
  const { release, database } = parameters;
  const facts: RollbackFacts = { ...read, ...(release && { release }), ...(database && { database }) };
  const wrong = wrongRelease(cluster, facts);
  if (wrong !== undefined) return fail('bad-input', `${wrong}; nothing was touched`);
  const why = hindrances(cluster, facts);
  if (why.length > 0) {
    const isAway = Object.values(facts.databases).some((one) => 'unread' in one && one.isAway === true);
    return fail(
      isAway ? 'unreachable' : 'not-in-state',
      `run ${facts.of} cannot be rolled back now, nothing was touched: ${why.join('; ')}`,
      { retryable: isAway },
    );
  }
  return ok({ parameters, items: rollBack(cluster, facts), costs: costsOf(cluster, facts) });
}
