// What a recovery costs and where things stand, in sentences for whoever is asked: read when the plan was made, so no part of
// what its hash is of. Pure.
import { formatSize } from '../../shared/units.ts';
import { databaseNodes } from '../checks/server-facts.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { describeSide, utc } from '../databases/side.ts';
import { appNodes } from './preflight.ts';
import type { RecoverFacts, RecoverOptions, Recovery } from './recovery.ts';

export function costsOfRecovery(
  cluster: Cluster,
  facts: RecoverFacts,
  options: RecoverOptions,
  way: Recovery,
): string[] {
  return [
    ...databaseNodes(cluster).map(
      (node) =>
        `${node} now: ${describeSide(node === way.master ? way.sides.master : way.sides.standby)}${rowsOf(facts, node)}`,
    ),
    options.databaseFrom === undefined
      ? `kept is what ${way.source} has`
      : `kept is the backup ${options.databaseFrom}${takenAt(facts, options.databaseFrom)}: what was written since is only in what is set aside`,
    ...way.asides.map(({ node, why }) => `what ${node} has is set aside, not removed: ${why}`),
    ...(options.applicationFrom === undefined
      ? []
      : [
          `the application of both nodes becomes what it was in the backup ${options.applicationFrom}; the database is not taken back with it${options.databaseFrom === undefined ? ', so it must be of a version that the application can work with' : ''}`,
        ]),
    ...filesOf(cluster, facts),
    portalOf(way),
  ];
}

function portalOf({ isServing, isServedElsewhere, master, standby }: Recovery): string {
  if (isServing) return 'the services of the master go on';
  const down = 'the portal is down from the stop of the services to their start';
  return isServedElsewhere
    ? `clients are served by ${standby} until ${master} has a copy of its database; then ${down}`
    : down;
}

function rowsOf({ rows }: RecoverFacts, node: string): string {
  const counted = rows[node] ?? [];
  return counted.length === 0 ? '' : `; ${counted.map((one) => `${one.table}: ${one.rows} rows`).join(', ')}`;
}

function takenAt({ backups }: RecoverFacts, of: string): string {
  const part = backups.find((one) => one.backup === of && one.part === 'database');
  return part === undefined ? '' : ` of ${utc(part.madeAtMs)}`;
}

function filesOf(cluster: Cluster, { missing }: RecoverFacts): string[] {
  const [master, standby] = appNodes(cluster);
  const { root } = cluster.files;
  return [
    [master, standby],
    [standby, master],
  ].flatMap(([node = '', from = '']) => {
    const lacks = missing[node];
    if (lacks === undefined) return [`${node}: which files of ${from} it lacks below ${root} could not be compared`];
    if (lacks.missing + lacks.older === 0) return [];
    return [
      `${node} gets ${lacks.missing} files below ${root} that only ${from} has, and ${lacks.older} that are newer there (${formatSize(lacks.bytes)}); what was removed on one side only comes back`,
    ];
  });
}
