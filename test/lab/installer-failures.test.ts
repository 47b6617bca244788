// What an installer can do wrong, on real machines: the run halts as I5 says, the standby stays untouched, and after
// mending `run retry` finishes the run.
import assert from 'node:assert/strict';
import type { RunDocument } from '../../shared/documents.ts';
import { baton, installerStarts, onNode, setInstaller } from './lab.ts';
import { assertStandbyUntouched, assertUpgraded, runEnds, showRun, startAfresh, stateOf, upgrade } from './scenario.ts';

/** I5: what happened, what runs and what is down, whether failover is armed, where the evidence lies, what is legal. */
function assertHaltTells(run: RunDocument, about: RegExp): void {
  assert.equal(run.status, 'halted', run.message);
  assert.ok(run.halt, 'no halt in the document');
  assert.match(`${run.halt.message}\n${run.halt.evidence}`, about);
  assert.ok(run.halt.downNow.length > 0, 'services are down and the halt does not say so');
  assert.ok(run.halt.evidenceAt.length > 0, 'no place of the evidence');
  assert.equal(run.failover, 'suspended');
  const commands = run.next.map((next) => next.command).join('\n');
  assert.match(commands, /run retry/);
  assert.match(commands, /run abort/);
  assert.match(commands, /run rollback/);
  for (const next of run.next) assert.ok(next.consequence.length > 10, `${next.command} has no consequence`);
}

async function retryFinishes(run: RunDocument, settings = {}): Promise<RunDocument> {
  await setInstaller(['n1', 'n2'], { DURATION_S: 2, ...settings });
  const retried = await baton('run', 'retry', run.id, '--yes');
  assert.ok([0, 1].includes(retried.exitCode), retried.stderr);
  return await runEnds(run.id);
}

describe('an installer that goes wrong', () => {
  it('fails at 40 %: halts, leaves the standby alone; retry finishes the run', async () => {
    await startAfresh();
    await setInstaller(['n1'], { DURATION_S: 2, FAIL_AT: 40 });
    const ended = await upgrade();
    assert.equal(ended.exitCode, 1, ended.stderr);
    const run = await showRun();
    assertHaltTells(run, /ended with 1[\s\S]*planted failure at 40%/);
    assert.match(ended.stderr + ended.stdout, /run retry/);
    await assertStandbyUntouched();
    const finished = await retryFinishes(run);
    assert.equal(finished.status, 'succeeded', finished.message);
    assert.deepEqual(await installerStarts('n1'), ['8.7.0', '8.7.0'], 'one start for each attempt');
    assert.deepEqual(await installerStarts('n2'), ['8.7.0']);
    assert.equal(await stateOf('n3', 'ha'), 'active');
  });

  it('hangs at 40 %: its whole control group is ended at the limit, nothing of it is left', async () => {
    await startAfresh((text) => text.replace('application:', 'application:\n  installerTimeout: 5s'));
    await setInstaller(['n1'], { DURATION_S: 2, HANG_AT: 40 });
    assert.equal((await upgrade()).exitCode, 1);
    const run = await showRun();
    assertHaltTells(run, /5(\.0)? s|timeout|longer/i);
    assert.equal(await onNode('n1', 'pgrep -fc MotadataServiceOps[C]ommonUpgrade || true'), '0');
    await assertStandbyUntouched();
    assert.equal((await retryFinishes(run)).status, 'succeeded');
  });

  it('exits 0 without the new version being there: halts; retry finishes, without percentages as well', async () => {
    await startAfresh();
    await setInstaller(['n1'], { DURATION_S: 1, SKIP_FILES: 1 });
    assert.equal((await upgrade()).exitCode, 1);
    const run = await showRun();
    assertHaltTells(run, /8\.6\.0/);
    await assertStandbyUntouched();
    assert.equal((await retryFinishes(run, { QUIET: 1 })).status, 'succeeded');
  });

  it('asks for input and gets end of file, prints 200 MB of binary noise: the run goes through', async () => {
    await startAfresh();
    await setInstaller(['n1'], { DURATION_S: 2, ASK: 1, NOISE_MB: 200 });
    const ended = await upgrade();
    assert.equal(ended.exitCode, 0, ended.stderr.slice(-2000));
    await assertUpgraded(await showRun());
    const peakKb = Number(
      await onNode('n1', `grep VmHWM /proc/$(systemctl show -p MainPID --value baton-agent)/status | tr -dc 0-9`),
    );
    assert.ok(peakKb < 400_000, `the agent's memory peaked at ${peakKb} kB`);
  });
});
