// Starts the runs that were put off to a time, on the coordinator that leads: each once, whoever is restarted or takes over,
// since the run's id follows from the request. What cannot be started then is cancelled and said, never caught up later.
import type { Clock } from '../../shared/clock.ts';
import { ok, type Result } from '../../shared/failures.ts';
import type { Log } from '../../shared/log.ts';
import { hours, seconds } from '../../shared/units.ts';
import type { Audit } from '../audit/audit.ts';
import type { Bus } from '../bus/bus.ts';
import { openStore, type Store, type Stored } from '../bus/store.ts';
import type { Notice, Notifier } from '../notify/notice.ts';
import { graceMs } from './due.ts';

/** A run that is to start at a time, with all that its start needs. */
export interface ScheduledRun {
  run: string;
  plan: string;
  cluster: string;
  parametersJson: string;
  /** Of the plan that was agreed to. */
  agreedHash: string;
  /** The compiled plan as it was then, for people to look at. */
  planArtefact: string;
  planHash: string;
  requestId: string;
  operator: string;
  change: string;
  reason: string;
  atMs: number;
  askedAtMs: number;
  /** `starting`: nobody may cancel it any more; whoever leads goes on with it. */
  state: 'waiting' | 'starting' | 'started' | 'cancelled' | 'missed';
  /** Why it was not started. */
  because?: string;
  overAtMs?: number;
}

export type ScheduledTable = Pick<Store<ScheduledRun>, 'get' | 'create' | 'put' | 'list' | 'delete'>;

export const openScheduledTable = (bus: Bus): Promise<Result<ScheduledTable>> =>
  openStore<ScheduledRun>(bus, 'scheduled-runs');

/** What a try to start one has come to. */
export type Tried = { is: 'started' } | { is: 'not-yet'; why: string } | { is: 'never'; why: string };

const lookEveryMs = seconds(5);
const keptMs = hours(24 * 30);
/** What came to nothing so lately may not have been told by whoever led then; the outbox knows. */
const toldAgainMs = hours(1);

export const isAhead = ({ state }: ScheduledRun): boolean => state === 'waiting' || state === 'starting';

/** Says that a run will not start; by compare-and-set, so that it does not start at the same time. */
export async function giveUp(
  parts: { table: ScheduledTable; audit: Pick<Audit, 'record'>; notifier: Notifier; clock: Clock },
  { key, value, revision }: Stored<ScheduledRun>,
  state: 'cancelled' | 'missed',
  because: string,
  who: string,
): Promise<Result<void>> {
  const { table, audit, notifier, clock } = parts;
  const put = await table.put(key, { ...value, state, because, overAtMs: clock.nowMs() }, revision);
  if (!put.ok) return put;
  const over = { ...value, state, because };
  const at = new Date(value.atMs).toISOString();
  audit.record({
    who,
    what: 'scheduled run',
    detail: `${value.run} on ${value.cluster}, ${at}: ${state}: ${because}`,
    outcome: 'failed',
  });
  notifier.tell(noticeOf(over));
  return ok(undefined);
}

/** Of one that does not start. */
function noticeOf({ run, cluster, plan, atMs, operator, change, reason, state, because = '' }: ScheduledRun): Notice {
  const at = new Date(atMs).toISOString();
  return {
    kind: 'cancelled',
    cluster,
    run,
    subject: `${cluster}: the ${plan} scheduled for ${at} ${state === 'missed' ? 'was missed' : 'is cancelled'} (${run})`,
    text: [
      `The ${plan} of cluster ${cluster} that was to start at ${at} does not start. Nothing was touched.`,
      because,
      `Scheduled by: ${operator}`,
      ...(change === '' ? [] : [`Change: ${change}`]),
      ...(reason === '' ? [] : [`Reason: ${reason}`]),
    ].join('\n'),
    id: `${run} ${state}`,
  };
}

