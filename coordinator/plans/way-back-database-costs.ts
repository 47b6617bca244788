// What going back from a database upgrade leaves behind, in sentences: shown with its plan, no part of what the plan’s hash
// is of. Pure.
import { databaseNodes } from '../checks/server-facts.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { RollbackFacts } from './way-back.ts';
import { type ServersWay, wayBackOfDatabase } from './way-back-database.ts';

export function costsOfDatabase(cluster: Cluster, facts: RollbackFacts): string[] {
  const way = wayBackOfDatabase(cluster, facts);
  if (!way.isTouched) return [];
  return [...rowsLeft(cluster, facts, way), ...standbyMeanwhile(cluster, way)];
}

function rowsLeft(cluster: Cluster, facts: RollbackFacts, way: ServersWay): string[] {
  const { of, parts, rowsNow, rowsThen } = facts;
  const { to, name } = way;
  const [master] = databaseNodes(cluster);
  if (!way.mayHoldNewRows && way.master !== 'restore') return [];
  const backup = parts.find(({ part, complete }) => part === 'database' && complete);
  const then = way.master === 'restore' ? backup?.rows : (rowsThen ?? backup?.rows);
  const since =
    way.master === 'restore' && backup !== undefined
      ? `${iso(backup.madeAtMs)} UTC (backup ${of})`
      : `the upgrade by run ${of}`;
  const kept = `${to}/${name} on ${master} still has them, stopped, until baton run finalize`;
  return cluster.database.parity.map((table) => {
    const [before, now] = [then, rowsNow].map((rows) => rows?.find((one) => one.table === table)?.rows);
    if (before === undefined || now === undefined)
      return `${table}: what was written since ${since} could not be counted; ${kept}`;
    const more = now - before;
    if (more === 0)
      return `${table}: as many rows as before ${since} (${before}); what was changed in them since is not counted; ${kept}`;
    const change = more > 0 ? `at least ${more} rows written` : `at least ${-more} rows removed`;
    return `${table}: ${change} since ${since}; ${kept}`;
  });
}

/** Failover has nothing to fail over to while the standby is made anew. */
function standbyMeanwhile(cluster: Cluster, { standby, master, from }: ServersWay): string[] {
  const [masterNode, node] = databaseNodes(cluster);
  if (standby !== 'rebuild') return [];
  return [
    `${node} is made anew from ${masterNode}: until that is done there is one copy of the data of PostgreSQL ${from}, and failover stays suspended`,
    ...(master === 'copy' ? [`until then ${masterNode} is a copy of ${node}’s server, on a timeline of its own`] : []),
  ];
}

const iso = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ');
