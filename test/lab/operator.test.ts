// What an operator can decide: abort, pause, approve; and failover by hand.
import assert from 'node:assert/strict';
import type { FailoverDocument } from '../../shared/documents.ts';
import type { ProbeDocument } from '../../shared/probe-documents.ts';
import { baton, batonJson, installerStarts, lab, onNode, setInstaller, waitFor } from './lab.ts';
import {
  assertUpgraded,
  installerRunsOn,
  runEnds,
  showRun,
  startAfresh,
  startUpgrade,
  stateOf,
  upgrade,
} from './scenario.ts';

describe('abort', () => {
  it('after a failed installer brings services and observer back, and says so', async () => {
    await startAfresh();
    await setInstaller(['n1'], { DURATION_S: 1, FAIL_AT: 40 });
    assert.equal((await upgrade()).exitCode, 1);
    const run = await showRun();
    await baton('run', 'abort', run.id, '--yes', '--reason', 'not tonight');
    const ended = await runEnds(run.id);
    assert.equal(ended.status, 'aborted', ended.message);
    assert.equal(ended.failover, 'armed');
    for (const unit of ['elasticsearch', 'ft-analytics-server', 'ft-main-server'])
      assert.equal(await stateOf('n1', unit), 'active', unit);
    assert.equal(await stateOf('n2', 'ft-main-server'), 'inactive');
    assert.equal(await stateOf('n3', 'ha'), 'active');
    assert.equal(await onNode('n3', 'systemctl is-enabled ha'), 'enabled');
  });
});

describe('pause', () => {
  it('holds after the current step and resumes; a second upgrade meanwhile is refused and names the run', async () => {
    await startAfresh();
    await setInstaller(['n1', 'n2'], { DURATION_S: 6 });
    const run = await startUpgrade();
    await installerRunsOn('n1');
    const second = await upgrade();
    assert.equal(second.exitCode, 2, second.stderr);
    assert.match(second.stderr, new RegExp(run));
    assert.equal((await baton('run', 'pause', run)).exitCode, 0);
    const paused = await runEnds(run);
    assert.equal(paused.status, 'awaiting-operator', paused.message);
    assert.deepEqual(await installerStarts('n2'), []);
    assert.ok([0, 3].includes((await baton('run', 'resume', run, '--yes')).exitCode));
    await assertUpgraded(await runEnds(run));
  });
});

describe('an application without an API', () => {
  it('asks a person for the test ticket, and goes on when told', async () => {
    await startAfresh((text) => {
      const lines = text.split('\n');
      const from = lines.findIndex((line) => /^ {2}ticket:/.test(line));
      const length = lines.slice(from + 1).findIndex((line) => /^( {2})?\S/.test(line)) + 1;
      lines.splice(from, length);
      return lines.join('\n');
    });
    for (const node of ['n1', 'n2']) await onNode(node, 'echo portal-only > /opt/flotomate/main-server/conf/variant');
    await onNode('n1', 'systemctl restart ft-main-server');
    const ended = await upgrade();
    assert.equal(ended.exitCode, 3, ended.stderr);
    const run = await showRun();
    assert.equal(run.status, 'awaiting-operator');
    assert.match(run.next.map((next) => next.command).join('\n'), /run approve/);
    assert.ok([0, 3].includes((await baton('run', 'approve', run.id, '--yes')).exitCode));
    await assertUpgraded(await runEnds(run.id));
  });
});

describe('failover by hand', () => {
  it('is suspended over a reboot of the observer, and armed again', async () => {
    await startAfresh();
    assert.equal((await baton('failover', 'suspend', 'lab', '--yes')).exitCode, 0);
    await lab('power-off', 'n3');
    await lab('power-on', 'n3');
    await waitFor('n3 is back', async () => {
      const { document } = await batonJson<{ nodes: { name: string; connected: boolean }[] }>('node', 'ls');
      return document.nodes.find((node) => node.name === 'n3')?.connected;
    });
    assert.notEqual(await stateOf('n3', 'ha'), 'active');
    const shown = await batonJson<FailoverDocument>('failover', 'show', 'lab');
    assert.equal(shown.document.state, 'suspended');
    assert.match(await onNode('n3', 'baton-agent status'), /suspended/i);
    assert.equal((await baton('failover', 'arm', 'lab', '--yes')).exitCode, 0);
    assert.equal(await stateOf('n3', 'ha'), 'active');
    assert.equal((await batonJson<FailoverDocument>('failover', 'show', 'lab')).document.state, 'armed');
  });
});

describe('baton-agent hold', () => {
  it('refuses new actions until it is released', async () => {
    await startAfresh();
    await onNode('n1', 'baton-agent hold');
    const ended = await upgrade();
    assert.equal(ended.exitCode, 1, ended.stderr);
    assert.match(ended.stdout + ended.stderr, /hold/);
    assert.deepEqual(await installerStarts('n1'), []);
    await onNode('n1', 'baton-agent hold --release');
    // The next heartbeat tells it.
    await waitFor('the check passes', async () => (await baton('check', 'lab')).exitCode === 0, 10_000);
  });
});

describe('a probe', () => {
  it('says what is another than before, and is in the history', async () => {
    assert.equal((await baton('probe', 'lab')).exitCode, 0);
    await onNode('n1', 'systemctl stop file-sync');
    try {
      const { document: probe } = await batonJson<ProbeDocument>('probe', 'lab');
      assert.equal(probe.verdict, 'fail');
      // Beside it, what a machine that is busy with other tests warns of now and then.
      const changed = probe.changes.filter(({ to }) => to !== 'warn' && to !== 'pass');
      assert.deepEqual(
        changed.map(({ id, node, from, to }) => [id, node, from, to]),
        [['file-sync-placement', 'n1', 'pass', 'fail']],
      );
    } finally {
      await onNode('n1', 'systemctl start file-sync');
    }
    const { stdout } = await baton('probes', 'history', 'lab');
    assert.match(stdout, /^file-sync-placement n1 .*✖$/m);
  });
});
