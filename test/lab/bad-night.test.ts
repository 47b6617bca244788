// One upgrade in which much goes wrong: a machine goes off in the middle of its installer; in the middle of the next one a
// minute without network, a new agent, and an observer that is rebooted and then started by hand.
import assert from 'node:assert/strict';
import { baton, installerStarts, lab, onNode, setInstaller, waitFor } from './lab.ts';
import {
  agentIsBack,
  installerRunsOn,
  runEnds,
  showRun,
  startAfresh,
  startUpgrade,
  stateOf,
  versionOn,
} from './scenario.ts';
import { unpackBundleOn } from './unpack-bundle.ts';

const agentPid = (node: string) => onNode(node, 'systemctl show -p MainPID --value baton-agent');
const statusOf = ({ steps }: Awaited<ReturnType<typeof showRun>>, step: string) =>
  steps.find(({ id }) => id === step)?.status;
const cutMs = 60_000;

describe('a bad night', function () {
  this.timeout(400_000);
  let run: string;
  let retried: Promise<unknown>;
  before(async () => {
    await startAfresh();
    await unpackBundleOn('n2', { isChanged: true });
    await setInstaller(['n1'], { DURATION_S: 30 });
  });
  after(async () => {
    await lab('heal');
    await onNode('n2', 'rm -rf /root/baton-bundle');
  });

  it('with a machine that is switched off in the middle of its installer: the outcome is unknown, and nothing is rerun by itself', async () => {
    run = await startUpgrade();
    await installerRunsOn('n1');
    await lab('power-off', 'n1');
    await lab('power-on', 'n1');
    const unknown = await runEnds(run);
    assert.equal(unknown.status, 'awaiting-operator', unknown.message);
    assert.match(unknown.message, /nobody knows how it ended on n1/);
    assert.match(`${unknown.halt?.evidence}`, /left no exit status/);
    assert.ok(
      unknown.halt?.evidenceAt.some((place) => place.startsWith('n1:/')),
      'where its output lies',
    );
    const commands = unknown.next.map(({ command }) => command).join('\n');
    for (const legal of ['retry', 'adopt', 'abort']) assert.match(commands, new RegExp(`run ${legal}`));
    assert.equal(statusOf(unknown, 'master.install'), 'unknown');
    assert.equal(unknown.failover, 'suspended');
    assert.match(await versionOn('n1'), /^8\.6\.0/);
    assert.deepEqual(await installerStarts('n1'), ['8.7.0'], 'never rerun by itself');
  });

  it('with a minute between coordinator and node and a new agent in the middle of the next installer: the outcome arrives', async () => {
    await setInstaller(['n1'], { DURATION_S: 2 });
    await setInstaller(['n2'], { DURATION_S: 12 });
    retried = baton('run', 'retry', run, '--yes');
    await installerRunsOn('n2');
    await lab('cut', 'n2', 'host');
    const sinceMs = performance.now();
    const old = await agentPid('n2');
    assert.match(await onNode('n2', '/root/baton-bundle/install.sh --agent'), /started baton-agent.service/);
    await waitFor('the new agent runs', async () => !['0', old].includes(await agentPid('n2')));
    assert.equal(await onNode('n2', 'grep -c ^end /var/log/standin-installer.log || true'), '0');

    await lab('power-off', 'n3');
    await lab('power-on', 'n3');
    await agentIsBack('n3');
    assert.notEqual(await stateOf('n3', 'ha'), 'active');
    // One that does nothing: the stand-in itself would rightly take a stopped application for lost.
    await onNode(
      'n3',
      `mkdir -p /run/systemd/system/ha.service.d && printf '[Service]\\nType=simple\\nExecStart=\\nExecStart=/bin/sleep infinity\\n' > /run/systemd/system/ha.service.d/x.conf
       systemctl unmask ha && systemctl daemon-reload && systemctl start ha`,
    );
    await waitFor('the minute is over', async () => performance.now() - sinceMs >= cutMs, cutMs + 5_000);
    assert.equal(statusOf(await showRun(run), 'standby.install'), 'running');
    await lab('heal');
    await waitFor('the outcome', async () => statusOf(await showRun(run), 'standby.install') === 'succeeded');
  });

  it('with an observer that somebody started by hand: the run halts before its next act, and a retry finishes it once that is undone', async () => {
    const halted = await runEnds(run);
    assert.equal(halted.status, 'halted', halted.message);
    assert.match(halted.message, /failover is no longer suspended: n3/);
    assert.equal(halted.failover, 'armed');
    assert.equal(statusOf(halted, 'standby.install'), 'succeeded');
    assert.match(halted.next.map(({ command }) => command).join('\n'), /run retry[\s\S]*run abort/);
    await retried;
    await onNode(
      'n3',
      'rm -r /run/systemd/system/ha.service.d; systemctl daemon-reload; systemctl stop ha; systemctl mask ha',
    );
    await baton('run', 'retry', run, '--yes');

    const ended = await runEnds(run);
    assert.equal(ended.status, 'succeeded', ended.message);
    assert.equal(ended.failover, 'armed');
    assert.deepEqual(await installerStarts('n1'), ['8.7.0', '8.7.0'], 'once an attempt');
    assert.deepEqual(await installerStarts('n2'), ['8.7.0']);
    for (const node of ['n1', 'n2']) assert.match(await versionOn(node), /^8\.7\.0/);
    assert.equal(await stateOf('n3', 'ha'), 'active');
    assert.equal(await onNode('n3', 'systemctl is-enabled ha'), 'enabled');
  });
});
