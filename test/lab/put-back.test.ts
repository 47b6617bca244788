// A machine that is put back to an older copy in the middle of a run: the run stands and says so, nothing runs twice, and
// people find the way out.
import assert from 'node:assert/strict';
import type { ClusterDocument, NodesDocument, RunDocument } from '../../shared/documents.ts';
import { baton, batonJson, installerStarts, lab, onNode, setInstaller, waitFor } from './lab.ts';
import { assertUpgraded, installerRunsOn, runEnds, showRun, startAfresh, startUpgrade } from './scenario.ts';

const state = '/var/lib/baton-agent';
const saved = '/var/tmp/ledger.saved';
const installerEnds = async (node: string) =>
  await waitFor(`the installer ended on ${node}`, async () =>
    (await onNode(node, 'cat /var/log/standin-installer.log')).includes('end '),
  );
const nodes = async () => (await batonJson<NodesDocument>('node', 'ls')).document.nodes;

async function joinAnew(node: string, role: string): Promise<void> {
  assert.equal((await baton('node', 'revoke', node)).exitCode, 0);
  const added = await batonJson<{ joinLine: string }>('node', 'add', node, '--role', role);
  await onNode(node, added.document.joinLine);
  await waitFor(`${node} is connected`, async () => (await nodes()).find(({ name }) => name === node)?.connected);
}

describe('put back to an older copy in the middle of a run', () => {
  it('a node’s agent: the run halts at once, waits for people, and the installer ran once', async () => {
    await startAfresh();
    await setInstaller(['n1', 'n2'], { DURATION_S: 6 });
    // The ledger alone: the installer that runs lies in the same directory.
    await onNode('n1', 'systemctl stop baton-agent');
    await onNode('n1', `mkdir ${saved} && cp -a ${state}/ledger.sqlite* ${saved}/ && systemctl start baton-agent`);
    await waitFor('n1 is connected', async () => (await nodes()).find(({ name }) => name === 'n1')?.connected);
    const run = await startUpgrade();
    await installerRunsOn('n1');
    await onNode('n1', 'systemctl kill -s KILL baton-agent; systemctl stop baton-agent');
    await onNode('n1', `rm ${state}/ledger.sqlite* && cp -a ${saved}/* ${state}/ && rm -r ${saved}`);
    await onNode('n1', 'systemctl start baton-agent');

    const halted = await runEnds(run);
    assert.equal(halted.status, 'awaiting-operator', halted.message);
    assert.equal(halted.halt?.reason, 'restored-state');
    assert.match(
      halted.halt?.message ?? '',
      /n1: its agent's ledger went back.*Carried out there in this run.*nobody knows/s,
    );
    assert.match(halted.next.map(({ command }) => command).join('\n'), /^baton node revoke n1\nbaton node add n1/);
    assert.match((await baton('node', 'ls')).stdout, /n1 .*not served[\s\S]*ledger went back/);
    const said = await baton('run', 'retry', run, '--yes');
    assert.equal(said.exitCode, 2, said.stderr);
    assert.match(said.stderr, /only waiting: n1/);

    await installerEnds('n1');
    await joinAnew('n1', 'master');
    const adopted = await baton('run', 'adopt', run, '--yes', '--reason', 'the installer’s own log says that it ended');
    assert.equal(adopted.exitCode, 0, adopted.stderr);
    await assertUpgraded(await showRun(run));
  });

  it('the coordinator: agents do not obey it, the run is refused at its event, and is closed by hand', async () => {
    await startAfresh();
    await setInstaller(['n1', 'n2'], { DURATION_S: 5 });
    const run = await startUpgrade();
    await installerRunsOn('n1');
    await lab('coordinator', 'stop');
    await lab('coordinator', 'save');
    await lab('coordinator', 'start');
    await lab('coordinator', 'kill');
    await lab('coordinator', 'start');
    await installerRunsOn('n2');
    await lab('coordinator', 'kill');
    await lab('coordinator', 'put-back');
    await lab('coordinator', 'start');

    const refused = await waitFor('its agents say that they know a newer one', async () => {
      const all = await nodes();
      return all.every(({ refusal }) => refusal !== undefined) ? all : undefined;
    });
    assert.match(refused[0]?.refusal ?? '', /has obeyed a coordinator of epoch \d+.*restart this one/);
    const before = (await showRun(run)).head.sequence;
    await lab('coordinator', 'stop');
    await lab('coordinator', 'start');
    await waitFor('the agents obey again', async () => (await nodes()).every(({ connected }) => connected));

    const stands = await showRun(run);
    assert.equal(stands.status, 'halted');
    assert.match(stands.message, /event \d+ is missing: n[123] was told of \d+ events/);
    assert.equal(stands.head.sequence, before, 'nothing is appended');
    await installerEnds('n2');
    const closed = await waitFor('it can be closed', async () => {
      const said = await baton('run', 'abort', run, '--yes', '--reason', 'both nodes looked at');
      return /still carries out/.test(said.stderr) ? undefined : said;
    });
    assert.match(closed.stdout + closed.stderr, /gave the cluster back/);
    const ended: RunDocument = await showRun(run);
    assert.equal(ended.status, 'failed');
    assert.equal((await batonJson<ClusterDocument>('cluster', 'show', 'lab')).document.run, undefined);
    for (const node of ['n1', 'n2']) assert.deepEqual(await installerStarts(node), ['8.7.0']);
    // Nothing was undone, the suspension of failover neither.
    const armed = await baton('failover', 'arm', 'lab', '--yes');
    assert.equal(armed.exitCode, 0, armed.stderr);
    const exported = await baton('run', 'export', run);
    assert.equal(exported.exitCode, 1);
    assert.match(exported.stdout.trimEnd().split('\n').at(-1) ?? '', /"damage":/);
  });
});
