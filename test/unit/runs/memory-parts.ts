// Journal, lock and artefacts in memory, with the same rules as on the bus. What is in them outlives a process that a test
// lets die: every process has its own door, and a dead one's calls are never answered.
import { randomUUID } from 'node:crypto';
import type { Artefacts } from '../../../coordinator/journal/artefacts.ts';
import { encodeEvent, headOf, type StoredEvent, verifyChain } from '../../../coordinator/journal/chain.ts';
import type { ClusterLog } from '../../../coordinator/journal/cluster-log.ts';
import type { ClusterFact } from '../../../coordinator/journal/event.ts';
import type { Journal } from '../../../coordinator/journal/journal.ts';
import type { Refusal, Refusals } from '../../../coordinator/runs/refusals.ts';
import { fail, failure, ok, type Result } from '../../../shared/failures.ts';
import { sha256Hex } from '../../../shared/hash.ts';

/** Something that a process does from outside memory; true kills the process before or after it is done. */
export type Fate = (what: string) => 'go on' | 'die before' | 'die after';

export class Memory {
  readonly refused = new Map<string, Refusal>();
  readonly refusals: Refusals = {
    get: async (run) => ok(this.refused.get(run)),
    list: async () => ok([...this.refused.values()]),
    put: async (refusal) => {
      this.refused.set(refusal.run, refusal);
      return ok(undefined);
    },
  };
  readonly runs = new Map<string, string[]>();
  readonly clusters = new Map<string, ClusterFact[]>();
  readonly artefacts = new Map<string, Buffer>();
  /** The disk with the journals takes nothing. */
  isFull = false;
  private readonly followers = new Set<{ run: string; tell(stored: StoredEvent): void }>();

  /** What one process sees; `onDeath` is told when fate lets it die. */
  door(
    fate: Fate = () => 'go on',
    onDeath: () => void = () => undefined,
    delay: (what: string) => Promise<void> = async () => undefined,
  ) {
    let isDead = false;
    const never = new Promise<never>(() => undefined);
    const die = (): Promise<never> => {
      isDead = true;
      onDeath();
      return never;
    };
    const through = async <T>(what: string, act: () => T): Promise<T> => {
      await delay(what);
      if (isDead) return never;
      const fated = fate(what);
      if (fated === 'die before') return die();
      const done = act();
      return fated === 'die after' ? die() : done;
    };
    return {
      isDead: () => isDead,
      through,
      journal: this.journal(through),
      clusterLog: this.clusterLog(through),
      artefacts: this.store(through),
    };
  }

  private journal(through: <T>(what: string, act: () => T) => Promise<T>): Journal {
    return {
      runs: async () => ok([...this.runs.keys()].sort()),
      read: (run, knownHeads = []) =>
        through('read', () => {
          const verified = verifyChain(run, this.runs.get(run) ?? [], knownHeads);
          return verified.ok ? ok(verified.events) : fail('damaged', `event ${verified.damage.sequence}`);
        }),
      salvage: (run) =>
        through('read', () => {
          const verified = verifyChain(run, this.runs.get(run) ?? []);
          return ok(verified.ok ? { events: verified.events } : { events: verified.whole, damage: verified.damage });
        }),
      append: ({ run, head, epoch, atMs, fact }) =>
        through(`append ${fact.type}`, () => {
          if (this.isFull) return { status: 'failed' as const, failure: failure('no-space', '/var/lib/baton is full') };
          const records = this.runs.get(run) ?? [];
          const verified = verifyChain(run, records);
          if (!verified.ok) throw new Error('the memory is damaged');
          const last = verified.events.at(-1)?.event.epoch ?? 0;
          if (headOf(verified.events).hash !== head.hash)
            return last > epoch ? { status: 'deposed' as const, epoch: last } : { status: 'behind' as const };
          const stored = encodeEvent({
            schema: 1,
            id: randomUUID(),
            run,
            sequence: head.sequence + 1,
            previous: head.hash,
            epoch,
            atMs,
            fact,
          });
          this.runs.set(run, [...records, stored.bytes]);
          for (const follower of this.followers) if (follower.run === run) follower.tell(stored);
          return { status: 'appended' as const, stored };
        }),
      follow: async (run, afterSequence, listener) => {
        const follower = { run, tell: listener };
        for (const bytes of (this.runs.get(run) ?? []).slice(afterSequence)) listener(encodeEvent(JSON.parse(bytes)));
        this.followers.add(follower);
        return ok(() => void this.followers.delete(follower));
      },
    };
  }

  private clusterLog(through: <T>(what: string, act: () => T) => Promise<T>): ClusterLog {
    const factsOf = (cluster: string) => this.clusters.get(cluster) ?? [];
    const holderOf = (cluster: string) => {
      const last = factsOf(cluster).at(-1);
      return last?.type === 'RunOpened' ? last : undefined;
    };
    return {
      open: (cluster, fact) =>
        through('open', (): Result<void> => {
          const holder = holderOf(cluster);
          if (holder?.run === fact.run) return ok(undefined);
          if (holder?.run !== fact.after) return fail('conflict', `run ${holder?.run ?? ''} holds cluster ${cluster}`);
          this.clusters.set(cluster, [...factsOf(cluster), fact]);
          return ok(undefined);
        }),
      close: (cluster, fact) =>
        through('close', (): Result<void> => {
          if (this.isFull) return fail('no-space', '/var/lib/baton is full');
          if (holderOf(cluster)?.run === fact.run) this.clusters.set(cluster, [...factsOf(cluster), fact]);
          return ok(undefined);
        }),
      holder: async (cluster) => ok(holderOf(cluster)),
      clusters: async () => ok([...this.clusters.keys()]),
    };
  }

  private store(through: <T>(what: string, act: () => T) => Promise<T>): Artefacts {
    return {
      put: (content) =>
        through('put', () => {
          const name = sha256Hex(content);
          this.artefacts.set(name, Buffer.from(content));
          return ok(name);
        }),
      get: async (name) => {
        const content = this.artefacts.get(name);
        return content === undefined ? fail('not-found', name) : ok(content);
      },
    };
  }
}
