// What a cluster's file asks to be backed up, part by part: which node, which paths, which database. Pure.
import type { PartName } from '../../shared/actions/jobs/places.ts';
import { type BackupPlan, type Cluster, nodeOf } from '../cluster/cluster.ts';

export interface FilesPart {
  part: Exclude<PartName, 'database'>;
  node: string;
  paths: string[];
  excludes: string[];
  /** Whether they start at boot is kept too. */
  units: string[];
}

export interface DatabasePart {
  part: 'database';
  node: string;
  database: string;
  jobs: number;
  parity: string[];
}

/** One part of a backup: what is kept whole or not at all, on one node. */
export type BackupTask = FilesPart | DatabasePart;

/** The parts in the order in which they are taken: the master's first, its files and database last and closest together. */
export function partsOf(cluster: Cluster, backup: BackupPlan): BackupTask[] {
  const [master, standby] = [nodeOf(cluster, 'master', 'app').name, nodeOf(cluster, 'standby', 'app').name];
  const { database, files } = cluster;
  return [
    ...treesOf(standby, cluster, backup),
    ...treesOf(master, cluster, backup),
    { part: 'files', node: master, paths: [files.root], excludes: [], units: [] },
    {
      part: 'database',
      node: nodeOf(cluster, 'master', 'db').name,
      database: database.name,
      jobs: backup.databaseJobs,
      parity: database.parity,
    },
  ];
}

function treesOf(node: string, { application: { units }, files }: Cluster, backup: BackupPlan): FilesPart[] {
  const { application, configuration, excludes } = backup;
  const inApplication = application.some((tree) => `${files.root}/`.startsWith(`${tree}/`));
  return [
    {
      part: 'application',
      node,
      paths: application,
      excludes: [...(inApplication ? [files.root] : []), ...excludes],
      units,
    },
    ...(configuration.length === 0
      ? []
      : [{ part: 'configuration' as const, node, paths: configuration, excludes: [], units: [] }]),
  ];
}

/** The nodes that hold parts of backups. */
export function backupNodes(cluster: Cluster, backup: BackupPlan): string[] {
  const tasks = partsOf(cluster, backup);
  return cluster.nodes.map(({ name }) => name).filter((name) => tasks.some(({ node }) => node === name));
}
