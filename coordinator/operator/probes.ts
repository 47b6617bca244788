// Operator › probes and their schedules: taking one now, the history, and when the next one comes by itself.
import { fail, ok, type Result } from '../../shared/failures.ts';
import type {
  ProbeDocument,
  ProbesDocument,
  ScheduleChangedDocument,
  ScheduleDocument,
  SchedulesDocument,
} from '../../shared/probe-documents.ts';
import type { Audit } from '../audit/audit.ts';
import { nextTime } from '../cluster/backup-schedule.ts';
import type { ClusterStore } from '../cluster/cluster-store.ts';
import { type ProbeParts, takeProbe } from '../probes/take-probe.ts';
import { allScheduled, judgeSchedule, type ProbeSchedules } from '../schedule/probe-schedules.ts';
import { recordKey, type Scheduled, type ScheduleTable } from '../schedule/timer.ts';

export interface ProbesParts extends ProbeParts {
  clusters: ClusterStore;
  probeSchedules: ProbeSchedules;
  schedules: ScheduleTable;
  audit: Pick<Audit, 'record'>;
  nowMs(): number;
}

const requestPattern = /^[A-Za-z0-9-]{8,64}$/;
const countMax = 400;

/** Takes a probe, or gives the one that the same request has taken. */
export async function probeNow(
  parts: ProbesParts,
  { cluster, requestId }: { cluster: string; requestId: string },
  operator: string,
): Promise<Result<ProbeDocument>> {
  if (!requestPattern.test(requestId))
    return fail('bad-input', 'the request has no id of 8 to 64 letters, digits or -');
  return await takeProbe(parts, { cluster, id: requestId, by: operator });
}

/** The newest probes, and the nights that have none. */
export async function listProbes(
  parts: ProbesParts,
  { cluster, count }: { cluster: string; count: number },
): Promise<Result<ProbesDocument>> {
  const there = await parts.clusters.get(cluster);
  if (!there.ok) return there;
  const probes = await parts.probes.newest(cluster, Math.min(countMax, Math.max(1, count)));
  if (!probes.ok) return probes;
  const scheduled = await scheduleOf(parts, cluster);
  if (!scheduled.ok) return scheduled;
  const record = await parts.schedules.get(recordKey({ cluster, what: 'probe' }));
  if (!record.ok) return record;
  const missed = record.value?.value.missed ?? [];
  return ok({
    ...{ schema: 1, cluster, probes: probes.value },
    missed: missed.map(({ atMs, why }) => ({ at: iso(atMs), why })),
    ...(scheduled.value && { schedule: scheduled.value }),
  });
}

/** Adds the schedule of a cluster's probes; the same one again changes nothing, another one has to be removed first. */
export async function addSchedule(
  parts: ProbesParts,
  request: { cluster: string; cron: string; timezone: string },
  operator: string,
): Promise<Result<ScheduleChangedDocument>> {
  const { cluster, cron, timezone } = request;
  const judged = judgeSchedule(request);
  if (!judged.ok) return judged;
  const there = await parts.clusters.get(cluster);
  if (!there.ok) return there;
  const added = await parts.probeSchedules.create(cluster, {
    ...{ cron, timezone, addedBy: operator },
    addedAtMs: parts.nowMs(),
  });
  if (!added.ok && added.failure.code !== 'conflict') return added;
  if (!added.ok) {
    const known = await parts.probeSchedules.get(cluster);
    if (!known.ok) return known;
    const old = known.value?.value;
    if (old?.cron === cron && old.timezone === timezone)
      return ok({ schema: 1, cluster, what: 'probe', changed: false });
    return fail(
      'conflict',
      `probes of ${cluster} are scheduled already (${old?.cron} ${old?.timezone}); first: baton schedule rm ${cluster} --probe`,
    );
  }
  const detail = `probes of ${cluster}: ${cron} ${timezone}`;
  parts.audit.record({ who: `operator ${operator}`, what: 'add schedule', detail, outcome: 'done' });
  return ok({ schema: 1, cluster, what: 'probe', changed: true });
}

/** Removes it; what was taken stays. */
export async function removeSchedule(
  { probeSchedules, audit }: ProbesParts,
  cluster: string,
  operator: string,
): Promise<Result<ScheduleChangedDocument>> {
  const known = await probeSchedules.get(cluster);
  if (!known.ok) return known;
  if (known.value === undefined)
    return fail('not-found', `no probes of ${JSON.stringify(cluster)} are scheduled; see: baton schedule ls`);
  const removed = await probeSchedules.delete(cluster, known.value.revision);
  if (!removed.ok) return removed;
  audit.record({
    who: `operator ${operator}`,
    what: 'remove schedule',
    detail: `probes of ${cluster}`,
    outcome: 'done',
  });
  return ok({ schema: 1, cluster, what: 'probe', changed: true });
}

/** Everything that starts by itself, also what cluster files ask for. */
export async function listSchedules(parts: ProbesParts): Promise<Result<SchedulesDocument>> {
  const all = await allScheduled(parts.clusters, parts.probeSchedules);
  if (!all.ok) return all;
  const schedules: ScheduleDocument[] = [];
  for (const one of all.value) {
    const described = await describe(parts, one);
    if (!described.ok) return described;
    schedules.push(described.value);
  }
  return ok({ schema: 1, schedules });
}

async function scheduleOf(parts: ProbesParts, cluster: string): Promise<Result<ScheduleDocument | undefined>> {
  const added = await parts.probeSchedules.get(cluster);
  if (!added.ok || added.value === undefined) return added.ok ? ok(undefined) : added;
  return await describe(parts, { cluster, what: 'probe', schedule: added.value.value });
}

async function describe(
  { schedules, probeSchedules, nowMs }: ProbesParts,
  one: Scheduled,
): Promise<Result<ScheduleDocument>> {
  const { cluster, what, schedule } = one;
  const record = await schedules.get(recordKey(one));
  if (!record.ok) return record;
  const added = what === 'probe' ? await probeSchedules.get(cluster) : ok(undefined);
  if (!added.ok) return added;
  const { last } = record.value?.value ?? {};
  const next = nextTime(schedule, nowMs());
  return ok({
    ...{ cluster, what, cron: schedule.cron, timezone: schedule.timezone },
    ...(next !== undefined && { nextAt: iso(next) }),
    ...(last && { last: { at: iso(last.atMs), id: last.run } }),
    ...(added.value && { addedBy: added.value.value.addedBy }),
  });
}

const iso = (timeMs: number): string => new Date(timeMs).toISOString();
