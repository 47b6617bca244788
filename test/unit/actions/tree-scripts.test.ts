// The scripts of trees carried out by bash, tar and rsync in a folder of the test's own.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backUpFiles } from '../../../agent/actions/back-up.ts';
import type { ActionOf } from '../../../shared/actions/action.ts';
import { outdatedFile, type ScriptAction, scriptOf } from '../../../shared/actions/jobs/scripts.ts';
import { profile } from '../plans/compiled.ts';

describe('Scripts of trees', () => {
  let folder: string;
  let tree: string;
  const at = () => ({ directory: join(folder, 'backups'), backup: 'upgrade-1' });
  const part = () => join(folder, 'backups/upgrade-1/application');
  const carryOut = (action: ScriptAction) => {
    const script = scriptOf(action, profile, folder);
    const { status, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', script], { encoding: 'utf8' });
    return { status, said: stderr.trim().split('\n').at(-1) ?? '' };
  };
  const backUp = (paths = [tree], excludes: string[] = []): ActionOf<'backUpFiles'> => ({
    ...{ kind: 'backUpFiles', ...at(), part: 'application', paths, excludes, units: [] },
  });
  const restore = (): ScriptAction => ({ kind: 'restoreFiles', ...at(), part: 'application', excludes: [] });
  /** As the agent does once the script has ended well. */
  const complete = () => spawnSync('mv', [`${part()}.partial`, part()]);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'baton-trees-'));
    tree = join(folder, 'tree');
    mkdirSync(join(tree, 'deep'), { recursive: true });
    writeFileSync(join(tree, 'deep/file'), 'one');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('archive what a link leads to, be it a folder or a file, and bring back its content', () => {
    symlinkSync(tree, join(folder, 'link'));
    symlinkSync(join(tree, 'deep/file'), join(folder, 'file-link'));
    assert.deepEqual(carryOut(backUp([join(folder, 'link'), join(folder, 'file-link')])), { status: 0, said: '' });
    complete();
    writeFileSync(join(tree, 'deep/file'), 'two');
    assert.equal(carryOut(restore()).status, 0);
    assert.equal(readFileSync(join(tree, 'deep/file'), 'utf8'), 'one');
    writeFileSync(join(tree, 'deep/file'), 'two');
    rmSync(join(folder, 'file-link'));
    writeFileSync(join(folder, 'file-link'), 'another');
    const { status, said } = carryOut(restore());
    assert.match(`${status} ${said}`, /^70 .*file-link leads elsewhere/);
    assert.equal(readFileSync(join(tree, 'deep/file'), 'utf8'), 'two', 'nothing is changed');
  });

  it('refuse an application without a file, which restored would delete everything', () => {
    const { status, said } = carryOut(backUp([tree], [join(tree, 'deep')]));
    assert.equal(`${status} ${said}`, `66 there is no file in ${tree}; is something not mounted?`);
    assert.ok(!existsSync(at().directory));
  });

  it('leave alone what is left out, however much else is deleted', () => {
    writeFileSync(join(tree, 'other'), 'x');
    assert.equal(carryOut(backUp([tree], [join(tree, 'deep')])).status, 0);
    complete();
    writeFileSync(join(tree, 'new'), 'x');
    writeFileSync(join(tree, 'deep/file'), 'later');
    assert.equal(carryOut(restore()).status, 0);
    assert.deepEqual(readdirSync(tree).sort(), ['deep', 'other']);
    assert.equal(readFileSync(join(tree, 'deep/file'), 'utf8'), 'later');
  });

  it('are no backup into itself', async () => {
    const policy = { backups: { paths: [folder] }, file: 'agent.yaml' };
    mkdirSync(at().directory, { mode: 0o700 });
    for (const path of [folder, at().directory]) {
      const found = await backUpFiles.before?.(backUp([path]), { policy } as never);
      assert.match(JSON.stringify(found), /bad-input.*backed up into itself/);
    }
    assert.ok((await backUpFiles.before?.(backUp(), { policy } as never))?.ok);
  });

  it('refuse to delete what is left out, should it ever not be left out of what rsync does', () => {
    mkdirSync(join(tree, 'logs'));
    assert.equal(carryOut(backUp([tree], [join(tree, 'logs')])).status, 0);
    complete();
    writeFileSync(join(tree, 'logs/log'), 'later');
    writeFileSync(join(tree, 'deep/file'), 'two');
    const wrong = scriptOf(restore(), profile, folder).replace(/"--exclude=.*(?=\))/, '"--exclude=$$exclude"');
    const { status, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', wrong], { encoding: 'utf8' });
    assert.match(
      `${status} ${stderr}`,
      /^70 restoring .* would delete .*tree\/logs.*, which the backup leaves out; nothing was changed/,
    );
    assert.equal(readFileSync(join(tree, 'deep/file'), 'utf8'), 'two');
    assert.deepEqual(carryOut(restore()), { status: 0, said: '' });
    assert.equal(readFileSync(join(tree, 'logs/log'), 'utf8'), 'later');
    assert.equal(readFileSync(join(tree, 'deep/file'), 'utf8'), 'one');
  });

  it('do not end well while something of a tree is not as in its backup', () => {
    assert.equal(carryOut(backUp()).status, 0);
    complete();
    writeFileSync(join(tree, 'deep/file'), 'two');
    const lame = scriptOf(restore(), profile, folder).replace(/rsync (?=\S+ --checksum)/, 'true ');
    const { status, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', lame], { encoding: 'utf8' });
    assert.match(
      `${status} ${stderr}`,
      /^70 .*tree still differs from its backup; is something writing there\? .*deep\/file/,
    );
  });

  it('bring back whether units start at boot, and say where they cannot', () => {
    const states = join(folder, 'states');
    mkdirSync(states);
    const unit = (name: string) => readFileSync(join(states, name), 'utf8').trim();
    const systemctl = [
      '#!/bin/bash',
      `cd ${states}; unit=\${!#}`,
      'case $1 in show) cat "$unit" ;; enable | disable) [[ $unit == stuck ]] || echo "$1d" >"$unit" ;; esac',
    ];
    writeFileSync(join(folder, 'systemctl'), systemctl.join('\n'), { mode: 0o755 });
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
    const run = (action: ScriptAction) =>
      spawnSync('bash', ['-euo', 'pipefail', '-c', scriptOf(action, profile, folder)], { encoding: 'utf8', env });
    const set = (was: Record<string, string>) => {
      for (const [name, state] of Object.entries(was)) writeFileSync(join(states, name), `${state}\n`);
    };
    set({ one: 'enabled', two: 'disabled', three: 'static', stuck: 'enabled' });
    assert.equal(run({ ...backUp(), units: ['one', 'two', 'three', 'stuck'] }).status, 0);
    complete();
    set({ one: 'disabled', two: 'enabled', three: 'enabled' });
    assert.equal(run(restore()).status, 0);
    assert.deepEqual([unit('one'), unit('two'), unit('three')], ['enabled', 'disabled', 'enabled']);
    set({ stuck: 'disabled' });
    const { status, stderr } = run(restore());
    assert.match(`${status} ${stderr}`, /^70 .*stuck is disabled instead of enabled/s);
  });

  it('take the manifests of a backup away before anything else of it', () => {
    mkdirSync(part(), { recursive: true });
    for (const name of ['manifest.json', 'tree-1.tar']) writeFileSync(join(part(), name), 'x');
    const { directory, backup } = at();
    const action: ScriptAction = {
      kind: 'pruneBackups',
      directory,
      keep: 1,
      pins: ['upgrade-2'],
      parts: ['application'],
    };
    writeFileSync(join(folder, outdatedFile), `${backup}\nupgrade-0\n`);
    const killed = scriptOf(action, profile, folder).replace(/^ *rm -rf .*$/m, 'kill -KILL $$$$');
    assert.equal(spawnSync('bash', ['-euo', 'pipefail', '-c', killed]).signal, 'SIGKILL');
    assert.deepEqual(readdirSync(part()), ['tree-1.tar']);
    assert.equal(carryOut(action).status, 0);
    assert.equal(carryOut(action).status, 0);
    assert.deepEqual(readdirSync(directory), []);
  });
});
