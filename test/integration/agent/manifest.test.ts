// Manifests by the node's own programs: what they count, what is read again, and what two nodes' checks say of real folders.
import assert from 'node:assert/strict';
import { mkdir, readdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { runProgram } from '../../../agent/platform/run-program.ts';
import type { ReadAction, ReadingResult } from '../../../coordinator/checks/check.ts';
import { evaluateChecks } from '../../../coordinator/checks/evaluate.ts';
import { filesSame } from '../../../coordinator/checks/files-same.ts';
import type { Answer } from '../../../shared/actions/action.ts';
import { sha256Hex } from '../../../shared/hash.ts';
import { cluster, context } from '../../unit/checks/world.ts';
import { createReadingAgent, type ReadingAgent } from './reading-agent.ts';

describe('Manifests of files', function () {
  this.timeout(60_000);
  let agents: Record<string, ReadingAgent>;
  const rootOf = (node: string) => join(agents[node]?.folder ?? '', 'files');

  beforeEach(async () => {
    agents = {};
    for (const node of ['n1', 'n2']) {
      agents[node] = await createReadingAgent('paths: [FOLDER/files]\n');
      await mkdir(join(rootOf(node), 'a/b'), { recursive: true });
      await writeFile(join(rootOf(node), 'a/one'), 'one');
      await writeFile(join(rootOf(node), 'a/b/two words'), 'second');
      await writeFile(join(rootOf(node), 'odd\nname'), '');
      await writeFile(Buffer.concat([Buffer.from(`${rootOf(node)}/caf`), Buffer.from([0xe9])]), 'x');
      await symlink('a/one', join(rootOf(node), 'link'));
      await execa('mkfifo', [join(rootOf(node), 'pipe')]);
    }
  });
  afterEach(async () => {
    for (const agent of Object.values(agents)) await agent.remove();
  });

  const read = async (node: string, hashes: boolean) =>
    await (agents[node] as ReadingAgent).read({ kind: 'readManifest', root: rootOf(node), hashes });
  const files = { ...cluster.files, root: '/files', syncWithinMs: 0 };

  /** The check over both agents, each with its own folder as root. */
  const check = async (content: boolean, syncWithinMs = 0) => {
    const evaluation = evaluateChecks([filesSame.ref({ content })], {
      ...context,
      cluster: { ...cluster, files: { ...files, syncWithinMs } },
    });
    let next = evaluation.next();
    while (!next.done) {
      const taken = next.value.map(async ({ node, action }): Promise<ReadingResult> => {
        const own = { ...action, root: rootOf(node) } as ReadAction;
        const manifests = own.kind === 'readManifestEntries' ? { manifest: own.manifest } : {};
        const result = await (agents[node] as ReadingAgent).take({ ...own, ...manifests } as ReadAction);
        return result.ok
          ? { ok: true, answer: result.value as Answer, commands: [] }
          : { ok: false, failure: result.failure };
      });
      next = evaluation.next(await Promise.all(taken));
    }
    return next.value.map(({ verdict, reading }) => `${verdict}: ${reading}`).join('\n');
  };

  it('count what is there, whatever the names are, and are the same on both nodes', async () => {
    const [n1, n2] = [await read('n1', true), await read('n2', true)];
    for (const { manifest: _, kind: __, digests, contentDigests, ...counts } of [n1, n2]) {
      assert.deepEqual(counts, {
        ...{ files: 4, bytes: 10, links: 1, others: 1, oddNames: 2, unhashed: 0, hashedBytes: 10 },
      });
      assert.equal(digests, n1.digests);
      assert.equal(contentDigests, n1.contentDigests);
    }
    assert.equal((await read('n1', false)).digests, n1.digests);
    assert.match(await check(true), /^pass: 4 files, 10 B, 2 links and others, 2 with odd names, as on n1$/);
  });

  it('tell which files differ, and how', async () => {
    await writeFile(join(rootOf('n1'), 'only here'), '');
    await writeFile(join(rootOf('n2'), 'a/one'), 'longer');
    await rm(join(rootOf('n2'), 'odd\nname'));
    await rm(join(rootOf('n2'), 'link'));
    await symlink('elsewhere', join(rootOf('n2'), 'link'));
    const said = await check(false);
    for (const expected of [
      /^fail: 4 files differ/,
      /only here is missing on n2/,
      /a\/one has 3 B on n1 and 6 B on n2/,
      /odd\\x0aname is missing on n2/,
      /link leads to a\/one on n1 and to elsewhere on n2/,
    ])
      assert.match(said, expected);
    assert.match(await check(false, 60_000), /^pass: .*4 changed just now and not counted/);
  });

  it('tell equal sizes with other content only where contents are read, and that also where the time of change is the same', async () => {
    await read('n2', true);
    const path = join(rootOf('n2'), 'a/one');
    await writeFile(path, 'two');
    await utimes(path, 1_700_000_000, 1_700_000_000);
    assert.match(await check(false), /^pass/);
    assert.match(await check(true), /^fail: 1 file differs: a\/one has the same size \(3 B\) and other content$/);
  });

  it('read again only what has changed since, also after a rename, and keep two of each kind', async () => {
    const { take, state } = agents.n1 as ReadingAgent;
    const untilBelieved = async () => {
      const until = performance.now() + 20_000;
      while ((await read('n1', true)).hashedBytes > 0)
        assert.ok(performance.now() < until, 'what was read is not believed');
    };
    assert.equal((await read('n1', true)).hashedBytes, 10);
    // Younger files may change again without their times telling: they are read until they are some seconds old.
    await untilBelieved();
    await writeFile(join(rootOf('n1'), 'a/one'), 'new');
    assert.equal((await read('n1', true)).hashedBytes, 3);
    await rename(join(rootOf('n1'), 'a/b'), join(rootOf('n1'), 'c'));
    await untilBelieved();
    for (let time = 0; time < 3; time += 1) await read('n1', false);
    const kept = await readdir(join(state, 'manifests'));
    assert.ok(kept.length <= 6 && kept.every((name) => !name.endsWith('.walk')), kept.join(' '));
    const gone = await take({
      kind: 'readManifestEntries',
      root: rootOf('n1'),
      manifest: '01234567-0123456789abcdef',
      buckets: [1],
    });
    assert.equal(gone.ok ? '' : gone.failure.code, 'bad-input');
  });

  it('go on with contents where the time was over', async () => {
    await writeFile(join(rootOf('n1'), 'large'), Buffer.alloc(1e6));
    // Nothing is left of so short a time once the answer's share is taken.
    const first = await agents.n1?.read({ kind: 'readManifest', root: rootOf('n1'), hashes: true }, 3000);
    assert.deepEqual([first?.files, first?.unhashed, first?.contentDigests], [5, 5, '']);
    const second = await read('n1', true);
    assert.deepEqual([second.unhashed, second.hashedBytes], [0, 1_000_010]);
  });

  it('do not take files for the same that nobody could read on either node', async () => {
    // As a share is to root that is nobody there.
    for (const node of ['n1', 'n2']) {
      await agents[node]?.remove();
      agents[node] = await createReadingAgent('paths: [FOLDER/files]\n', tmpdir(), async (argv, options) =>
        argv.includes('sha256sum')
          ? await runProgram(
              [
                'xargs',
                '-0',
                '-r',
                'sh',
                '-c',
                'for f; do case $f in */locked) ;; *) sha256sum -z -- "$f";; esac; done',
                'sh',
              ],
              options,
            )
          : await runProgram(argv, options),
      );
      await mkdir(rootOf(node));
      await writeFile(join(rootOf(node), 'open'), 'the same');
      await writeFile(join(rootOf(node), 'locked'), `only on ${node}`);
    }
    assert.match(await check(true), /^unknown: the content of 1 of 2 files has not been read/);
    assert.match(await check(false), /^pass: /);
  });

  it('are few on the disk, whatever folders are asked for', async () => {
    const { read: ask, state } = agents.n1 as ReadingAgent;
    for (let at = 0; at < 12; at += 1) {
      await mkdir(join(rootOf('n1'), `folder-${at}`));
      await ask({ kind: 'readManifest', root: join(rootOf('n1'), `folder-${at}`), hashes: false });
    }
    assert.ok((await readdir(join(state, 'manifests'))).length <= 7);
  });

  it('are refused outside of the policy’s folders, also behind a link', async () => {
    const agent = agents.n1 as ReadingAgent;
    const outside = await agent.take({ kind: 'readManifest', root: '/etc', hashes: true });
    assert.equal(outside.ok ? '' : outside.failure.code, 'refused-by-policy');
    await symlink('/etc', join(rootOf('n1'), 'etc'));
    const behind = await agent.take({ kind: 'readManifest', root: join(rootOf('n1'), 'etc'), hashes: true });
    assert.equal(behind.ok ? '' : behind.failure.code, 'refused-by-policy');
    const states = await agent.read({
      kind: 'readFileStates',
      root: rootOf('n1'),
      paths: ['a/one', 'a/none', 'a', 'etc/passwd'],
      hashes: true,
    });
    assert.deepEqual(
      states.files.map(({ entry }) => [entry?.kind, entry?.sha256]),
      [
        ['file', sha256Hex('one')],
        ['absent', ''],
        ['absent', ''],
        ['absent', ''],
      ],
    );
  });
});
