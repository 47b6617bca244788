// The journal as runs may go on with it: compared, whenever it is read, with the heads that the agents of its cluster
// hold. A journal that lacks one of them is refused from then on; the journals of other runs are as they were.
import type { Clock } from '../../shared/clock.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import type { Log } from '../../shared/log.ts';
import type { HeldHead } from '../fleet/held-heads.ts';
import type { StoredEvent } from '../journal/chain.ts';
import type { Journal } from '../journal/journal.ts';
import { type Refusal, type Refusals, refusalText } from './refusals.ts';

export interface GuardParts {
  journal: Journal;
  refusals: Refusals;
  /** What the agents of all nodes hold. */
  heldHeads(): Promise<Result<HeldHead[]>>;
  /** Names of a cluster's nodes; none where there is no such cluster. */
  nodesOf(cluster: string): Promise<Result<string[]>>;
  /** The cluster of a node. */
  clusterOf(node: string): Promise<Result<string | undefined>>;
  clock: Clock;
  log: Log;
}

export interface GuardedJournal extends Journal {
  /** Looks at every run that agents of these nodes hold a head of. */
  examine(nodes: readonly string[]): Promise<Result<void>>;
  /** Why no run may be opened on a cluster: one was lost or cut there, and nobody has closed it. */
  whyNotOpen(cluster: string): Promise<Result<string | undefined>>;
}

type Found = Pick<Refusal, 'cluster' | 'finding'> & { sequence: number };

export function guardJournal(parts: GuardParts): GuardedJournal {
  const { journal, refusals, clock, log } = parts;

  /** Runs whose end was read: what a node says of them by closing them is known. */
  const ended = new Set<string>();

  const guarded: Journal = {
    ...journal,
    async read(run, knownHeads) {
      const refused = await refusals.get(run);
      if (!refused.ok) return refused;
      if (refused.value !== undefined) return fail('damaged', refusalText(refused.value));
      const read = await journal.read(run, knownHeads);
      if (!read.ok) return read;
      if (hasEnd(read.value)) {
        ended.add(run);
        return read;
      }
      const held = await heldOf(run);
      if (!held.ok) return held;
      const first = await findingOf(read.value, held.value);
      if (!first.ok) return first;
      if (first.value === undefined) return read;
      // They may have been told of what came after the reading: only what was told before it must be there.
      const again = await journal.read(run, knownHeads);
      if (!again.ok) return again;
      const found = await findingOf(again.value, held.value);
      if (!found.ok) return found;
      if (found.value === undefined) return again;
      const refusal = { run, ...found.value, atMs: clock.nowMs() };
      const put = await refusals.put(refusal);
      if (!put.ok) return put;
      log.error('a run is refused', { run, reason: refusal.finding });
      return fail('damaged', refusalText(refusal));
    },
  };

  const heldOf = async (run: string): Promise<Result<HeldHead[]>> => {
    const all = await parts.heldHeads();
    return all.ok ? ok(all.value.filter((head) => head.run === run)) : all;
  };

  const findingOf = async (events: StoredEvent[], held: HeldHead[]): Promise<Result<Found | undefined>> => {
    const started = events[0]?.event.fact;
    // A run of which nothing is left and that is over on its node holds nothing.
    const first = held.find(({ isClosed }) => started?.type === 'RunStarted' || !isClosed);
    if (first === undefined) return ok(undefined);
    if (started?.type !== 'RunStarted') {
      const cluster = await parts.clusterOf(first.node);
      if (!cluster.ok) return cluster;
      const finding = `event 1 is missing: ${first.node} was told of ${first.sequence} events, there is no journal`;
      // A node of no cluster has no say in anything.
      return ok(cluster.value === undefined ? undefined : { cluster: cluster.value, finding, sequence: 1 });
    }
    const nodes = await parts.nodesOf(started.cluster);
    if (!nodes.ok) return nodes;
    for (const head of held.toSorted((a, b) => a.sequence - b.sequence)) {
      const lack = nodes.value.includes(head.node) ? lackIn(events, head) : undefined;
      if (lack !== undefined) return ok({ cluster: started.cluster, ...lack });
    }
    return ok(undefined);
  };

  return {
    ...guarded,
    async examine(nodes) {
      const held = await parts.heldHeads();
      if (!held.ok) return held;
      const theirs = held.value.filter(
        ({ node, run, isClosed }) => nodes.includes(node) && !(isClosed && ended.has(run)),
      );
      for (const run of new Set(theirs.map((head) => head.run))) {
        const read = await guarded.read(run);
        if (!read.ok && read.failure.code !== 'damaged') return read;
      }
      return ok(undefined);
    },
    async whyNotOpen(cluster) {
      const nodes = await parts.nodesOf(cluster);
      if (!nodes.ok) return nodes;
      const examined = await this.examine(nodes.value);
      if (!examined.ok) return examined;
      const all = await refusals.list();
      if (!all.ok) return all;
      const open = all.value.find((refusal) => refusal.cluster === cluster && refusal.closed === undefined);
      return ok(open && refusalText(open));
    },
  };
}

/** What a journal lacks of what an agent was told, with the event's number. */
function lackIn(
  events: StoredEvent[],
  { node, sequence, hash, isClosed }: HeldHead,
): Omit<Found, 'cluster'> | undefined {
  const there = events[sequence - 1];
  const next = events.length + 1;
  const missing = (why: string) => ({ finding: `event ${next} is missing: ${why}`, sequence: next });
  if (there === undefined) return missing(`${node} was told of ${sequence} events, there are ${events.length}`);
  if (there.hash !== hash) return { finding: `event ${sequence} is not the one that ${node} was told of`, sequence };
  if (isClosed && !hasEnd(events)) return missing(`${node} was told that the run is over, there is no end of it`);
  return undefined;
}

const hasEnd = (events: StoredEvent[]): boolean => events.some(({ event }) => event.fact.type === 'RunEnded');
