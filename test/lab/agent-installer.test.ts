import assert from 'node:assert/strict';
import type { Action } from '../../shared/actions/action.ts';
import { type Key, unitOfKey } from '../../shared/key.ts';
import { agentUnit, type NodeAgent, startNodeAgent } from './agent-node.ts';
import { lab, onNode, waitFor } from './lab.ts';

const node = 'n3';
const record = '/var/tmp/baton-probe.log';
const key = (step: string): Key => ({ run: 'r1', step, phase: 'do', attempt: 1 });

describe('An installer on a real systemd', function () {
  this.timeout(180_000);
  let agent: NodeAgent;
  before(async () => {
    await lab('heal');
    agent = await startNodeAgent(node, 'installers: true\n');
  });
  after(() => agent.remove());
  beforeEach(() => onNode(node, `rm -f ${record}`));

  const starts = async () => Number(await onNode(node, `grep -c start ${record} 2>/dev/null || true`));
  const started = () => waitFor('the installer has started', async () => (await starts()) > 0);
  const install = (staged: { name: string; sha256: string }): Action => ({
    ...{ kind: 'runInstaller', ...staged },
    progressPattern: '(\\d+)%',
  });
  const slow = `echo start >> ${record}; for i in 1 2 3 4 5; do echo "$((i * 20))% of it"; sleep 1; done; echo end >> ${record}`;

  it('runs once and to its end while its agent is killed, and its progress is told', async () => {
    const action = install(await agent.stage('Slow_V870', slow));
    agent.coordinator.command(key('kill'), action, { timeoutMs: 60_000 });
    await started();
    await agent.kill();
    const outcome = await agent.coordinator.outcomeOf(key('kill'), 60_000);
    assert.equal(outcome.verdict, 'succeeded', JSON.stringify(outcome));
    assert.equal(await onNode(node, `cat ${record}`), 'start\nend');
    assert.ok(agent.coordinator.heard.progress.some((progress) => (progress.percent ?? 0) > 0));
    assert.match(outcome.commands.at(-1) ?? '', /^systemd-run .*Slow_V870/);
    assert.ok(outcome.elapsedMs >= 4500, String(outcome.elapsedMs));
    agent.coordinator.command(key('kill'), action);
    assert.equal((await agent.coordinator.ask(key('kill'))).status, 'finished');
    assert.equal(await starts(), 1);
  });

  it('ends while its agent is down: the agent that comes back knows how; its unit is collected once that is journaled', async () => {
    agent.coordinator.command(key('down'), install(await agent.stage('Slow_V870', slow)), { timeoutMs: 60_000 });
    await started();
    await agent.stop();
    await waitFor('the installer has ended', async () => (await onNode(node, `cat ${record}`)).includes('end'));
    await agent.start();
    assert.equal((await agent.coordinator.outcomeOf(key('down'))).verdict, 'succeeded');
    const loadState = () => onNode(node, `systemctl show -p LoadState --value ${unitOfKey(key('down'))}`);
    assert.equal(await loadState(), 'loaded');
    agent.coordinator.put({ case: 'outcomeJournaled', value: { key: key('down') } });
    await waitFor('the unit is collected', async () => (await loadState()) === 'not-found');
  });

  it('takes too long: its whole control group is ended, also what ignores SIGTERM', async () => {
    const script = `echo start >> ${record}; bash -c 'trap "" TERM; while :; do sleep 31; done' & sleep 32 & wait`;
    const outcome = await agent.act(key('timeout'), install(await agent.stage('Hangs_V870', script)), 2000);
    assert.equal(`${outcome.verdict} ${outcome.failure?.code}`, 'failed timeout');
    assert.ok(outcome.answer?.kind === 'runInstaller' && outcome.failure?.message.includes(outcome.answer.logFile));
    assert.equal(await onNode(node, "ps ax -o args | grep -E '^sleep 3[12]' || true"), '');
  });

  it('fails, asks, or is not what was named: the reason is told', async () => {
    const failed = await agent.act(
      key('fails'),
      install(await agent.stage('Fails_V870', 'echo broken at 40%; exit 7')),
    );
    assert.equal(failed.failure?.code, 'command-failed');
    assert.match(`${failed.failure?.message}\n${failed.failure?.evidence}`, /ended with 7.*broken at 40%/s);
    const asks = await agent.act(
      key('asks'),
      install(await agent.stage('Asks_V870', 'read -r answer || echo end of file')),
    );
    assert.equal(asks.answer?.kind === 'runInstaller' && asks.answer.lastLines, 'end of file');
    const staged = await agent.stage('Changed_V870', `echo start >> ${record}`);
    await onNode(node, `echo "exit 0" >> $(ls /var/lib/baton-test-agent/releases/*/Changed_V870)`);
    assert.equal((await agent.act(key('changed'), install(staged))).failure?.code, 'checksum-mismatch');
    assert.equal(await starts(), 0);
  });

  it('prints 200 MB of noise: the agent’s memory stays bounded', async () => {
    const noise = await agent.stage('Noise_V870', 'head -c 200000000 /dev/urandom; echo; echo 100%');
    const outcome = await agent.act(key('noise'), install(noise), 120_000);
    assert.equal(outcome.verdict, 'succeeded', JSON.stringify(outcome));
    assert.ok(outcome.answer?.kind === 'runInstaller' && outcome.answer.logBytes > 200_000_000);
    const peakKb = await onNode(
      node,
      `grep VmHWM /proc/$(systemctl show -p MainPID --value ${agentUnit})/status | tr -dc 0-9`,
    );
    assert.ok(Number(peakKb) < 250_000, `${peakKb} kB`);
    await onNode(node, 'rm -rf /var/lib/baton-test-agent/units/*noise*');
  });

  it('is settled: everything of it is ended, it never starts again, and another attempt may', async () => {
    const action = install(await agent.stage('Slow_V870', slow));
    agent.coordinator.command(key('settle'), action, { timeoutMs: 60_000 });
    await started();
    assert.equal((await agent.coordinator.settle(key('settle'))).status, 'settled');
    assert.equal((await agent.coordinator.outcomeOf(key('settle'))).failure?.code, 'command-killed');
    assert.equal(await onNode(node, `cat ${record}`), 'start');
    assert.equal((await agent.act({ ...key('settle'), attempt: 2 }, action)).verdict, 'succeeded');
    assert.equal(await starts(), 2);
  });

  it('is cut off by a power cut: the outcome is unknown, and it is not started again', async () => {
    agent.coordinator.command(key('power'), install(await agent.stage('Slow_V870', slow)), { timeoutMs: 60_000 });
    await started();
    await lab('power-off', node);
    await lab('power-on', node);
    await waitFor('the node has booted', async () => {
      const state = await onNode(node, 'systemctl is-system-running || true').catch(() => '');
      return ['running', 'degraded'].includes(state);
    });
    await agent.start();
    const outcome = await agent.coordinator.outcomeOf(key('power'));
    assert.equal(`${outcome.verdict} ${outcome.failure?.code}`, 'unknown lost');
    assert.ok((await starts()) <= 1);
  });
});
