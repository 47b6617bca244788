// What the simulated bus keeps of a site: nodes and cluster at its beginning, and what of it is looked at from outside.
import type { NodeRecord } from '../../../coordinator/fleet/tables.ts';
import type { RunEvent } from '../../../coordinator/journal/event.ts';
import type { Refusal } from '../../../coordinator/runs/refusals.ts';
import { canonicalJson } from '../../../shared/hash.ts';
import { formatKey } from '../../../shared/key.ts';
import { profile } from '../../unit/plans/compiled.ts';
import type { BusServer } from './bus-server.ts';
import { cluster } from './world.ts';

export interface CoordinatorPutBack {
  /** How far the journals were in the copy. */
  journaled: Record<string, number>;
  /** How many records the nodes had when it came back. */
  records: number;
  /** Keys that were journaled and are gone: a node may begin one that was on its way to it. */
  lostIntents: Set<string>;
}

/** Every node joined, the cluster applied. */
export function fillTables(server: BusServer): void {
  for (const { name, role } of cluster.nodes) {
    const record: NodeRecord = {
      ...{ name, role, serial: `serial-${name}`, joinedAtMs: 1, revokedAtMs: 0, hasConnected: false },
      ...{ agentVersion: '', lastSeenMs: 0, ledger: { generation: '', counter: 0 }, profile },
    };
    putRecord(server, 'nodes', name, record);
  }
  const applied = { cluster, fileName: 'lab.yaml', text: '', appliedAtMs: 1, appliedBy: 'ana' };
  putRecord(server, 'clusters', cluster.cluster, applied);
}

export function putRecord(server: BusServer, table: string, key: string, record: unknown): void {
  server.put(server.openTable(table, false), key, Buffer.from(canonicalJson(record)), 'PUT');
}

export function recordsIn<T>(server: BusServer, table: string): T[] {
  const entries = [...(server.tables.get(table)?.entries.values() ?? [])];
  return entries
    .filter(({ operation }) => operation === 'PUT')
    .map(({ data }) => JSON.parse(Buffer.from(data).toString()) as T);
}

/** How many events each run's journal has. */
export function journaledIn(server: BusServer): Record<string, number> {
  const journals = [...server.streams].filter(([name]) => name.startsWith('RUN_'));
  return Object.fromEntries(journals.map(([name, { messages }]) => [name.slice('RUN_'.length), messages.length]));
}

/** The key of every intent that is journaled. */
export function intentsIn(server: BusServer): Set<string> {
  const journals = [...server.streams].filter(([name]) => name.startsWith('RUN_'));
  const events = journals.flatMap(([, { messages }]) =>
    messages.map(({ data }) => JSON.parse(Buffer.from(data).toString()) as RunEvent),
  );
  const keys = events.flatMap(({ run, fact }) =>
    fact.type === 'StepStarted' ? [formatKey({ run, step: fact.item, phase: fact.phase, attempt: fact.attempt })] : [],
  );
  return new Set(keys);
}

/** Runs that go no further because their journal was put back: whether an operator has closed them. */
export function refusedRuns(server: BusServer): { run: string; isClosed: boolean }[] {
  return recordsIn<Refusal>(server, 'refused-runs').map(({ run, closed }) => ({ run, isClosed: closed !== undefined }));
}
