// Making a stream and reading single messages: the few JetStream calls that journals, locks and artefacts share.
import { JetStreamApiError, RetentionPolicy, StorageType, type StoredMsg } from '@nats-io/jetstream';
import { ok, type Result } from '../../shared/failures.ts';
import type { Bus } from '../bus/bus.ts';
import { busFailure } from '../bus/failure.ts';

const streamNameInUse = 10058;
const streamNotFound = 10059;
const messageNotFound = 10037;

/** Makes a stream, on disk unless told otherwise, that keeps everything, or within limits the newest; one that is there stays as it is. */
export async function ensureStream(
  bus: Bus,
  name: string,
  subjects: string[],
  options: { maxAgeMs?: number; sizeBytesMax?: number; messagesMax?: number; isInMemory?: boolean } = {},
): Promise<Result<void>> {
  try {
    await bus.jsm.streams.add({
      name,
      subjects,
      storage: options.isInMemory ? StorageType.Memory : StorageType.File,
      retention: RetentionPolicy.Limits,
      max_bytes: options.sizeBytesMax ?? -1,
      max_msgs: options.messagesMax ?? -1,
      max_age: (options.maxAgeMs ?? 0) * 1_000_000,
      num_replicas: bus.replicas,
      deny_delete: true,
      deny_purge: true,
      allow_direct: false,
    });
    return ok(undefined);
  } catch (error) {
    // The number of copies may have been changed by the operator of an external cluster.
    if (error instanceof JetStreamApiError && error.code === streamNameInUse) return ok(undefined);
    return { ok: false, failure: busFailure(error, `stream ${name}`) };
  }
}

/** What follows `prefix` in the names of the streams with this subject, sorted. */
export async function streamNames(bus: Bus, subject: string, prefix: string): Promise<Result<string[]>> {
  try {
    const names: string[] = [];
    for await (const name of bus.jsm.streams.names(subject))
      if (name.startsWith(prefix)) names.push(name.slice(prefix.length));
    return ok(names.sort());
  } catch (error) {
    return { ok: false, failure: busFailure(error, `list of streams ${prefix}`) };
  }
}

/** Number of the newest message; 0 when the stream is empty or not there. */
export async function lastSequence(bus: Bus, name: string): Promise<Result<number>> {
  try {
    return ok((await bus.jsm.streams.info(name)).state.last_seq);
  } catch (error) {
    if (isMissing(error)) return ok(0);
    return { ok: false, failure: busFailure(error, `stream ${name}`) };
  }
}

/** One message by number, or the newest of a subject; undefined when it is not there. */
export async function readMessage(
  bus: Bus,
  name: string,
  query: { seq: number } | { last_by_subj: string },
): Promise<Result<StoredMsg | undefined>> {
  try {
    return ok((await bus.jsm.streams.getMessage(name, query)) ?? undefined);
  } catch (error) {
    if (isMissing(error)) return ok(undefined);
    return { ok: false, failure: busFailure(error, `stream ${name}`) };
  }
}

/** All messages up to `last`, each undefined where it is missing. */
export async function readMessages(bus: Bus, name: string, last: number): Promise<Result<(StoredMsg | undefined)[]>> {
  const messages: (StoredMsg | undefined)[] = [];
  const batch = 64;
  for (let from = 1; from <= last; from += batch) {
    const sequences = Array.from({ length: Math.min(batch, last - from + 1) }, (_, index) => from + index);
    const results = await Promise.all(sequences.map((seq) => readMessage(bus, name, { seq })));
    for (const result of results) {
      if (!result.ok) return result;
      messages.push(result.value);
    }
  }
  return ok(messages);
}

function isMissing(error: unknown): boolean {
  return error instanceof JetStreamApiError && [streamNotFound, messageNotFound].includes(error.code);
}
