// The bundle on a machine without Node.js: the coordinator as a unit, upgrade over itself, removal, and the agent back.
import assert from 'node:assert/strict';
import type { NodesDocument } from '../../shared/documents.ts';
import { baton, batonJson, onNode, waitFor } from './lab.ts';
import { startAfresh } from './scenario.ts';
import { unpackBundleOn } from './unpack-bundle.ts';

const answers = () =>
  onNode('n3', 'baton version').then(
    (text) => text.includes('epoch'),
    () => false,
  );

describe('the bundle on a machine of its own', () => {
  before(async () => {
    await startAfresh();
    await unpackBundleOn('n3');
  });
  after(async () => {
    await onNode(
      'n3',
      'systemctl disable --now baton-coordinator 2>/dev/null; rm -rf /root/baton-bundle /var/lib/baton /etc/baton/coordinator.yaml /usr/local/bin/baton /etc/systemd/system/baton-coordinator.service; systemctl daemon-reload',
    );
  });

  it('installs the coordinator, which is set up and started', async () => {
    await onNode('n3', '/root/baton-bundle/install.sh --coordinator');
    await onNode('n3', 'baton init --listen 127.0.0.1:7450 && systemctl start baton-coordinator');
    await waitFor('the coordinator of the bundle answers', answers);
    assert.match(await onNode('n3', 'stat -c "%a %U:%G" /run/baton/operator.sock'), /^660 root:baton$/);
  });

  it('starts again after a kill -9, with its journal', async () => {
    await onNode('n3', 'kill -9 $(systemctl show -p MainPID --value baton-coordinator)');
    await waitFor('the coordinator of the bundle answers again', answers);
  });

  it('installs over itself without touching what runs', async () => {
    const pid = () => onNode('n3', 'systemctl show -p MainPID --value baton-coordinator baton-agent');
    const before = await pid();
    assert.equal(await onNode('n3', '/root/baton-bundle/install.sh --all'), '');
    assert.equal(await pid(), before);
  });

  it('is not removed while failover is suspended here, and says what to do', async () => {
    assert.equal((await baton('failover', 'suspend', 'lab', '--yes')).exitCode, 0);
    const refused = await onNode('n3', '/usr/local/lib/baton/uninstall.sh 2>&1; echo "exit $?"');
    assert.match(refused, /suspended.*baton-agent status.*baton failover arm[\s\S]*exit 1$/);
    assert.match(await onNode('n3', 'systemctl is-active baton-agent'), /^active/);
    assert.equal((await baton('failover', 'arm', 'lab', '--yes')).exitCode, 0);
  });

  it('is removed but for configuration and state; installed again, the agent is back without joining', async () => {
    await onNode('n3', '/usr/local/lib/baton/uninstall.sh');
    assert.equal(await onNode('n3', 'ls /usr/local/bin /usr/local/lib /etc/systemd/system | grep baton || true'), '');
    assert.match(await onNode('n3', 'ls /var/lib/baton-agent'), /identity/);
    await onNode('n3', '/root/baton-bundle/install.sh --agent');
    await waitFor('n3 is connected', async () => {
      const { document } = await batonJson<NodesDocument>('node', 'ls');
      return document.nodes.find((node) => node.name === 'n3')?.connected;
    });
    assert.equal((await baton('cluster', 'show', 'lab')).exitCode, 0);
  });
});
