// Content-addressed storage for what is too large for an event: plans, logs, samples. Durable before the event that
// cites it. Chunks first, the entry that makes it complete last, so half an artefact is no artefact.
import { fail, ok, type Result } from '../../shared/failures.ts';
import { sha256Hex } from '../../shared/hash.ts';
import type { Bus } from '../bus/bus.ts';
import { busFailure } from '../bus/failure.ts';
import { ensureStream, readMessage } from './streams.ts';

export interface Artefacts {
  /** Stores and gives the SHA-256 that it is known by. Storing twice is storing once. */
  put(content: string | Uint8Array): Promise<Result<string>>;
  /** The content, compared with its name; fails with `not-found` or `damaged`. */
  get(sha256: string): Promise<Result<Buffer>>;
}

const chunkBytesMax = 512 * 1024;
const streamOf = (sha256: string): string => `ARTEFACT_${sha256}`;
const subjectOf = (sha256: string, part: string): string => `baton.content.${sha256}.${part}`;
/** Where the first versions kept all of them. */
const early = { stream: 'ARTEFACTS', subjectOf: (sha256: string, part: string) => `baton.artefact.${sha256}.${part}` };

/** Opens the storage on a bus. */
export function openArtefacts(bus: Bus): Artefacts {
  const read = async (sha256: string, part: string): Promise<Result<Uint8Array | undefined>> => {
    const message = await readMessage(bus, streamOf(sha256), { last_by_subj: subjectOf(sha256, part) });
    if (!message.ok) return message;
    if (message.value !== undefined) return ok(message.value.data);
    const earlier = await readMessage(bus, early.stream, { last_by_subj: early.subjectOf(sha256, part) });
    return earlier.ok ? ok(earlier.value?.data) : earlier;
  };

  const get = async (sha256: string): Promise<Result<Buffer>> => {
    const complete = await read(sha256, 'complete');
    if (!complete.ok) return complete;
    if (complete.value === undefined) return fail('not-found', `there is no artefact ${sha256}`);
    const { chunks } = JSON.parse(Buffer.from(complete.value).toString()) as { chunks: number };
    const parts: Uint8Array[] = [];
    for (let index = 0; index < chunks; index += 1) {
      const part = await read(sha256, String(index));
      if (!part.ok) return part;
      if (part.value === undefined) return fail('damaged', `artefact ${sha256}: part ${index} of ${chunks} is missing`);
      parts.push(part.value);
    }
    const bytes = Buffer.concat(parts);
    if (sha256Hex(bytes) !== sha256) return fail('damaged', `artefact ${sha256}: its content is another one`);
    return ok(bytes);
  };

  return {
    get,
    async put(content) {
      const bytes = Buffer.from(content);
      const sha256 = sha256Hex(bytes);
      // One that was damaged since is stored again.
      const there = await get(sha256);
      if (there.ok) return ok(sha256);
      if (!['not-found', 'damaged'].includes(there.failure.code)) return there;
      const made = await ensureStream(bus, streamOf(sha256), [subjectOf(sha256, '*')]);
      if (!made.ok) return made;
      const chunks = Math.ceil(bytes.length / chunkBytesMax);
      try {
        for (let index = 0; index < chunks; index += 1)
          await bus.js.publish(
            subjectOf(sha256, String(index)),
            bytes.subarray(index * chunkBytesMax, (index + 1) * chunkBytesMax),
          );
        await bus.js.publish(subjectOf(sha256, 'complete'), JSON.stringify({ chunks }));
        return ok(sha256);
      } catch (error) {
        return { ok: false, failure: busFailure(error, `artefact ${sha256.slice(0, 12)}`) };
      }
    },
  };
}
