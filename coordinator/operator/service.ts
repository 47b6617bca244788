// The Operator service of operator.proto: which call is whose. It translates, everything else is done elsewhere.
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Clock } from '../../shared/clock.ts';
import type { VersionDocument, WatchDocument } from '../../shared/documents.ts';
import { ok, type Result } from '../../shared/failures.ts';
import type {
  AddNodeRequest,
  AddOperatorRequest,
  AddScheduleRequest,
  ApplyClusterRequest,
  ChangeOperatorRequest,
  CheckRequest,
  ClusterRequest,
  DecideRunRequest,
  ListProbesRequest,
  ListRunsRequest,
  NodeRequest,
  OperatorRequest,
  PlanRequest,
  ReadAuditRequest,
  RunRequest,
  ScheduleRunRequest,
  StartRunRequest,
  TakeProbeRequest,
  UploadChunk,
  VerifyAuditRequest,
  WatchRunRequest,
} from '../../shared/gen/baton/v1/operator_pb.ts';
import type { Log } from '../../shared/log.ts';
import { batonVersion } from '../../shared/version.ts';
import type { Notifier } from '../notify/notice.ts';
import { describePlan } from '../plans/describe.ts';
import type { ProbeLog } from '../probes/probe-log.ts';
import type { ProbeSchedules } from '../schedule/probe-schedules.ts';
import type { ScheduleTable } from '../schedule/timer.ts';
import { type AuditParts, tellAudit, verifiedAudit } from './audit.ts';
import { listBackups } from './backups.ts';
import { checkCluster } from './check-cluster.ts';
import { clusterDocument } from './cluster-view.ts';
import { applyCluster, type ClusterParts, listClusters } from './clusters.ts';
import { compile } from './compile-plan.ts';
import { readFailover } from './failover-view.ts';
import { clientStream, serverStream, unary } from './handlers.ts';
import { addNode, listNodes, type NodeParts, revokeNode } from './nodes.ts';
import { addOperator, changeOperator, listOperators, type OperatorsParts, revokeOperator } from './operators.ts';
import { addSchedule, listProbes, listSchedules, probeNow, removeSchedule } from './probes.ts';
import { decideRun, runName, startRun } from './runs.ts';
import { decideScheduled, type ScheduledParts, scheduleRun, showScheduled, withScheduled } from './scheduled.ts';
import { type NoticeParts, testNotice } from './test-notice.ts';
import { uploadRelease } from './upload-release.ts';

export interface OperatorParts
  extends NodeParts,
    ClusterParts,
    ScheduledParts,
    NoticeParts,
    OperatorsParts,
    AuditParts {
  coordinator: string;
  epoch: number;
  schedules: ScheduleTable;
  probeSchedules: ProbeSchedules;
  probes: ProbeLog;
  notifier: Notifier;
  clock: Clock;
  log: Log;
}

