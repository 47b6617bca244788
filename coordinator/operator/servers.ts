// The PostgreSQL servers of a cluster's database nodes, as compiling plans about them needs them. Reads only.
import { ok, type Result } from '../../shared/failures.ts';
import { answerOf, isFailure } from '../checks/check.ts';
import type { ServerList } from '../checks/server-facts.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Fleet } from '../fleet/fleet.ts';

const readTimeoutMs = 15_000;

/** By node; fails where one of them cannot be asked, since a plan must not be made without knowing. */
export async function readServers(fleet: Fleet, cluster: Cluster): Promise<Result<Record<string, ServerList>>> {
  const nodes = cluster.nodes.filter(({ tiers }) => tiers.includes('db'));
  const lists = await Promise.all(
    nodes.map(async ({ name }) => ({
      name,
      list: answerOf(await fleet.read(name, { kind: 'readServers' }, readTimeoutMs), 'readServers'),
    })),
  );
  const found: Record<string, ServerList> = {};
  for (const { name, list } of lists) {
    if (isFailure(list))
      return { ok: false, failure: { ...list, message: `${name}: its PostgreSQL servers: ${list.message}` } };
    found[name] = list;
  }
  return ok(found);
}
