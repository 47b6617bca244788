// What a rollback loses from sight, in sentences: shown with its plan, no part of what the plan’s hash is of. Pure.
import type { Cluster } from '../cluster/cluster.ts';
import { databaseWay } from './database-way.ts';
import { appNodes } from './preflight.ts';
import { databaseStays, type RollbackFacts, type WayBack, wayBack } from './way-back.ts';

/** What going back loses from sight, in sentences. */
export function costsOf(cluster: Cluster, facts: RollbackFacts): string[] {
  const { of, parts, rowsNow } = facts;
  const way = wayBack(cluster, facts);
  const installer = reinstalledCosts(cluster, facts, way);
  const files = `files below ${cluster.files.root} stay as they are now`;
  if (way.kept !== undefined) return [keptCosts(cluster, way.kept.noted), ...installer, files];
  if (!way.restored.some(({ part }) => part === 'database')) return installer;
  const backup = parts.find(({ part, complete }) => part === 'database' && complete);
  if (backup === undefined) return installer;
  const since = new Date(backup.madeAtMs).toISOString().slice(0, 16).replace('T', ' ');
  const kept = 'the database that is set aside still has them';
  const perTable = backup.rows.map(({ table, rows }) => {
    const now = rowsNow?.find((one) => one.table === table)?.rows;
    if (now === undefined)
      return `${table}: what was written since ${since} UTC could not be counted (backup ${of}); ${kept}`;
    const more = now - rows;
    if (more === 0)
      return `${table}: as many rows as in the backup ${of} of ${since} UTC (${rows}); what was changed in them since is not counted`;
    // As many may have been removed as were written, which no count tells.
    const change = more > 0 ? `at least ${more} rows written` : `at least ${-more} rows removed`;
    return `${table}: ${change} since ${since} UTC (backup ${of}); ${kept}`;
  });
  return [...perTable, ...mayBeKept(cluster, facts), ...installer, files];
}

const keptCosts = ({ database: { name } }: Cluster, noted: string | null): string =>
  noted === null
    ? `${name} is kept with all that was written since the backup, as --database keep asks: its schema is the backup’s, but rows that the installer may have changed stay changed`
    : `${name} is kept as it is, nothing is lost: its schema is the backup’s, and nothing was written to it since the installer was about to start (--database restore restores it all the same)`;

/** Offered where nothing speaks against it, and done by itself only where that is certain. */
function mayBeKept({ database: { name } }: Cluster, facts: RollbackFacts): string[] {
  const choice = databaseWay(facts);
  if (choice.way !== 'restore' || !choice.hasSchema || facts.database !== undefined) return [];
  return [
    `${name} has the schema of the backup, so the installer may not have changed it at all: --database keep keeps it, with all that was written since`,
  ];
}

/** What installing the previous version again does not bring back. */
function reinstalledCosts(cluster: Cluster, { of }: RollbackFacts, way: WayBack): string[] {
  if (way.reinstalled === undefined) return [];
  const { name } = cluster.database;
  const [master] = appNodes(cluster);
  return [
    `what the installer ${way.reinstalled.name} does not bring with it stays as run ${of} has left it below ${cluster.files.root} and in the application’s folders`,
    ...(databaseStays(way, cluster)
      ? [
          `the database ${name} stays as it is, since run ${of} took no backup of it: its installer did not end well on ${master}, and whether it had begun to change the schema is not known; the version of before is started on it as it is`,
        ]
      : []),
  ];
}
