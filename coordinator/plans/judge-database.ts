// Whether PostgreSQL can be brought to a version, by the servers that the nodes have: what can be said before a plan is made.
// Nothing has been touched yet.
import { fail, ok, type Result } from '../../shared/failures.ts';
import { databaseNodes, inService, nameOf, type Server, type ServerList } from '../checks/server-facts.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { ParametersOf } from './parameters.ts';
import type { DatabaseUpgrade } from './upgrade-database-master.ts';

type Told = ParametersOf<'db-upgrade'>;

/** What is to be upgraded, put together from what was told and what serves now. */
export function judgeDatabase(
  cluster: Cluster,
  told: Told,
  servers: Readonly<Record<string, ServerList>>,
): Result<Omit<DatabaseUpgrade, 'dataMs'>> {
  const { to, mode, standby } = told;
  const { port, unit } = cluster.database;
  const found: { node: string; server: Server; list: ServerList }[] = [];
  for (const node of databaseNodes(cluster)) {
    const list = servers[node];
    if (list === undefined)
      return fail('unreachable', `${node}: its PostgreSQL servers have not been read; is its agent connected?`, {
        retryable: true,
      });
    const server = inService(list, port);
    if (server === undefined)
      return fail(
        'bad-input',
        `${node}: no PostgreSQL server runs at port ${port}; start it, or correct database.port in the cluster file`,
      );
    found.push({ node, server, list });
  }
  const [master, other] = found;
  if (master === undefined || other === undefined) throw new Error('a cluster has two database nodes');
  const { major: from, name } = master.server;
  if (other.server.major !== from || other.server.name !== name)
    return fail(
      'bad-input',
      `${master.node} and ${other.node} differ: ${nameOf(master.server)} serves on ${master.node}, ${nameOf(other.server)} on ${other.node}; bring the standby to the master's version first (baton recover ${cluster.cluster} makes it anew)`,
    );
  if (to === from)
    return fail(
      'bad-input',
      `${master.node} and ${other.node} already run PostgreSQL ${to}; there is nothing to upgrade`,
    );
  if (to < from)
    return fail(
      'bad-input',
      `PostgreSQL ${from} runs, which is newer than the target ${to}; a server is never brought to an older version`,
    );
  if (!cluster.supported.postgresql.includes(to))
    return fail(
      'bad-input',
      `PostgreSQL ${to} is not supported: supported.postgresql in the cluster file names ${cluster.supported.postgresql.join(', ')}`,
    );
  const without = found.filter(({ list }) => !list.installedMajors.includes(to));
  if (without.length > 0)
    return fail(
      'bad-input',
      `PostgreSQL ${to} is not installed on ${without.map(({ node }) => node).join(' and ')}: install its server's packages there, and those of the extensions that are used`,
    );
  const apart = mode === 'link' ? found.filter(({ list }) => !list.linkableMajors.includes(to)) : [];
  if (apart.length > 0)
    return fail(
      'bad-input',
      `${apart.map(({ node, server }) => `${node}: ${server.dataDirectory}`).join(' and ')} would lie on another file system than the data of PostgreSQL ${to}, and files cannot be linked from one to the other: use --mode copy`,
    );
  if (!unit.includes('{major}') && unit.includes(String(from)))
    return fail(
      'bad-input',
      `database.unit in the cluster file, ${unit}, is that of PostgreSQL ${from} alone: write ${unit.replaceAll(String(from), '{major}')}, which holds before and after`,
    );
  if ((told.from ?? from) !== from || (told.name ?? name) !== name)
    return fail('bad-input', `${from}/${name} serves, not ${told.from ?? from}/${told.name ?? name}`);
  return ok({ from, to, name, mode, standby });
}
