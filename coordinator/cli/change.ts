// The way of every command that changes a cluster: nodes ready, plan compiled and shown, a yes, upload where the plan
// has an installer, start, follow. Until the start nothing on the nodes is touched.
import { randomUUID } from 'node:crypto';
import type { PlanDocument, ReleaseDocument, RunStartedDocument } from '../../shared/documents.ts';
import { type Failure, fail, ok, type Result } from '../../shared/failures.ts';
import type { ScheduledDocument } from '../../shared/scheduled-run-document.ts';
import { hours, minutes } from '../../shared/units.ts';
import { type OperatorClient, readingTimeoutMs } from './client.ts';
import { type ReleaseFile, uploadParts } from './commands/release-file.ts';
import { exitCodes } from './exit-codes.ts';
import { followLimits, untilAnswered } from './follow.ts';
import type { Io } from './io.ts';
import { readCluster, unready } from './readiness.ts';
import { followToEnd } from './run-end.ts';
import type { CommandEnd } from './shell.ts';
import { transferBar } from './transfer-bar.ts';
import { planSummary } from './view/plan-view.ts';

export interface Change {
  plan:
    | 'upgrade'
    | 'db-upgrade'
    | 'stage'
    | 'backup'
    | 'backup-verify'
    | 'failover-suspend'
    | 'failover-arm'
    | 'rollback'
    | 'recover'
    | 'finalize';
  cluster: string;
  parameters: Record<string, unknown>;
  /** A run that may hold the cluster as it stands: it is ended for this one. */
  after?: string;
  /** Whichever run holds the cluster and stands is ended for this one. */
  takesOver?: true;
  /** Uploaded to the coordinator before the run starts. */
  release?: ReleaseFile;
  /** When it is to start; absent: now. */
  at?: string | undefined;
  isYes: boolean;
  isDetached: boolean;
  change: string;
  reason: string;
}

/** The compiled plan, after making sure that the cluster's nodes can be asked and, to change it, that no run holds it. */
export async function compile(
  client: OperatorClient,
  wanted: Pick<Change, 'plan' | 'cluster' | 'parameters' | 'after' | 'takesOver'>,
  to: 'look' | 'change',
): Promise<Result<PlanDocument>> {
  const cluster = await readCluster(client, wanted.cluster);
  if (!cluster.ok) return cluster;
  const { run } = cluster.value;
  // Named before a yes is asked for; the coordinator's lock decides in the end.
  if (to === 'change' && run !== undefined && run !== wanted.after && wanted.takesOver !== true)
    return fail(
      'conflict',
      `cluster ${wanted.cluster} is held by run ${run}; nothing was touched. See it: baton run watch ${run}`,
    );
  const hindrance = unready(cluster.value);
  if (hindrance) return { ok: false, failure: hindrance };
  return await client.call<PlanDocument>('compilePlan', planRequest(wanted), readingTimeoutMs);
}

function planRequest(wanted: Pick<Change, 'plan' | 'cluster' | 'parameters'>) {
  return { plan: wanted.plan, cluster: wanted.cluster, parametersJson: JSON.stringify(wanted.parameters) };
}

interface StartOptions {
  yes?: true | undefined;
  detach?: true | undefined;
  change?: string | undefined;
  reason?: string | undefined;
  at?: string | undefined;
}

/** What the options of every command that starts a run say of its start. */
export const asTold = ({ yes, detach, change, reason, at }: StartOptions) => ({
  at,
  isYes: yes === true,
  isDetached: detach === true,
  change: change ?? '',
  reason: reason ?? '',
});

