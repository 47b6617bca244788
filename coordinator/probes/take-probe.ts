// Takes a probe: every check of `baton check` once, compared with the probe before, kept, and told of where something changed.
// It changes nothing on any node, so that one that is cut off is simply taken again.
import type { Clock } from '../../shared/clock.ts';
import { ok, type Result } from '../../shared/failures.ts';
import type { ProbeDocument } from '../../shared/probe-documents.ts';
import { seconds } from '../../shared/units.ts';
import type { CheckRef, CheckResult } from '../checks/check.ts';
import { allPass, worstVerdict } from '../checks/evaluate.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { ClusterStore } from '../cluster/cluster-store.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { ClusterLog } from '../journal/cluster-log.ts';
import type { Notifier } from '../notify/notice.ts';
import { probeChecks } from '../plans/looks.ts';
import { takeChecks } from '../runs/take-readings.ts';
import { changeSentence, changesBetween } from './changes.ts';
import type { ProbeLog } from './probe-log.ts';

export interface ProbeParts {
  clusters: Pick<ClusterStore, 'get'>;
  fleet: Fleet;
  locks: Pick<ClusterLog, 'holder'>;
  probes: ProbeLog;
  notifier: Notifier;
  clock: Clock;
}

const looksMax = 4;
const lookAgainMs = seconds(5);
/** Of one reading in what is kept for a year. */
const textMax = 600;

/** The probe that was taken, or that the same request had taken before. */
export async function takeProbe(
  parts: ProbeParts,
  { cluster: name, id, by }: { cluster: string; id: string; by: string },
): Promise<Result<ProbeDocument>> {
  const { clusters, probes, clock, locks } = parts;
  const cluster = await clusters.get(name);
  if (!cluster.ok) return cluster;
  const known = await probes.find(name, id);
  if (!known.ok) return known;
  if (known.value !== undefined) {
    // Whoever took it may have died before it told; what was told already is told once.
    tellChanges(parts.notifier, known.value);
    return ok(known.value);
  }
  const before = await probes.newest(name, 1);
  if (!before.ok) return before;

  const startedAt = new Date(clock.nowMs()).toISOString();
  const fromMs = clock.monotonicMs();
  const heldBefore = await locks.holder(name);
  if (!heldBefore.ok) return heldBefore;
  const checks = (await checkAll(parts, cluster.value, before.value.at(-1))).map(kept);
  const heldAfter = await locks.holder(name);
  if (!heldAfter.ok) return heldAfter;
  const run = heldBefore.value?.run ?? heldAfter.value?.run;

  const written = await probes.append({
    ...{ schema: 1, id, cluster: name, startedAt, by },
    elapsedMs: Math.round(clock.monotonicMs() - fromMs),
    verdict: worstVerdict(checks),
    checks,
    changes: changesBetween(before.value.at(-1), checks),
    ...(run !== undefined && { run }),
  });
  if (written.ok) tellChanges(parts.notifier, written.value);
  return written;
}

/** What does not pass is looked at again before it is believed: files and rows may be on their way to the standby. */
async function checkAll(
  { fleet, clock }: Pick<ProbeParts, 'fleet' | 'clock'>,
  cluster: Cluster,
  lastProbe: ProbeDocument | undefined,
): Promise<CheckResult[]> {
  const refs = probeChecks(cluster);
  const look = (again: CheckRef[]) =>
    Promise.all(again.map((ref) => takeChecks(fleet, cluster, clock, [ref], { lastProbe })));
  const found = await look(refs);
  for (let looks = 1; looks < looksMax; looks += 1) {
    const open = found.flatMap((results, index) => (allPass(results) ? [] : [index]));
    if (open.length === 0) break;
    await clock.sleep(lookAgainMs);
    const again = await look(open.flatMap((index) => refs[index] ?? []));
    for (const [position, index] of open.entries()) found[index] = again[position] ?? [];
  }
  return found.flat();
}

const kept = (check: CheckResult): CheckResult => ({
  ...check,
  reading: check.reading.slice(0, textMax),
  remedy: check.remedy.slice(0, textMax),
});

/** A run stops services and suspends failover on purpose: what a probe finds meanwhile is no news. */
function tellChanges(notifier: Notifier, { id, cluster, changes, verdict, run }: ProbeDocument): void {
  if (changes.length === 0 || run !== undefined) return;
  const worse = changes.filter(({ to }) => to === 'fail' || to === 'unknown' || to === 'warn').length;
  const subject =
    worse === 0
      ? `probe of ${cluster}: ${verdict}; ${changes.length} better than before`
      : `probe of ${cluster}: ${verdict}; ${worse} worse than before`;
  notifier.tell({
    kind: 'probe',
    cluster,
    subject,
    text: [...changes.map(changeSentence), '', `baton check ${cluster} looks again and says what to do`].join('\n'),
    id: `probe ${cluster} ${id}`,
  });
}
