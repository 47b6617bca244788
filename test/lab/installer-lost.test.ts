// An installer that is gone from a node in the middle of the run, and then from the coordinator as well: the run stands
// before it would start, says how it gets there again, and goes on once it has.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Hex } from '../../shared/hash.ts';
import { baton, installerStarts, lab, onNode, setInstaller } from './lab.ts';
import { assertUpgraded, installerRunsOn, runEnds, startAfresh, startUpgrade } from './scenario.ts';

const staged = '/var/lib/baton-agent/releases';

describe('an installer that is gone', function () {
  this.timeout(300_000);
  let run: string;
  let atCoordinator: string;
  before(async () => {
    await startAfresh();
    await setInstaller(['n1'], { DURATION_S: 8 });
    const state = /state (\S+)/.exec(await lab('status'))?.[1] ?? '';
    const sha256 = sha256Hex(await readFile(await lab('installer')));
    atCoordinator = join(state, 'coordinator/releases', sha256);
  });

  it('from the node: the run halts before it starts, and says that a retry stages it again', async () => {
    run = await startUpgrade();
    await installerRunsOn('n1');
    await onNode('n2', `find ${staged} -type f -exec sh -c 'echo damaged >> "$1"' _ {} \\;`);
    const halted = await runEnds(run);
    assert.equal(halted.status, 'halted', halted.message);
    assert.match(halted.message, /SHA-256.* is not the one that was named; stage it again/);
    await baton('run', 'retry', run, '--yes');
    const looked = await runEnds(run);
    assert.match(looked.message, /Stage .* on n2 no longer holds: .*SHA-256.*run retry does that/);
    assert.deepEqual(await installerStarts('n2'), []);
    assert.match(looked.next[0]?.consequence ?? '', /carries out “Stage .* on n2” again/);
  });

  it('and damaged at the coordinator: it says where to upload it, and goes on once it is there', async () => {
    const whole = await readFile(atCoordinator);
    await writeFile(atCoordinator, whole.subarray(0, whole.length / 2));
    await baton('run', 'retry', run, '--yes');
    const missing = await runEnds(run);
    assert.equal(missing.status, 'halted', missing.message);
    assert.match(
      missing.message,
      /no installer with SHA-256 [0-9a-f]{64} is stored whole at this coordinator.*baton stage/,
    );
    const uploaded = await baton('stage', 'lab', '--installer', await lab('installer'), '--yes');
    assert.equal(uploaded.exitCode, 2, uploaded.stderr);
    assert.match(uploaded.stderr, new RegExp(`lies at the coordinator now[\\s\\S]*held by run ${run}`));

    await baton('run', 'retry', run, '--yes');
    await assertUpgraded(await runEnds(run));
  });
});
