import assert from 'node:assert/strict';
import type { Action } from '../../shared/actions/action.ts';
import { printCommands } from '../../shared/actions/commands.ts';
import type { Key } from '../../shared/key.ts';
import { type NodeAgent, startNodeAgent } from './agent-node.ts';
import { lab, onNode, waitFor } from './lab.ts';

const node = 'n3';
// One where a package would put it, one where an administrator would, where `systemctl mask` refuses.
const units = ['baton-probe-packaged', 'baton-probe-local'];
const files = ['/usr/lib/systemd/system/baton-probe-packaged.service', '/etc/systemd/system/baton-probe-local.service'];
const unitText = '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n';
let attempt = 0;
const nextKey = (): Key => ({ run: 'r1', step: 'failover', phase: 'do', attempt: ++attempt });

describe('Suspending failover on a real systemd', function () {
  this.timeout(120_000);
  let agent: NodeAgent;
  before(async () => {
    await lab('heal');
    for (const file of files) await onNode(node, `printf '${unitText}' > ${file}`);
    await onNode(
      node,
      `systemctl daemon-reload; systemctl enable --now ${units.join(' ')}; mkdir -p -m 0700 /etc/baton-test/hooks; ` +
        `printf '#!/bin/sh\\necho "$1" >> /var/tmp/baton-alarm' > /etc/baton-test/hooks/alarm; ` +
        `chmod 0700 /etc/baton-test/hooks/alarm; rm -f /var/tmp/baton-alarm`,
    );
    agent = await startNodeAgent(node, `observerUnits: [${units.join(', ')}]\nhooksDirectory: /etc/baton-test/hooks\n`);
  });
  after(async () => {
    await agent.remove();
    await onNode(
      node,
      `systemctl unmask ${units.join(' ')}; rm -f /etc/systemd/system.control/baton-probe-*; systemctl daemon-reload; ` +
        `systemctl disable --now ${units.join(' ')}; rm -rf ${files.join(' ')} /etc/baton-test; systemctl daemon-reload`,
    );
  });

  const suspend = (leaseMs = 60_000) => agent.act(nextKey(), { kind: 'suspendFailover', units, leaseMs });
  const arm = () => agent.act(nextKey(), { kind: 'armFailover', units });
  /** What the coordinator would print with the profile that this agent has told. */
  const dryRun = (action: Action) => {
    const profile = agent.coordinator.heard.hellos.at(-1)?.profile;
    assert.ok(profile);
    return printCommands(action, profile, {
      key: { run: 'r1', step: 'x', phase: 'do', attempt: 1 },
      timeoutMs: 30_000,
    });
  };
  const each = async (line: string) =>
    (await Promise.all(units.map((unit) => onNode(node, `${line} ${unit} || true`)))).join(' ');
  const failover = async () => {
    const { answer } = await agent.coordinator.read({ kind: 'readFailover', units });
    assert.ok(answer?.kind === 'readFailover');
    return answer;
  };

  it('stops and masks, survives a reboot, and arming brings back what was', async () => {
    assert.equal((await failover()).armed, true);
    const suspended = await suspend();
    assert.equal(suspended.verdict, 'succeeded', JSON.stringify(suspended));
    assert.deepEqual(suspended.commands, dryRun({ kind: 'suspendFailover', units, leaseMs: 60_000 }));
    assert.equal(await each('systemctl is-active'), 'inactive inactive');
    assert.equal(await each('systemctl is-enabled'), 'masked masked');
    assert.match(await each('systemctl start 2>&1'), /masked.*masked/s);
    assert.match(await agent.run('status'), /SUSPENDED since .* by run r1/);

    await lab('power-off', node);
    await lab('power-on', node);
    await waitFor('the node has booted', async () => {
      const state = await onNode(node, 'systemctl is-system-running || true').catch(() => '');
      return ['running', 'degraded'].includes(state);
    });
    await agent.start();
    assert.equal(await each('systemctl is-active'), 'inactive inactive');
    const state = await failover();
    assert.deepEqual([state.armed, state.suspended, state.run], [false, true, 'r1']);

    assert.equal((await suspend()).verdict, 'succeeded', 'a second time changes nothing');
    const armed = await arm();
    assert.equal(armed.verdict, 'succeeded', JSON.stringify(armed));
    assert.deepEqual(armed.commands, dryRun({ kind: 'armFailover', units }));
    assert.equal(await each('systemctl is-active'), 'active active');
    assert.equal(await each('systemctl is-enabled'), 'enabled enabled');
    assert.equal((await failover()).suspended, false);
    assert.equal((await arm()).verdict, 'succeeded', 'a second time changes nothing');
  });

  it('restores that a unit was disabled, also where somebody enabled it meanwhile', async () => {
    await onNode(node, `systemctl disable ${units.join(' ')}`);
    await suspend();
    assert.equal((await arm()).verdict, 'succeeded');
    assert.equal(await each('systemctl is-enabled'), 'disabled disabled');
    await onNode(node, `systemctl enable ${units.join(' ')}`);
  });

  it('an observer that does not stay up is not armed, and the record stays', async () => {
    await suspend();
    await onNode(
      node,
      `mkdir -p /etc/systemd/system/${units[0]}.service.d && printf '[Service]\\nExecStart=\\nExecStart=/bin/false\\n' > /etc/systemd/system/${units[0]}.service.d/x.conf`,
    );
    const armed = await arm();
    assert.equal(armed.verdict, 'failed', JSON.stringify(armed));
    assert.equal((await failover()).suspended, true);
    // Stopped again either way; `failed` is how the one ended that would not stay up.
    assert.match(await each('systemctl is-active'), /^(failed|inactive) inactive$/);
    assert.equal(await each('systemctl is-enabled'), 'masked masked');
    await onNode(node, `rm -r /etc/systemd/system/${units[0]}.service.d; systemctl daemon-reload`);
    assert.equal((await arm()).verdict, 'succeeded');
  });

  it('overdue, it alarms in the journal and by the hook, and does not arm: also a new agent that no coordinator answers', async () => {
    await suspend(6000);
    await lab('cut', node);
    const hellos = agent.coordinator.heard.hellos.length;
    await agent.kill();
    await waitFor(
      'the hook was called',
      async () => (await onNode(node, 'cat /var/tmp/baton-alarm || true')) !== '',
      20_000,
    );
    assert.match(await onNode(node, 'cat /var/tmp/baton-alarm'), /failover has been suspended .* by run r1/);
    assert.match(await onNode(node, 'journalctl -u baton-test-agent --no-pager'), /ERROR.*ALARM/);
    assert.match(await agent.run('status'), /OVERDUE/);
    assert.equal(await each('systemctl is-active'), 'inactive inactive');
    await lab('heal');
    await waitFor('the agent is back', async () => agent.coordinator.heard.hellos.length > hellos);
    agent.coordinator.put({ case: 'renewSuspension', value: { run: 'r1', leaseMs: 3_600_000, epoch: 1 } });
    await waitFor('the lease is renewed', async () => !(await agent.run('status')).includes('OVERDUE'));
    assert.equal((await arm()).verdict, 'succeeded');
  });
});
