// Steps that the lab's scenarios have in common, in the words of an operator.
import assert from 'node:assert/strict';
import type { NodesDocument, RunDocument, RunsDocument } from '../../shared/documents.ts';
import {
  baton,
  batonJson,
  clusterFile,
  type Ended,
  installerStarts,
  lab,
  onNode,
  setInstaller,
  waitFor,
} from './lab.ts';

export const upgradeArguments = async (): Promise<string[]> => [
  'lab',
  '--installer',
  await lab('installer'),
  '--to',
  '8.7.0',
];

/** Nodes as before the upgrade, a quick installer, the lab's own cluster file (with changes). */
export async function startAfresh(change?: (text: string) => string): Promise<void> {
  await lab('heal');
  await endOpenRun();
  await lab('reset');
  await lab('coordinator', 'start');
  await setInstaller(['n1', 'n2'], { DURATION_S: 2 });
  const applied = await baton('cluster', 'apply', await clusterFile(change));
  assert.equal(applied.exitCode, 0, applied.stderr);
  await waitFor('all agents connected', async () => {
    const { document } = await batonJson<{ nodes: { connected: boolean }[] }>('node', 'ls');
    return document.nodes.length === 3 && document.nodes.every((node) => node.connected);
  });
}

/** A test that failed midway must not hold the cluster for the others. */
async function endOpenRun(): Promise<void> {
  const runs = await baton('run', 'ls', '--json');
  if (runs.exitCode !== 0) return;
  const open = (JSON.parse(runs.stdout) as RunsDocument).runs.filter((run) =>
    ['running', 'halted', 'awaiting-operator'].includes(run.status),
  );
  for (const run of open) {
    await setInstaller(['n1', 'n2'], { DURATION_S: 1 });
    await baton('run', 'abort', run.id, '--yes', '--reason', 'left by another test');
    await waitFor(`run ${run.id} ended`, async () => !['running'].includes((await showRun(run.id)).status), 120_000);
  }
}

export async function upgrade(...more: string[]): Promise<Ended> {
  return await baton('upgrade', ...(await upgradeArguments()), '--yes', ...more);
}

/** Starts an upgrade without waiting for it, and returns the run's id. */
export async function startUpgrade(): Promise<string> {
  const started = await batonJson<{ run: string }>('upgrade', ...(await upgradeArguments()), '--yes', '--detach');
  assert.equal(started.exitCode, 0, started.stderr);
  return started.document.run;
}

/** Starts a database upgrade in the same way. */
export async function startDatabaseUpgrade(mode: string, standby: string): Promise<string> {
  const ways = ['--mode', mode, '--standby', standby];
  const started = await batonJson<{ run: string }>('db-upgrade', 'lab', '--to', '17', ...ways, '--yes', '--detach');
  assert.equal(started.exitCode, 0, started.stderr);
  return started.document.run;
}

export async function showRun(run = 'latest'): Promise<RunDocument> {
  return (await batonJson<RunDocument>('run', 'show', run)).document;
}

export async function runEnds(run: string, withinMs = 180_000): Promise<RunDocument> {
  return await waitFor(
    `run ${run} leaves running`,
    async () => {
      const ended = await baton('run', 'show', run, '--json');
      if (ended.exitCode === 4) return undefined;
      const document = JSON.parse(ended.stdout) as RunDocument;
      return document.status === 'running' ? undefined : document;
    },
    withinMs,
  );
}

/** Waits until the agent of a node that was off is connected. */
export async function agentIsBack(node: string): Promise<void> {
  await waitFor(`${node} is back`, async () => {
    const { document } = await batonJson<NodesDocument>('node', 'ls');
    return document.nodes.find(({ name }) => name === node)?.connected;
  });
}

/** Waits until the installer has started on a node. */
export async function installerRunsOn(node: string): Promise<void> {
  await waitFor(`the installer started on ${node}`, async () => (await installerStarts(node)).length > 0);
}

export const stateOf = async (node: string, unit: string): Promise<string> =>
  await onNode(node, `systemctl is-active ${unit} || true`);

export const versionOn = async (node: string): Promise<string> =>
  await onNode(node, 'cat /opt/flotomate/main-server/VERSION');

/** What every completed upgrade must have left behind. */
export async function assertUpgraded(run: RunDocument): Promise<void> {
  assert.equal(run.status, 'succeeded', run.message);
  assert.equal(run.failover, 'armed');
  for (const node of ['n1', 'n2']) {
    assert.match(await versionOn(node), /^8\.7\.0/);
    assert.deepEqual(await installerStarts(node), ['8.7.0'], `installer starts on ${node}`);
  }
  for (const unit of [
    'elasticsearch',
    'ft-analytics-server',
    'ft-main-server',
    'nginx',
    'file-sync',
    'postgresql@15-main',
  ])
    assert.equal(await stateOf('n1', unit), 'active', `${unit} on n1`);
  for (const unit of ['ft-analytics-server', 'ft-main-server', 'nginx', 'file-sync'])
    assert.notEqual(await stateOf('n2', unit), 'active', `${unit} on n2`);
  assert.equal(await stateOf('n3', 'ha'), 'active');
  assert.equal(await onNode('n3', 'systemctl is-enabled ha'), 'enabled');
}

/** What every halt on the master must have left untouched. */
export async function assertStandbyUntouched(): Promise<void> {
  assert.match(await versionOn('n2'), /^8\.6\.0/);
  assert.deepEqual(await installerStarts('n2'), []);
}
