// Operator › clusters: applying a cluster file and listing what was applied. Touches no node.
import type { ClusterAppliedDocument, ClustersDocument } from '../../shared/documents.ts';
import { ok, type Result } from '../../shared/failures.ts';
import type { Audit } from '../audit/audit.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { ClusterStore } from '../cluster/cluster-store.ts';
import { clusterWarnings, parseCluster } from '../cluster/parse.ts';
import { hasJoined } from '../fleet/presence.ts';
import type { FleetTables } from '../fleet/tables.ts';
import type { ClusterLog } from '../journal/cluster-log.ts';

export interface ClusterParts {
  clusters: ClusterStore;
  tables: FleetTables;
  locks: ClusterLog;
  audit: Audit;
  nowMs(): number;
}

/** Validates a cluster file and, without `dryRun`, keeps it. */
export async function applyCluster(
  parts: ClusterParts,
  { fileName, text, dryRun }: { fileName: string; text: string; dryRun: boolean },
  operator: string,
): Promise<Result<ClusterAppliedDocument>> {
  const parsed = parseCluster(text, fileName || 'cluster file');
  if (!parsed.ok) return parsed;
  const cluster = parsed.value;
  const judged = await parts.clusters.judge(cluster);
  if (!judged.ok) return judged;
  const warnings = await warningsOf(parts, cluster, judged.value.changed);
  if (!warnings.ok) return warnings;
  if (!dryRun) {
    const appliedAtMs = parts.nowMs();
    const kept = await parts.clusters.put({ cluster, fileName, text, appliedAtMs, appliedBy: operator });
    if (!kept.ok) return kept;
    const detail = `${cluster.cluster} from ${fileName}${judged.value.changed ? '' : ', unchanged'}`;
    parts.audit.record({ who: `operator ${operator}`, what: 'apply cluster', detail, outcome: 'done' });
  }
  return ok({
    schema: 1,
    cluster: cluster.cluster,
    dryRun,
    changed: judged.value.changed,
    warnings: warnings.value,
  });
}

/** All clusters by name. */
export async function listClusters({ clusters }: ClusterParts): Promise<Result<ClustersDocument>> {
  const all = await clusters.list();
  if (!all.ok) return all;
  return ok({
    schema: 1,
    clusters: all.value.map(({ cluster, appliedAtMs }) => ({
      cluster: cluster.cluster,
      flavor: cluster.flavor,
      nodes: cluster.nodes.map(({ name }) => name),
      appliedAt: new Date(appliedAtMs).toISOString(),
    })),
  });
}

async function warningsOf(parts: ClusterParts, cluster: Cluster, isChange: boolean): Promise<Result<string[]>> {
  const known = await parts.tables.nodes.list();
  if (!known.ok) return known;
  const records = new Map(known.value.map(({ value }) => [value.name, value]));
  const holder = await parts.locks.holder(cluster.cluster);
  if (!holder.ok) return holder;
  const ofNodes = cluster.nodes.flatMap(({ name, role }) => {
    const record = records.get(name);
    if (record === undefined || !hasJoined(record))
      return [`${name} has not joined yet: baton node add ${name} --role ${role}`];
    return record.role === role
      ? []
      : [`${name} is ${role} here but joined as ${record.role}; the cluster file is what counts`];
  });
  const ofRun =
    holder.value && isChange ? [`run ${holder.value.run} goes on with the cluster file that it was started with`] : [];
  return ok([...clusterWarnings(cluster), ...ofNodes, ...ofRun]);
}
