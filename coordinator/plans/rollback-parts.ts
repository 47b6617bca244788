// The plan of a rollback, by what the run that it goes back from has changed; or why there is none. Pure.
import { fail, ok, type Result } from '../../shared/failures.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { acceptAsFound } from './accept.ts';
import type { Parts } from './compile.ts';
import type { ParametersOf } from './parameters.ts';
import { rollBack } from './roll-back.ts';
import { rollBackDatabase } from './roll-back-database.ts';
import type { RollbackFacts } from './way-back.ts';
import { costsOf } from './way-back-costs.ts';
import { wayBackOfDatabase } from './way-back-database.ts';
import { costsOfDatabase } from './way-back-database-costs.ts';
import { databaseHindrances, isAway } from './way-back-database-refused.ts';
import { hindrances, otherCluster, wrongRelease } from './way-back-refused.ts';

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
  const isOfDatabase = facts.plan.name === 'db-upgrade';
  if (isOfDatabase && database !== undefined)
    return fail(
      'bad-input',
      `run ${facts.of} is one of db-upgrade: by which way its database goes back follows from what the servers are now; leave --database ${database} out; nothing was touched`,
    );
  const other = otherCluster(cluster, facts);
  const found = () => (isOfDatabase ? databaseHindrances(cluster, facts) : hindrances(cluster, facts));
  const why = other.length > 0 ? other : found();
  if (why.length > 0) {
    const isHidden = isOfDatabase ? isAway(cluster, facts) : hasAway(facts);
    return fail(
      isHidden ? 'unreachable' : 'not-in-state',
      `run ${facts.of} cannot be rolled back now, nothing was touched: ${why.join('; ')}`,
      { retryable: isHidden },
    );
  }
  if (!isOfDatabase)
    return ok({
      parameters,
      items: acceptAsFound(rollBack(cluster, facts), facts.state),
      costs: costsOf(cluster, facts),
    });
  const { from, to, name, isTouched } = wayBackOfDatabase(cluster, facts);
  return ok({
    // Its finalize drops what the newer servers hold.
    parameters: { ...parameters, ...(isTouched && { servers: { from, to, name } }) },
    items: acceptAsFound(rollBackDatabase(cluster, facts), facts.state),
    costs: costsOfDatabase(cluster, facts),
  });
}

const hasAway = ({ databases }: RollbackFacts): boolean =>
  Object.values(databases).some((one) => 'unread' in one && one.isAway === true);
