// The cluster file's text as a Cluster: everything that is wrong is told at once, with file, line, column and key.
import { z } from 'zod';
import { ok, type Result } from '../../shared/failures.ts';
import { parseYamlFile } from '../../shared/yaml-file.ts';
import type { BackupPlan, Cluster, Database, HttpRequestTemplate } from './cluster.ts';
import { type ClusterFile, clusterFile, supportedByGuide } from './file-schema.ts';
import { tiersOf } from './node-rules.ts';
import { toNotifyPlan } from './notify-schema.ts';
import { toSanity } from './sanity-schema.ts';
import { toNetwork, toRequires, toSecurity, toTransport } from './site-of-file.ts';

/** The cluster in a cluster file; `bad-input` tells all faults, a line each. */
export function parseCluster(text: string, fileName: string): Result<Cluster> {
  const parsed = parseYamlFile(text, fileName, clusterFile, unknownKey);
  return parsed.ok ? ok(toCluster(parsed.value)) : parsed;
}

/** Where the cluster file goes beyond the guide: shown whenever the cluster is applied or worked on. */
export function clusterWarnings(cluster: Cluster): string[] {
  return [...beyondSupport(cluster), ...withoutSnapshots(cluster)];
}

/** Systems and servers that the guide does not name. */
export function beyondSupport({ supported }: Pick<Cluster, 'supported'>): string[] {
  const beyond = [
    ...supported.os.filter((os) => !supportedByGuide.os.includes(os)),
    ...supported.postgresql
      .filter((major) => !supportedByGuide.postgresql.includes(major))
      .map((major) => `PostgreSQL ${major}`),
  ];
  return beyond.map(
    (what) => `supported: ${what} is not supported by the guide; on it you are on your own (deviation)`,
  );
}

function withoutSnapshots({ backup }: Cluster): string[] {
  if (backup?.snapshots === undefined || !('none' in backup.snapshots)) return [];
  return [`backup.snapshots: none, because ${backup.snapshots.none} (deviation)`];
}

function toCluster(file: ClusterFile): Cluster {
  const { application, observer, limits, backup, notify, window } = file;
  const { portal, progress, ticket } = application;
  return {
    cluster: file.cluster,
    flavor: file.flavor,
    nodes: Object.entries(file.nodes).map(([name, node]) => ({
      name,
      address: node.address,
      role: node.role,
      tiers: tiersOf(node),
    })),
    application: {
      units: application.units,
      version: application.version,
      ...(progress && { progress }),
      portal: {
        url: portal.url,
        expectStatus: portal.expectStatus,
        ...(portal.versionPattern !== undefined && { versionPattern: portal.versionPattern }),
      },
      ...(ticket && {
        ticket: {
          create: toRequest(ticket.create),
          find: toRequest(ticket.find),
          remove: toRequest(ticket.remove),
          ...(ticket.tokenFile !== undefined && { tokenFile: ticket.tokenFile }),
          row: ticket.row,
        },
      }),
      installerTimeoutMs: application.installerTimeout,
    },
    observer: {
      units: observer.units,
      logs: observer.logs,
      quietForMs: observer.quietFor,
      busyPatterns: observer.busyPatterns,
      beginPattern: observer.beginPattern,
      endPattern: observer.endPattern,
    },
    files: toFiles(file),
    database: toDatabase(file),
    web: file.web,
    supported: file.supported,
    limits: {
      replicationLagBytes: limits.replicationLag,
      replicationDelayMs: limits.replicationDelay,
      responseTimeMs: limits.responseTime,
      errorRate: limits.errorRate,
      diskFreeShare: limits.diskFree,
      memoryFreeShare: limits.memoryFree,
      loadPerCpu: limits.load,
      clockOffsetMs: limits.clockOffset,
      suspensionMs: limits.suspension,
      rtoMaxMs: limits.rtoMax,
      rpoMaxRows: limits.rpoMax,
      settleMs: limits.settle,
      probeAgeMs: limits.probeAge,
    },
    errors: { logs: file.errors.logs, pattern: file.errors.pattern, windowMs: file.errors.window },
    network: toNetwork(file),
    requires: toRequires(file),
    security: toSecurity(file),
    ...(file.sanity && { sanity: toSanity(file.sanity) }),
    ...(backup && { backup: toBackup(backup) }),
    ...(window && { window }),
    ...(file.approvals && { approvals: file.approvals }),
    ...(notify && { notify: toNotifyPlan(notify) }),
  };
}

function toFiles(file: ClusterFile): Cluster['files'] {
  const { hashWithin, syncWithin, ...files } = file.files;
  return { ...files, transport: toTransport(file), hashWithinMs: hashWithin, syncWithinMs: syncWithin };
}

function toDatabase({ database, nodes }: ClusterFile): Database {
  const { replication, settings, ...rest } = database;
  const withDatabase = Object.entries(nodes).flatMap(([name, { role }]) => (role === 'observer' ? [] : [name]));
  const { passFile, ...told } = replication;
  return {
    ...rest,
    replication: { ...told, ...(passFile !== undefined && { passFile }) },
    settings: settings.map((one) => ({ ...one, nodes: one.nodes ?? withDatabase })),
  };
}

function toBackup({
  exclude,
  database,
  maxAge,
  verifiedWithin,
  snapshots,
  schedule,
  ...backup
}: NonNullable<ClusterFile['backup']>): BackupPlan {
  return {
    ...backup,
    excludes: exclude,
    databaseJobs: database.jobs,
    maxAgeMs: maxAge,
    verifiedWithinMs: verifiedWithin,
    ...(snapshots && { snapshots: toSnapshots(snapshots) }),
    ...(schedule && { schedule }),
  };
}

function toSnapshots(told: NonNullable<NonNullable<ClusterFile['backup']>['snapshots']>) {
  if ('none' in told) return told;
  const { timeout: timeoutMs, ...hook } = told;
  return { ...hook, timeoutMs };
}

type FileRequest = NonNullable<ClusterFile['application']['ticket']>['create' | 'find' | 'remove'];

function toRequest(request: FileRequest): HttpRequestTemplate {
  const { method, path, headers, expectStatus, id } = request;
  const body = 'body' in request ? request.body : undefined;
  return { method, path, headers, expectStatus, ...(body !== undefined && { body }), ...(id !== undefined && { id }) };
}

const laterKeys = ['hooks'];

function unknownKey(path: string[]): string {
  const key = path.at(-1) ?? '';
  if (path.length === 1 && laterKeys.includes(key)) return 'not supported by this version of Baton; remove it';
  const known = keysAt(clusterFile, path.slice(0, -1));
  const near = known.filter((one) => distance(one.toLowerCase(), key.toLowerCase()) <= Math.max(1, key.length / 3));
  const [nearest] = near.sort((a, b) => distance(a, key) - distance(b, key));
  return nearest === undefined
    ? `there is no such key; there are ${known.join(', ')}`
    : `there is no such key; did you mean ${nearest}?`;
}

/** The keys that the schema has at a path, through its optional and defaulted parts. */
function keysAt(schema: unknown, path: string[]): string[] {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodPrefault || inner instanceof z.ZodDefault)
    inner = inner.unwrap();
  const [first, ...rest] = path;
  if (inner instanceof z.ZodRecord) return first === undefined ? [] : keysAt(inner.valueType, rest);
  if (!(inner instanceof z.ZodObject)) return [];
  const shape: Record<string, unknown> = inner.shape;
  return first === undefined ? Object.keys(shape) : keysAt(shape[first], rest);
}

/** How many characters differ (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries())
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)));
    row = next;
  }
  return row[b.length] ?? 0;
}