/** Carries a change out, or hands it over with --detach. */
export async function carryOut(client: OperatorClient, io: Io, change: Change): Promise<CommandEnd> {
  // A run that holds the cluster now is gone by then, or keeps it from starting.
  const plan = await compile(client, change, change.at === undefined ? 'change' : 'look');
  if (!plan.ok) return await uploadAllTheSame(client, io, change, plan.failure);
  io.say(`${planSummary(plan.value, io.paint)}\n`);
  if (!change.isYes) {
    if (!io.isTerminal)
      return fail(
        'bad-input',
        'this changes the cluster and nobody can be asked here: give --yes; nothing was touched',
      );
    if (!(await io.confirm('Carry this plan out? [y/N] '))) {
      io.note('Nothing was touched.');
      return ok(exitCodes.badInput);
    }
  }
  if (change.release) {
    const uploaded = await upload(client, io, change.release);
    if (!uploaded.ok) return uploaded;
  }
  return change.at === undefined
    ? await start(client, io, change, plan.value)
    : await schedule(client, io, change, plan.value, change.at);
}

/** A run that holds the cluster and misses its installer finds it once it is uploaded; staging is that run's affair. */
async function uploadAllTheSame(client: OperatorClient, io: Io, change: Change, why: Failure): Promise<CommandEnd> {
  if (change.plan === 'stage' && change.release && why.code === 'conflict') {
    const uploaded = await upload(client, io, change.release);
    if (!uploaded.ok) return uploaded;
    io.note(`${change.release.name} lies at the coordinator now: a run that asks for it finds it there`);
  }
  return { ok: false, failure: why };
}

async function upload(client: OperatorClient, io: Io, release: ReleaseFile): Promise<Result<ReleaseDocument>> {
  const progress = transferBar(io, `uploading ${release.name} to the coordinator`);
  try {
    return await client.uploadRelease<ReleaseDocument>(uploadParts(release, progress.tell), hours(2));
  } finally {
    progress.end();
  }
}

/** Leaves it to the coordinator, which starts it once, whatever is restarted until then. */
async function schedule(
  client: OperatorClient,
  io: Io,
  change: Change,
  plan: PlanDocument,
  at: string,
): Promise<CommandEnd> {
  const requestId = randomUUID();
  const request = {
    plan: planRequest(change),
    planHash: plan.hash,
    requestId,
    change: change.change,
    reason: change.reason,
  };
  const scheduled = await untilAnswered(
    () => client.call<ScheduledDocument>('scheduleRun', { ...request, at }, readingTimeoutMs),
    (failure) => io.note(`${failure.message}; asking again`),
  );
  if (!scheduled.ok) return scheduled;
  const { run, at: when, atWall } = scheduled.value;
  if (io.isJson) io.document(scheduled.value);
  else
    io.say(
      `Run ${run} starts at ${atWall ?? when}, after its checks have passed again. See it: baton run show ${run}. Cancel it: baton run abort ${run}`,
    );
  return ok(exitCodes.done);
}

async function start(client: OperatorClient, io: Io, change: Change, plan: PlanDocument): Promise<CommandEnd> {
  io.onInterrupt = () => 'interrupted while the run was being started; see whether it was: baton run ls';
  // The answer may be lost with the coordinator: asked again under the same id, the run starts once.
  const requestId = randomUUID();
  const started = await untilAnswered(
    () =>
      client.call<RunStartedDocument>(
        'startRun',
        {
          plan: planRequest(change),
          planHash: plan.hash,
          requestId,
          change: change.change,
          reason: change.reason,
        },
        readingTimeoutMs,
      ),
    (failure) => io.note(`${failure.message}; asking again`),
    // What the run before has begun is settled first, which may take as long as its agents need.
    change.after === undefined && change.takesOver !== true ? undefined : { ...followLimits, patienceMs: minutes(10) },
  );
  if (!started.ok) return started;
  const { run } = started.value;
  if (change.isDetached) {
    if (io.isJson) io.document(started.value);
    io.say(`Run ${run} has started. Watch it: baton run watch ${run}`);
    return ok(exitCodes.done);
  }
  io.note(`run ${run} has started`);
  return await followToEnd(client, io, run, 'start');
}
