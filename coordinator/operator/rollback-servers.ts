// What the rollback of a database upgrade is planned from: the servers of both nodes as they are now, the run's backup of
// the database, and how many rows were written since. Reads only.
import { ok, type Result } from '../../shared/failures.ts';
import { answerOf, isFailure } from '../checks/check.ts';
import { databaseNodes, inService } from '../checks/server-facts.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { directoryIn, type RollbackFacts } from '../plans/way-back.ts';
import { isUnread, type ServersNow, wayBackOfDatabase } from '../plans/way-back-database.ts';
import { lookAtFailover } from '../runs/look-now.ts';
import { countRows, partsOn, readTimeoutMs } from './read-for-rollback.ts';

export async function readServersFacts(
  fleet: Fleet,
  cluster: Cluster,
  run: Pick<RollbackFacts, 'of' | 'plan' | 'state'>,
): Promise<Result<RollbackFacts>> {
  const { of, plan } = run;
  const [master, standby] = databaseNodes(cluster);
  const directory = directoryIn(plan) ?? '';
  const [failover, parts, ofMaster, ofStandby] = await Promise.all([
    lookAtFailover(fleet, cluster),
    partsOn(fleet, master, directory, of),
    serversOn(fleet, master),
    serversOn(fleet, standby),
  ]);
  const servers = { [master]: ofMaster, [standby]: ofStandby };
  // Where the backup is not needed, a node that cannot tell of it is no hindrance.
  const facts: RollbackFacts = {
    ...{ ...run, failover, servers, databases: {} },
    parts: parts.ok ? parts.value.filter(({ part }) => part === 'database') : [],
  };
  const way = wayBackOfDatabase(cluster, facts);
  if (!way.mayHoldNewRows && way.master !== 'restore') return ok(facts);
  const majorOn = (now: ServersNow) => (isUnread(now) ? undefined : inService(now, cluster.database.port)?.major);
  const [rowsNow, rowsThen] = await Promise.all([
    majorOn(ofMaster) === way.to ? countRows(fleet, cluster, master) : undefined,
    majorOn(ofStandby) === way.from ? countRows(fleet, cluster, standby) : undefined,
  ]);
  return ok({ ...facts, ...(rowsNow && { rowsNow }), ...(rowsThen && { rowsThen }) });
}

async function serversOn(fleet: Fleet, node: string): Promise<ServersNow> {
  const list = answerOf(await fleet.read(node, { kind: 'readServers' }, readTimeoutMs), 'readServers');
  if (!isFailure(list)) return list;
  return { unread: list.message, isAway: list.code === 'unreachable' || list.code === 'timeout' };
}
