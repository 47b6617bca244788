import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { parseParameters } from '../../../coordinator/plans/parameters.ts';
import { openReleaseStore } from '../../../coordinator/releases/release-store.ts';
import { sha256Hex } from '../../../shared/hash.ts';
import { type Fixture, must, refusal, startFixture, TestClient } from './fleet-fixture.ts';

describe('installers', () => {
  let fixture: Fixture;
  let node: TestClient;
  const content = randomBytes(3 * 1024 * 1024 + 17);
  const sha256 = sha256Hex(content);
  const name = 'MotadataServiceOpsCommonUpgrade_V870';

  before(async () => {
    fixture = await startFixture();
    node = new TestClient(fixture, await fixture.join('n1'));
  });
  after(async () => {
    node.close();
    await fixture.stop();
  });

  async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
  }
  const add = (more: Partial<{ name: string; sha256: string; sizeBytes: number; bytes: Buffer }> = {}) =>
    fixture.releases.add({
      name: more.name ?? name,
      sha256: more.sha256 ?? sha256,
      sizeBytes: more.sizeBytes ?? content.length,
      data: pieces(more.bytes ?? content),
    });

  it('are stored under their sum with the version of their name, twice as well as once', async () => {
    for (const _ of [1, 2]) {
      const stored = must(await add());
      assert.deepEqual(stored, { name, sha256, sizeBytes: content.length, version: '8.7.0' });
    }
    assert.deepEqual(await readdir(fixture.releasesDirectory), [sha256]);
    assert.equal(must(await fixture.releases.get(sha256)).name, name);
  });

  it('are read again where the disk has damaged what was stored', async () => {
    const path = join(fixture.releasesDirectory, sha256);
    const damaged = Buffer.from(content);
    damaged[1000] = 255 - (damaged[1000] ?? 0);
    await writeFile(path, damaged);
    must(await add());
    assert.ok((await readFile(path)).equals(content));
  });

  it('have names that every part of the way accepts', async () => {
    for (const [length, isFine] of [
      [200, true],
      [201, false],
    ] as const) {
      const long = 'x'.repeat(length);
      const release = { name: long, sha256, sizeBytes: content.length };
      assert.equal(parseParameters('stage', { release }).ok, isFine);
      assert.equal((await add({ name: long })).ok, isFine);
    }
    must(await add());
  });

  it('are refused when content, size or name are not what was announced, and leave nothing behind', async () => {
    const cases: [Parameters<typeof add>[0], RegExp][] = [
      [{ sha256: '0'.repeat(64) }, /SHA-256/],
      [{ sizeBytes: content.length - 1 }, /more than the announced/],
      [{ sizeBytes: content.length + 1 }, /ended after/],
      [{ sizeBytes: 65 * 1024 * 1024 }, /more than 67.1 MB/],
      [{ sizeBytes: 0 }, /empty/],
      [{ sizeBytes: Number.NaN }, /empty/],
      [{ name: '../../etc/passwd' }, /no plain file name/],
      [{ name: '-rf' }, /no plain file name/],
      [{ sha256: '../x' }, /no SHA-256/],
    ];
    for (const [more, reason] of cases) {
      const refused = await add(more);
      assert.ok(!refused.ok);
      assert.match(refused.failure.message, reason);
    }
    assert.deepEqual(await readdir(fixture.releasesDirectory), [sha256]);
  });

  it('that were being uploaded when the coordinator died are removed at its start', async () => {
    await writeFile(join(fixture.releasesDirectory, 'half.part'), 'x');
    must(await openReleaseStore(fixture.releasesDirectory, fixture.releaseRecords, 1e9));
    assert.deepEqual(await readdir(fixture.releasesDirectory), [sha256]);
  });

  const ask = (sum: string) => fixture.askToStage('n1', sum);

  it('are fetched by nodes, whole and from any offset on', async () => {
    must(await add());
    await ask(sha256);
    assert.ok((await node.fetch(sha256, 0)).equals(content));
    for (const offset of [1, 256 * 1024, content.length - 1, content.length])
      assert.ok((await node.fetch(sha256, offset)).equals(content.subarray(offset)), String(offset));
  });

  it('are not fetched by a wrong sum or from behind the end', async () => {
    for (const sum of ['f'.repeat(64), '../../etc/passwd', sha256]) await ask(sum);
    assert.equal((await refusal(node.fetch('f'.repeat(64), 0))).code, status.NOT_FOUND);
    assert.equal((await refusal(node.fetch('../../etc/passwd', 0))).code, status.INVALID_ARGUMENT);
    for (const offset of [content.length + 1, -1, 0.5, Number.NaN])
      assert.equal((await refusal(node.fetch(sha256, offset))).code, status.INVALID_ARGUMENT, String(offset));
  });

  it('are not there for a node where the disk has kept only a part, until they are uploaded again', async () => {
    await writeFile(join(fixture.releasesDirectory, sha256), content.subarray(0, content.length / 2));
    await ask(sha256);
    const refused = await refusal(node.fetch(sha256, 0));
    assert.equal(refused.code, status.NOT_FOUND);
    assert.match(refused.message, /stored whole at this coordinator; `baton stage` uploads it again/);
    must(await add());
    assert.ok((await node.fetch(sha256, 0)).equals(content));
  });
});
