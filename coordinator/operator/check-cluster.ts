// Operator › Check: the read-only preflight, results as they come. `unknown` is never a pass.

import type { Clock } from '../../shared/clock.ts';
import type { CheckDocument } from '../../shared/documents.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { isVersion } from '../../shared/release-version.ts';
import type { CheckRef, CheckResult } from '../checks/check.ts';
import { worstVerdict } from '../checks/evaluate.ts';
import type { ClusterStore } from '../cluster/cluster-store.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { acceptChecks, acceptedReasons } from '../plans/accept.ts';
import { lookChecks } from '../plans/looks.ts';
import type { ProbeLog } from '../probes/probe-log.ts';
import type { ReleaseStore } from '../releases/release-store.ts';
import { withSharedReadings } from '../runs/shared-readings.ts';
import { takeChecks } from '../runs/take-readings.ts';
import type { Asking, Tell } from './handlers.ts';

/** Most of them wait for programs on their nodes; more at once only make one another slower. */
const atOnce = 8;
/** What waits or looks several times begins first: begun last, it would be waited for alone. */
const begunFirst: readonly string[] = [
  'files-same',
  'response-time',
  'rsync-reachable',
  'rows-equal',
  'replication-replaying',
];
/** The document grows with each finding: told after each of them, telling would take as long as looking. */
const tellEveryMs = 250;

export async function checkCluster(
  parts: { clusters: ClusterStore; fleet: Fleet; releases: ReleaseStore; probes: Pick<ProbeLog, 'last'>; clock: Clock },
  request: {
    cluster: string;
    toVersion?: string | undefined;
    releaseSha256?: string | undefined;
    accept: Record<string, string>;
    only: string[];
  },
  { signal }: Asking,
  tell: Tell,
): Promise<Result<void>> {
  const { clusters, fleet, releases, clock } = parts;
  const { toVersion, releaseSha256 } = request;
  const cluster = await clusters.get(request.cluster);
  if (!cluster.ok) return cluster;
  if (toVersion !== undefined && !isVersion(toVersion))
    return fail('bad-input', `${JSON.stringify(toVersion)} is no version such as 8.7.0`);
  const release = releaseSha256 === undefined ? undefined : await releases.get(releaseSha256);
  if (release && !release.ok) return release;

  const accept = acceptedReasons.safeParse(request.accept);
  if (!accept.success)
    return fail(
      'bad-input',
      `--accept: ${accept.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}`,
    );
  const preflight = lookChecks(cluster.value, {
    ...(toVersion === undefined ? {} : { toVersion }),
    ...(release === undefined ? {} : { release: release.value }),
  });
  const accepted = acceptChecks(preflight, accept.data);
  if (!accepted.ok) return accepted;
  const chosen = onlyOf(accepted.value, request.only);
  if (!chosen.ok) return chosen;
  const refs = chosen.value;
  const lastProbe = parts.probes.last(request.cluster);
  const results: CheckResult[][] = refs.map(() => []);
  const document = (complete: boolean): CheckDocument => {
    const checks = results.flat();
    return { schema: 1, cluster: request.cluster, complete, verdict: worstVerdict(checks), checks };
  };

  const once = withSharedReadings(fleet);
  const isBegunFirst = ([, { check }]: [number, CheckRef]) => begunFirst.includes(check);
  const all = [...refs.entries()];
  const waiting = [...all.filter(isBegunFirst), ...all.filter((one) => !isBegunFirst(one))];
  let toldAtMs = Number.NEGATIVE_INFINITY;
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && !signal.aborted; next = waiting.shift()) {
      const [index, ref] = next;
      results[index] = await takeChecks(once, cluster.value, clock, [ref], { lastProbe });
      if (waiting.length === 0 || clock.monotonicMs() - toldAtMs < tellEveryMs) continue;
      toldAtMs = clock.monotonicMs();
      await tell(document(false));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  await tell(document(true));
  return ok(undefined);
}

function onlyOf(refs: CheckRef[], only: string[]): Result<CheckRef[]> {
  const known = [...new Set(refs.map(({ check }) => check))];
  const unknown = only.find((id) => !known.includes(id));
  if (unknown !== undefined)
    return fail(
      'bad-input',
      `--only: the preflight has no check ${JSON.stringify(unknown)}; there are ${known.join(', ')}`,
    );
  return ok(only.length === 0 ? refs : refs.filter(({ check }) => only.includes(check)));
}
