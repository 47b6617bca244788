// Full disks on a node: of the agent's own state, and of what the installer writes to.
import assert from 'node:assert/strict';
import type { Action } from '../../shared/actions/action.ts';
import type { Key } from '../../shared/key.ts';
import { type NodeAgent, startNodeAgent, state } from './agent-node.ts';
import { lab, onNode, waitFor } from './lab.ts';

const node = 'n3';
const record = '/var/tmp/baton-probe.log';
const application = '/var/tmp/baton-probe-app';
const key = (step: string, attempt = 1): Key => ({ run: 'full', step, phase: 'do', attempt });

describe('a full disk on a node', function () {
  this.timeout(120_000);
  let agent: NodeAgent;
  before(async () => {
    await lab('heal');
    agent = await startNodeAgent(node, 'installers: true\n', '160m');
  });
  after(async () => {
    await agent.remove();
    await onNode(node, `umount ${application} 2>/dev/null; rm -rf ${application} ${record}`);
  });
  beforeEach(() => onNode(node, `rm -f ${record}`));

  const fill = () => onNode(node, `head -c 200M /dev/zero > ${state}/fill 2>/dev/null || true`);
  const makeRoom = () => onNode(node, `rm -f ${state}/fill`);
  const starts = async () => Number(await onNode(node, `grep -c start ${record} 2>/dev/null || true`));
  const install = (staged: { name: string; sha256: string }): Action => ({ kind: 'runInstaller', ...staged });

  it('of the agent: nothing is started, and the disk is named; with room the next attempt is made', async () => {
    const action = install(await agent.stage('Short_V870', `echo start >> ${record}`));
    await fill();
    // The ledger may still find room in its own files: then it is the installer's folder that finds none.
    const refused = await agent.act(key('none'), action);
    assert.ok(['refused', 'failed'].includes(refused.verdict), JSON.stringify(refused));
    assert.equal(refused.failure?.code, 'no-space', JSON.stringify(refused));
    assert.match(refused.failure?.message ?? '', /\/var\/lib\/baton-test-agent.*(free disk space|make room)/);
    const data = { name: 'Other_V870', sha256: 'a'.repeat(64), sizeBytes: 1000 };
    const staging = await agent.act(key('stage'), { kind: 'stageRelease', ...data });
    assert.equal(staging.failure?.code, 'no-space', JSON.stringify(staging));
    assert.equal(await starts(), 0);
    await makeRoom();
    const second = await agent.act(key('none', 2), action);
    assert.equal(second.verdict, 'succeeded', JSON.stringify(second));
    assert.equal(await starts(), 1);
  });

  it('of the agent, while an installer runs: its outcome comes once there is room, and it ran once', async () => {
    const script = `echo start >> ${record}; head -c 200M /dev/zero > ${state}/fill 2>/dev/null; echo end >> ${record}`;
    const action = install(await agent.stage('Fills_V870', script));
    agent.coordinator.command(key('fills'), action, { timeoutMs: 60_000 });
    await waitFor('it has ended', async () => (await onNode(node, `cat ${record} || true`)).includes('end'));
    await onNode(node, 'systemctl kill --signal=KILL baton-test-agent');
    await makeRoom();
    assert.equal((await agent.coordinator.outcomeOf(key('fills'), 60_000)).verdict, 'succeeded');
    assert.equal(await starts(), 1);
  });

  it('of the application: the installer fails and says why; with room the next attempt succeeds', async () => {
    await onNode(node, `mkdir -p ${application}; mount -t tmpfs -o size=1m tmpfs ${application}`);
    const staged = await agent.stage(
      'Writes_V870',
      `head -c 2M /dev/zero > ${application}/files && echo start >> ${record}`,
    );
    const failed = await agent.act(key('writes'), install(staged));
    assert.equal(failed.failure?.code, 'command-failed', JSON.stringify(failed));
    assert.match(`${failed.failure?.evidence}`, /No space left on device/);
    await onNode(node, `mount -o remount,size=8m ${application}`);
    assert.equal((await agent.act(key('writes', 2), install(staged))).verdict, 'succeeded');
    assert.equal(await starts(), 1);
  });
});
