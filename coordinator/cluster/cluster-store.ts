// The clusters that were applied, kept on the bus: the file as it was written, and what it says.
import { type Failure, fail, failure, ok, type Result } from '../../shared/failures.ts';
import { canonicalJson } from '../../shared/hash.ts';
import type { Bus } from '../bus/bus.ts';
import { openStore, type Store } from '../bus/store.ts';
import type { Cluster } from './cluster.ts';
import { parseCluster } from './parse.ts';

export interface ClusterRecord {
  cluster: Cluster;
  fileName: string;
  text: string;
  appliedAtMs: number;
  appliedBy: string;
}

export interface ClusterStore {
  /** Fails with `not-found`, naming the clusters that there are. */
  get(name: string): Promise<Result<Cluster>>;
  list(): Promise<Result<ClusterRecord[]>>;
  /** Whether applying would change something; `conflict` when another cluster has one of the nodes. */
  judge(cluster: Cluster): Promise<Result<{ changed: boolean }>>;
  put(record: ClusterRecord): Promise<Result<void>>;
}

export async function openClusterStore(bus: Bus): Promise<Result<ClusterStore>> {
  const opened = await openStore<ClusterRecord>(bus, 'clusters');
  return opened.ok ? ok(clusterStore(opened.value)) : opened;
}

function clusterStore(store: Store<ClusterRecord>): ClusterStore {
  const understood = new Map<string, { text: string; cluster: Cluster }>();
  // What an earlier version has understood of a file lacks the keys that are newer than it.
  const understand = (record: ClusterRecord): ClusterRecord => {
    const known = understood.get(record.cluster.cluster);
    if (known?.text === record.text) return { ...record, cluster: known.cluster };
    const parsed = parseCluster(record.text, record.fileName);
    if (!parsed.ok) return record;
    understood.set(record.cluster.cluster, { text: record.text, cluster: parsed.value });
    return { ...record, cluster: parsed.value };
  };
  const list = async (): Promise<Result<ClusterRecord[]>> => {
    const all = await store.list();
    return all.ok ? ok(all.value.map(({ value }) => understand(value))) : all;
  };
  return {
    list,
    async get(name) {
      const all = await list();
      if (!all.ok) return all;
      const found = all.value.find(({ cluster }) => cluster.cluster === name);
      if (found) return ok(found.cluster);
      const names = all.value.map(({ cluster }) => cluster.cluster).join(', ');
      return fail(
        'not-found',
        `there is no cluster ${JSON.stringify(name)}; ${names ? `there are ${names}` : 'apply its file first: baton cluster apply FILE'}`,
      );
    },
    async judge(cluster) {
      const all = await list();
      if (!all.ok) return all;
      const taken = sharedNode(cluster, all.value);
      if (taken) return { ok: false, failure: taken };
      const old = all.value.find((record) => record.cluster.cluster === cluster.cluster);
      return ok({ changed: old === undefined || canonicalJson(old.cluster) !== canonicalJson(cluster) });
    },
    async put(record) {
      const written = await store.put(record.cluster.cluster, record);
      return written.ok ? ok(undefined) : written;
    },
  };
}

/** A node in two clusters could be worked on by two runs at once: the lock is the cluster's. */
function sharedNode(cluster: Cluster, all: ClusterRecord[]): Failure | undefined {
  for (const { cluster: other } of all) {
    if (other.cluster === cluster.cluster) continue;
    const node = cluster.nodes.find(({ name }) => other.nodes.some((one) => one.name === name));
    if (node) return failure('conflict', `${node.name} belongs to cluster ${other.cluster} already`);
  }
  return undefined;
}
