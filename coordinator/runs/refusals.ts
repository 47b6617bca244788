// Runs that go no further, for ever, because their journal lacks what agents hold or cannot be read; and which of them
// were closed by a person. Kept beside the journals, since nothing is appended to a journal that is not whole.
import { ok, type Result } from '../../shared/failures.ts';
import type { Bus } from '../bus/bus.ts';
import { openStore } from '../bus/store.ts';

export interface Refusal {
  run: string;
  /** Empty where nothing tells. */
  cluster: string;
  /** What was found, with the event's number. */
  finding: string;
  /** That number; undefined where the journal itself is whole. */
  sequence?: number;
  atMs: number;
  /** The cluster was given back, after people have looked. */
  closed?: { by: string; reason: string; atMs: number };
}

export interface Refusals {
  get(run: string): Promise<Result<Refusal | undefined>>;
  list(): Promise<Result<Refusal[]>>;
  put(refusal: Refusal): Promise<Result<void>>;
}

/** What an operator reads of a refused run. */
export function refusalText({ run, finding, closed }: Refusal): string {
  const found = `run ${run}: ${finding}; its journal was cut, damaged or put back to an older copy, and nothing is appended to it`;
  return closed === undefined
    ? `${found}. Look at what ran on its nodes and keep baton run export ${run}; then baton run abort ${run} gives the cluster back`
    : `${found}. ${closed.by} gave the cluster back at ${new Date(closed.atMs).toISOString()}`;
}

export async function openRefusals(bus: Bus): Promise<Result<Refusals>> {
  const opened = await openStore<Refusal>(bus, 'refused-runs');
  if (!opened.ok) return opened;
  const store = opened.value;
  return ok({
    async get(run) {
      const stored = await store.get(run);
      return stored.ok ? ok(stored.value?.value) : stored;
    },
    async list() {
      const all = await store.list();
      return all.ok ? ok(all.value.map(({ value }) => value)) : all;
    },
    async put(refusal) {
      const written = await store.put(refusal.run, refusal);
      return written.ok ? ok(undefined) : written;
    },
  });
}
