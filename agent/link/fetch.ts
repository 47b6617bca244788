// Fetches an installer: over the connection that is there, and where that coordinator does not have it, from the others,
// since each keeps on its own disk what was uploaded to it.
import type { ServiceError } from '@grpc/grpc-js';
import { failure } from '../../shared/failures.ts';
import { failureFromError } from '../../shared/rpc/status.ts';
import { FetchBroken } from '../actions/fetch-broken.ts';
import type { Identity } from '../enrol/identity-files.ts';
import type { FleetClient } from './coordinators.ts';

const stallMs = 30_000;
const final = ['not-found', 'unauthorized', 'bad-input', 'checksum-mismatch'];

export interface Sources {
  /** Of the open stream; undefined while there is none. */
  client: FleetClient | undefined;
  connectedTo: string;
  identity: Identity | undefined;
  connect(coordinator: string, identity: Identity): FleetClient;
}

interface Wanted {
  sha256: string;
  offsetBytes: number;
}

/** The bytes from an offset on, from the first coordinator that has them; throws FetchBroken where it breaks off. */
export async function* fetchFromAny(
  { client, connectedTo, identity, connect }: Sources,
  wanted: Wanted,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (client === undefined)
    throw new FetchBroken(failure('unreachable', 'no coordinator is connected', { retryable: true }));
  let missing: FetchBroken;
  try {
    return yield* fetchFrom(client, wanted, signal);
  } catch (error) {
    if (!isMissing(error)) throw error;
    missing = error;
  }
  for (const address of identity?.coordinators ?? []) {
    if (identity === undefined || address === connectedTo || signal.aborted) continue;
    const other = connect(address, identity);
    let gotSome = false;
    try {
      for await (const data of fetchFrom(other, wanted, signal)) {
        gotSome = true;
        yield data;
      }
      return;
    } catch (error) {
      // One that is away or has not got it either says no more than the first did.
      if (gotSome) throw error;
    } finally {
      other.close();
    }
  }
  throw missing;
}

function isMissing(error: unknown): error is FetchBroken {
  return error instanceof FetchBroken && error.failure.code === 'not-found';
}

async function* fetchFrom(client: FleetClient, wanted: Wanted, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const call = client.fetchRelease(wanted);
  const cancel = () => call.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  let stall = setTimeout(cancel, stallMs);
  let expectedBytes = wanted.offsetBytes;
  try {
    for await (const chunk of call) {
      clearTimeout(stall);
      if (chunk.offsetBytes !== expectedBytes)
        throw new FetchBroken(failure('unexpected-output', 'the coordinator sent a chunk of another place'));
      expectedBytes += chunk.data.length;
      yield chunk.data;
      stall = setTimeout(cancel, stallMs);
    }
  } catch (error) {
    if (error instanceof FetchBroken) throw error;
    const failed = failureFromError(error as ServiceError);
    throw new FetchBroken({ ...failed, retryable: !final.includes(failed.code) });
  } finally {
    clearTimeout(stall);
    signal.removeEventListener('abort', cancel);
    call.cancel();
  }
}
