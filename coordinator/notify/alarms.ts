// Looks after what no run tells of: failover that is suspended beyond its deadline, and nodes whose agent stays away. Only of
// clusters that have somebody to be told. It changes nothing.
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { formatDuration, minutes } from '../../shared/units.ts';
import { answerOf, isFailure, type NodePresence } from '../checks/check.ts';
import { type Cluster, nodeOf } from '../cluster/cluster.ts';
import type { ClusterStore } from '../cluster/cluster-store.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Notice, Notifier } from './notice.ts';

const lookEveryMs = minutes(1);
const readTimeoutMs = 10_000;
/** Shorter absences are reboots and restarts. */
const awayMs = minutes(3);
/** I7: an alarm at the deadline, and again as long as it lasts. */
const repeatMs = minutes(15);

/** The alarm of a suspension, if it is beyond its deadline. */
export function overdueSuspension(
  cluster: string,
  state: { suspended: boolean; deadlineMs: number; run: string },
  nowMs: number,
): Notice | undefined {
  const lateMs = nowMs - state.deadlineMs;
  if (!state.suspended || state.deadlineMs <= 0 || lateMs < 0) return undefined;
  const of = state.run === '' ? '' : ` by run ${state.run}`;
  return {
    kind: 'alarm',
    cluster,
    ...(state.run !== '' && { run: state.run }),
    subject: `${cluster}: failover is suspended beyond its deadline`,
    text: [
      `Failover of cluster ${cluster} is suspended${of}; its deadline was ${new Date(state.deadlineMs).toISOString()}, ${formatDuration(lateMs)} ago.`,
      'Nothing takes over if the master fails now.',
      ...(state.run === '' ? [] : [`What the run waits for: baton run show ${state.run}`]),
      `Armed again, where no run needs it suspended: baton failover arm ${cluster}`,
    ].join('\n'),
    id: `suspension ${state.deadlineMs} ${Math.floor(lateMs / repeatMs)}`,
  };
}

/** The alarm of a node whose agent has been away for a while, or the word that it is back. */
export function absence(cluster: string, node: NodePresence, wasAway: boolean, nowMs: number): Notice | undefined {
  if (!node.joined || node.revoked === true) return undefined;
  const about = { kind: 'alarm' as const, cluster };
  const name = node.node;
  if (node.connected)
    return wasAway
      ? {
          ...about,
          subject: `${cluster}: the agent of ${name} is back`,
          text: `The agent of ${name} is connected again.`,
        }
      : undefined;
  if (nowMs - node.lastSeenMs < awayMs) return undefined;
  const since = new Date(node.lastSeenMs).toISOString();
  return {
    ...about,
    subject: `${cluster}: the agent of ${name} is lost`,
    text: [
      node.refusal ?? `Nothing was heard of the agent of ${name} since ${since}.`,
      `On ${name}: systemctl status baton-agent; baton-agent status`,
    ].join('\n'),
    id: `away ${name} ${node.lastSeenMs}`,
  };
}

export function createAlarms(parts: {
  clusters: Pick<ClusterStore, 'list'>;
  fleet: Pick<Fleet, 'read' | 'presence'>;
  notifier: Notifier;
  clock: Clock;
  log: Log;
}): { look(): Promise<void>; keep(signal: AbortSignal): Promise<void> } {
  const { clusters, fleet, notifier, clock, log } = parts;
  /** Nodes of which it was told that they are away. */
  const away = new Set<string>();
  /** By what it is about, the id of what was told last: who is told once need not be told each minute. */
  const lastTold = new Map<string, string>();
  const startedAtMs = clock.monotonicMs();
  const tellOnce = (about: string, notice: Notice): void => {
    if (notice.id !== undefined && lastTold.get(about) === notice.id) return;
    lastTold.set(about, notice.id ?? '');
    notifier.tell(notice);
  };

  const lookAt = async (cluster: Cluster, presence: NodePresence[]): Promise<void> => {
    const names = cluster.nodes.map(({ name }) => name);
    for (const node of presence.filter((one) => names.includes(one.node))) {
      const notice = absence(cluster.cluster, node, away.has(node.node), clock.nowMs());
      if (node.connected) away.delete(node.node);
      else if (notice !== undefined) away.add(node.node);
      if (notice !== undefined) tellOnce(`away ${node.node}`, notice);
    }
    const observer = nodeOf(cluster, 'observer').name;
    if (!presence.some(({ node, connected }) => node === observer && connected)) return;
    const { units } = cluster.observer;
    const state = answerOf(await fleet.read(observer, { kind: 'readFailover', units }, readTimeoutMs), 'readFailover');
    const overdue = isFailure(state) ? undefined : overdueSuspension(cluster.cluster, state, clock.nowMs());
    if (overdue !== undefined) tellOnce(`suspension ${cluster.cluster}`, overdue);
  };

  const look = async (): Promise<void> => {
    // A coordinator that has just begun to lead gives agents time to come back.
    if (clock.monotonicMs() - startedAtMs < awayMs) return;
    const all = await clusters.list();
    if (!all.ok) return void log.warn('alarms were not looked for', { reason: all.failure.message });
    const told = all.value.filter(({ cluster }) => cluster.notify?.events.includes('alarm'));
    if (told.length === 0) return;
    const presence = await fleet.presence();
    await Promise.all(told.map(({ cluster }) => lookAt(cluster, presence)));
  };

  return {
    look,
    async keep(signal) {
      while (!signal.aborted) {
        await clock.sleep(lookEveryMs, signal);
        if (signal.aborted) return;
        await look().catch((error: unknown) =>
          log.error('a bug kept alarms from being looked for', { error: String(error) }),
        );
      }
    },
  };
}
