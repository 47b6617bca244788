import assert from 'node:assert/strict';
import { Metadata, status } from '@grpc/grpc-js';
import { FetchBroken } from '../../../agent/actions/fetch-broken.ts';
import type { Identity } from '../../../agent/enrol/identity-files.ts';
import type { FleetClient } from '../../../agent/link/coordinators.ts';
import { fetchFromAny } from '../../../agent/link/fetch.ts';
import { failure } from '../../../shared/failures.ts';
import { failureToStatus } from '../../../shared/rpc/status.ts';

const identity = {
  ...{ name: 'n1', role: 'master', key: '', certificate: '', authority: '' },
  coordinators: ['c1:1', 'c2:2', 'c3:3'],
} satisfies Identity;
const missing = failureToStatus(failure('not-found', 'no installer is stored at this coordinator'));

describe('Where an installer is fetched from', () => {
  let asked: string[];
  /** What each coordinator has: bytes, nothing, or no answer at all. */
  let has: Record<string, string | undefined | 'away'>;
  beforeEach(() => {
    asked = [];
  });

  const connect = (address: string): FleetClient =>
    ({
      close: () => undefined,
      fetchRelease: ({ offsetBytes }: { offsetBytes: number }) => {
        asked.push(address);
        async function* chunks() {
          const content = has[address];
          if (content === 'away')
            throw Object.assign(new Error('away'), { code: status.UNAVAILABLE, details: '', metadata: new Metadata() });
          if (content === undefined) throw Object.assign(new Error('missing'), missing);
          for (let at = offsetBytes; at < content.length; at += 2)
            yield { offsetBytes: at, data: Buffer.from(content.slice(at, at + 2)) };
        }
        return Object.assign(chunks(), { cancel: () => undefined });
      },
    }) as unknown as FleetClient;
  const fetch = async (offsetBytes = 0): Promise<string> => {
    const sources = { client: connect('c1:1'), connectedTo: 'c1:1', identity, connect };
    const parts: Uint8Array[] = [];
    for await (const data of fetchFromAny(sources, { sha256: 'a', offsetBytes }, new AbortController().signal))
      parts.push(data);
    return Buffer.concat(parts).toString();
  };

  it('is the coordinator that is connected, and nobody else while it has it', async () => {
    has = { 'c1:1': 'installer' };
    assert.equal(await fetch(4), 'aller');
    assert.deepEqual(asked, ['c1:1']);
  });

  it('is another one where that has not got it, past one that is away', async () => {
    has = { 'c1:1': undefined, 'c2:2': 'away', 'c3:3': 'installer' };
    assert.equal(await fetch(), 'installer');
    assert.deepEqual(asked, ['c1:1', 'c2:2', 'c3:3']);
  });

  it('is nowhere when none has it: the first one’s answer says so and what to do, and it is not tried again', async () => {
    has = { 'c1:1': undefined, 'c2:2': 'away', 'c3:3': undefined };
    await assert.rejects(fetch(), (error: unknown) => {
      assert.ok(error instanceof FetchBroken);
      assert.equal(error.failure.code, 'not-found');
      assert.equal(error.failure.retryable, false);
      assert.match(error.failure.message, /no installer is stored/);
      return true;
    });
  });

  it('does not leave a coordinator that only breaks off: the next try goes on where it ended', async () => {
    has = { 'c1:1': 'away', 'c2:2': 'installer' };
    await assert.rejects(fetch(), (error: unknown) => error instanceof FetchBroken && error.failure.retryable);
    assert.deepEqual(asked, ['c1:1']);
  });
});
