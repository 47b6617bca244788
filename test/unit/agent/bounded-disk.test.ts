import assert from 'node:assert/strict';
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pruneState } from '../../../agent/execution/prune.ts';
import { type Ledger, ledgerOf } from '../../../agent/ledger/ledger.ts';
import { ledgerPath, openLedgerFile } from '../../../agent/ledger/ledger-file.ts';
import { boundOutput } from '../../../agent/platform/bounded-output.ts';
import { runProgram } from '../../../agent/platform/run-program.ts';
import type { Action } from '../../../shared/actions/action.ts';
import type { Key } from '../../../shared/key.ts';
import { createLog } from '../../../shared/log.ts';

const log = createLog('test');
log.silent = true;

describe('The disk that the agent takes', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-disk-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  describe('for an installer’s output', () => {
    const limits = { diskBytesMax: 1024 * 1024, headBytes: 64 * 1024, tailBytes: 128 * 1024 };
    const kilobyte = (letter: string, count: number) => letter.repeat(1024 * count);

    it('is bounded while it is written: the middle is given back, beginning, end and size stay', async () => {
      const path = join(folder, 'output.log');
      const writer = await open(path, 'a');
      await writer.write(kilobyte('a', 64) + kilobyte('b', 4096) + kilobyte('c', 128));
      assert.equal(await boundOutput(path, runProgram, limits), undefined);
      await writer.write('the end');
      await writer.close();
      const { size, blocks } = await stat(path);
      assert.equal(size, 1024 * (64 + 4096 + 128) + 7);
      assert.ok(blocks * 512 <= 256 * 1024, `${blocks * 512} bytes are taken`);
      const text = await readFile(path, 'utf8');
      assert.equal(text.slice(0, 64 * 1024), kilobyte('a', 64));
      assert.equal(text.slice(-128 * 1024 - 7), `${kilobyte('c', 128)}the end`);
    });
    it('is a failure to tell and nothing worse where the disk does not say how long it is', async () => {
      const path = join(folder, 'output.log');
      // Any error of the system call: a link that leads to itself.
      await symlink(path, path);
      assert.equal((await boundOutput(path, runProgram, limits))?.code, 'command-failed');
    });
    it('is left alone while it is short, and where there is none', async () => {
      const path = join(folder, 'output.log');
      assert.equal(await boundOutput(path, runProgram, limits), undefined);
      await writeFile(path, kilobyte('b', 800));
      assert.equal(await boundOutput(path, runProgram, limits), undefined);
      assert.equal(await readFile(path, 'utf8'), kilobyte('b', 800));
    });
  });

  describe('for what runs have left', () => {
    let ledger: Ledger;
    const action: Action = { kind: 'runInstaller', name: 'I', sha256: 'a'.repeat(64) };
    const key = (run: string): Key => ({ run, step: 'install', phase: 'do', attempt: 1 });
    const begin = (run: string) =>
      ledger.begin({ key: key(run), payloadHash: 'x', action, timeoutMs: 1, epoch: 1, startedAtMs: 1 });
    const make = async (kind: string, name: string, ageDays: number) => {
      const path = join(folder, kind, name);
      await mkdir(path, { recursive: true });
      await writeFile(join(path, 'file'), 'x');
      const at = new Date(Date.now() - ageDays * 86_400_000);
      await utimes(path, at, at);
    };
    const names = async (kind: string) => (await readdir(join(folder, kind))).sort();
    beforeEach(async () => {
      ledger = ledgerOf(openLedgerFile(ledgerPath(folder)));
      for (let age = 1; age <= 14; age += 1) await make('units', `baton-run${age}-install-do-1`, age);
      for (let age = 1; age <= 6; age += 1) await make('releases', `release${age}`, age);
    });
    afterEach(() => ledger.file.close());

    it('is the newest ten outputs and the newest four installers', async () => {
      await pruneState(folder, ledger, log);
      assert.equal((await names('units')).length, 10);
      assert.ok(!(await names('units')).some((name) => /run1[1-4]-/.test(name)));
      assert.deepEqual(await names('releases'), ['release1', 'release2', 'release3', 'release4']);
    });
    it('is the newest ten of installers, however many backups have run since', async () => {
      for (let age = 0; age < 30; age += 1) {
        await make('units', `baton-backup${age}-back-up-do-1`, age / 100);
        const path = join(folder, 'units', `baton-backup${age}-back-up-do-1`);
        await writeFile(join(path, 'job.sh'), 'x');
        await utimes(path, new Date(), new Date(Date.now() - age * 1000));
      }
      await pruneState(folder, ledger, log);
      const kept = await names('units');
      assert.equal(kept.filter((name) => name.includes('-install-')).length, 10);
      assert.deepEqual(
        kept.filter((name) => name.includes('-back-up-')),
        Array.from({ length: 10 }, (_, age) => `baton-backup${age}-back-up-do-1`),
      );
    });
    it('is more where the ledger still knows an attempt, and no installer goes while a run is open', async () => {
      begin('run13');
      ledger.noteHead('run13', { sequence: 1, hash: 'h' });
      await pruneState(folder, ledger, log);
      assert.deepEqual(
        (await names('units')).filter((name) => /run1[1-4]-/.test(name)),
        ['baton-run13-install-do-1'],
      );
      assert.equal((await names('releases')).length, 6);
    });
    it('is more where a run begins while the first of them are removed', async () => {
      const removed: string[] = [];
      const beginning = Object.assign(Object.create(log) as typeof log, {
        info(_: string, { path }: { path: string }) {
          removed.push(path);
          if (removed.length > 1) return;
          begin('run14');
          begin('run12');
          ledger.noteHead('run14', { sequence: 1, hash: 'h' });
        },
      });
      await pruneState(folder, ledger, beginning);
      assert.deepEqual(
        removed.map((path) => path.replace(/^.*\//, '')),
        ['baton-run11-install-do-1', 'baton-run13-install-do-1'],
      );
      assert.equal((await names('releases')).length, 6);
    });
    it('goes once the run is closed and its unit is collected', async () => {
      begin('run13');
      ledger.finish(key('run13'), { verdict: 'succeeded', commands: [], startedAtMs: 1, elapsedMs: 1 });
      ledger.closeRun('run13', 2);
      await pruneState(folder, ledger, log);
      assert.ok((await names('units')).includes('baton-run13-install-do-1'));
      ledger.collected(key('run13'));
      await pruneState(folder, ledger, log);
      assert.ok(!(await names('units')).includes('baton-run13-install-do-1'));
    });
  });
});