export function operatorService(parts: OperatorParts): UntypedServiceImplementation {
  const { log, views, clusters, fleet, locks } = parts;
  return {
    getVersion: unary(log, async () => {
      const { coordinator, epoch } = parts;
      return ok({ schema: 1, version: batonVersion, coordinator, epoch } satisfies VersionDocument);
    }),

    addNode: unary<AddNodeRequest>(log, (request, { operator }) => addNode(parts, request, operator)),
    listNodes: unary(log, () => listNodes(parts)),
    revokeNode: unary<NodeRequest>(log, ({ name }, { operator }) => revokeNode(parts, name, operator)),

    addOperator: unary<AddOperatorRequest>(log, (request, { operator }) => addOperator(parts, request, operator)),
    listOperators: unary(log, () => listOperators(parts)),
    changeOperator: unary<ChangeOperatorRequest>(log, (request, { operator }) =>
      changeOperator(parts, request, operator),
    ),
    revokeOperator: unary<OperatorRequest>(log, ({ name }, { operator }) => revokeOperator(parts, name, operator)),
    readAudit: serverStream<ReadAuditRequest>(log, (request, _asking, tell) => tellAudit(parts, request, tell)),
    verifyAudit: unary<VerifyAuditRequest>(log, (request) => verifiedAudit(parts, request)),

    applyCluster: unary<ApplyClusterRequest>(log, (request, { operator }) => applyCluster(parts, request, operator)),
    listClusters: unary(log, () => listClusters(parts)),
    showCluster: unary<ClusterRequest>(log, async ({ cluster: name }) => {
      const cluster = await clusters.get(name);
      if (!cluster.ok) return cluster;
      const holder = await locks.holder(name);
      return holder.ok ? ok(await clusterDocument(fleet, cluster.value, holder.value?.run)) : holder;
    }),
    showFailover: unary<ClusterRequest>(log, async ({ cluster: name }) => {
      const cluster = await clusters.get(name);
      return cluster.ok ? ok(await readFailover(fleet, cluster.value)) : cluster;
    }),
    listBackups: unary<ClusterRequest>(log, async ({ cluster: name }) => {
      const cluster = await clusters.get(name);
      return cluster.ok ? await listBackups(parts, cluster.value) : cluster;
    }),
    testNotice: unary<ClusterRequest>(log, ({ cluster }, { operator, signal }) =>
      testNotice(parts, cluster, operator, signal),
    ),
    takeProbe: unary<TakeProbeRequest>(log, (request, { operator }) => probeNow(parts, request, operator)),
    listProbes: unary<ListProbesRequest>(log, (request) => listProbes(parts, request)),
    addSchedule: unary<AddScheduleRequest>(log, (request, { operator }) => addSchedule(parts, request, operator)),
    listSchedules: unary(log, () => listSchedules(parts)),
    removeSchedule: unary<ClusterRequest>(log, ({ cluster }, { operator }) => removeSchedule(parts, cluster, operator)),
    check: serverStream<CheckRequest>(log, (request, asking, tell) => checkCluster(parts, request, asking, tell)),

    uploadRelease: clientStream<UploadChunk>(log, (chunks, { operator }) => uploadRelease(parts, chunks, operator)),
    compilePlan: unary<PlanRequest>(log, async (request) => {
      const compiled = await compile(parts, request);
      return compiled.ok ? ok(describePlan(compiled.value)) : compiled;
    }),

    startRun: unary<StartRunRequest>(log, (request, { operator }) => startRun(parts, request, operator)),
    scheduleRun: unary<ScheduleRunRequest>(log, (request, { operator }) => scheduleRun(parts, request, operator)),
    decideRun: unary<DecideRunRequest>(
      log,
      async (request, asking) =>
        (await decideScheduled(parts, request, asking)) ?? (await decideRun(parts, request, asking)),
    ),
    listRuns: unary<ListRunsRequest>(log, async ({ cluster }) => {
      const listed = await views.list(cluster);
      return listed.ok ? await withScheduled(parts, listed.value, cluster) : listed;
    }),
    showRun: unary<RunRequest>(log, async (request) => {
      const run = runName(request.run);
      if (!run.ok) return run;
      const shown = await views.show(run.value);
      return ranNever(shown) ? await showScheduled(parts, run.value) : shown;
    }),
    getReport: unary<RunRequest>(log, async (request) => {
      const run = runName(request.run);
      return run.ok ? await views.report(run.value) : run;
    }),
    watchRun: serverStream<WatchRunRequest>(log, async (request, { signal }, tell) => {
      const run = runName(request.run);
      if (!run.ok) return run;
      const watching = views.watch(run.value, request.afterSequence, signal);
      for (;;) {
        const next = await watching.next();
        if (next.done && !ranNever(next.value)) return next.value;
        if (next.done) {
          const shown = await showScheduled(parts, run.value);
          if (!shown.ok) return shown;
          await tell({ schema: 1, sequence: 0, at: shown.value.startedAt, run: shown.value } satisfies WatchDocument);
          return ok(undefined);
        }
        await tell(next.value);
      }
    }),
    readRunLogs: serverStream<RunRequest>(log, async (request, _asking, tell) => {
      const run = runName(request.run);
      const chunks = run.ok ? await views.logs(run.value) : run;
      if (!chunks.ok) return chunks;
      for (const chunk of chunks.value) await tell(chunk);
      return ok(undefined);
    }),
    exportRun: serverStream<RunRequest>(log, async (request, _asking, tell) => {
      const run = runName(request.run);
      const lines = run.ok ? await views.export(run.value) : run;
      if (!lines.ok) return lines;
      for (const line of lines.value) await tell(line);
      return ok(undefined);
    }),
  };
}

/** There is no such run, or not yet. */
const ranNever = (result: Result<unknown>): boolean => !result.ok && result.failure.code === 'not-found';