export function createRunTimer(parts: {
  table: ScheduledTable;
  audit: Pick<Audit, 'record'>;
  notifier: Notifier;
  clock: Clock;
  log: Log;
  /** Starts it, or finds that it has started. */
  start(scheduled: ScheduledRun): Promise<Tried>;
  /** Whether it has: a try that failed, or that nobody has seen the end of, may have started it. */
  hasStarted(scheduled: ScheduledRun): Promise<Result<boolean>>;
}): { look(): Promise<void>; keep(signal: AbortSignal): Promise<void> } {
  const { table, notifier, clock, log } = parts;
  /** Why the last try failed. */
  const hindrances = new Map<string, string>();
  let isFirstLook = true;

  const lookAt = async (stored: Stored<ScheduledRun>): Promise<Result<void>> => {
    const { key, value } = stored;
    const nowMs = clock.nowMs();
    if (!isAhead(value)) {
      const wasLately = nowMs - (value.overAtMs ?? value.atMs) < toldAgainMs;
      if (isFirstLook && wasLately && value.state !== 'started') notifier.tell(noticeOf(value));
      if (nowMs - (value.overAtMs ?? value.atMs) > keptMs) await table.delete(key, stored.revision);
      return ok(undefined);
    }
    if (nowMs < value.atMs) return ok(undefined);
    if (nowMs - value.atMs > graceMs) {
      const nobody =
        value.state === 'waiting'
          ? 'no coordinator was there to start it'
          : 'the coordinator that was to start it ended';
      return await endUnlessStarted(stored, 'missed', hindrances.get(key) ?? nobody);
    }
    let mine = stored;
    if (value.state === 'waiting') {
      const starting = { ...value, state: 'starting' as const };
      const put = await table.put(key, starting, stored.revision);
      if (!put.ok) return put;
      mine = { key, value: starting, revision: put.value };
    }
    const tried = await parts.start(value);
    switch (tried.is) {
      case 'started':
        return await keepStarted(mine);
      case 'never':
        return await endUnlessStarted(mine, 'cancelled', tried.why);
      case 'not-yet': {
        if (hindrances.get(key) !== tried.why)
          log.warn('a scheduled run cannot be started yet', { run: value.run, reason: tried.why });
        hindrances.set(key, tried.why);
        // Until the next try somebody may cancel it.
        const put = await table.put(key, { ...value, state: 'waiting' }, mine.revision);
        return put.ok ? ok(undefined) : put;
      }
    }
  };

  const keepStarted = async ({ key, value, revision }: Stored<ScheduledRun>): Promise<Result<void>> => {
    hindrances.delete(key);
    const put = await table.put(key, { ...value, state: 'started', overAtMs: clock.nowMs() }, revision);
    return put.ok ? ok(undefined) : put;
  };

  /** Nobody is told that nothing was touched before that is known. */
  const endUnlessStarted = async (
    stored: Stored<ScheduledRun>,
    state: 'cancelled' | 'missed',
    why: string,
  ): Promise<Result<void>> => {
    const begun = await parts.hasStarted(stored.value);
    if (!begun.ok) return begun;
    if (begun.value) return await keepStarted(stored);
    hindrances.delete(stored.key);
    return await giveUp(parts, stored, state, why, 'schedule');
  };

  const look = async (): Promise<void> => {
    const all = await table.list();
    if (!all.ok) return void log.warn('scheduled runs cannot be read', { reason: all.failure.message });
    for (const stored of all.value) {
      const looked = await lookAt(stored);
      // Changed meanwhile: what it is now is seen with the next look.
      if (!looked.ok && looked.failure.code !== 'conflict')
        log.warn('a scheduled run was not looked at', { run: stored.key, reason: looked.failure.message });
    }
    isFirstLook = false;
  };

  return {
    look,
    async keep(signal) {
      while (!signal.aborted) {
        await look().catch((error: unknown) =>
          log.error('a bug kept scheduled runs from being looked at', { error: String(error) }),
        );
        await clock.sleep(lookEveryMs, signal);
      }
    },
  };
}
