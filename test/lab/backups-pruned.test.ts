import assert from 'node:assert/strict';
import type { Action } from '../../shared/actions/action.ts';
import { type NodeAgent, startNodeAgent } from './agent-node.ts';
import { lab, onNode } from './lab.ts';

const node = 'n3';
const directory = '/var/tmp/baton-pruned';
const tree = '/srv/baton-pruned';

describe('Old backups on a real machine', function () {
  this.timeout(300_000);
  let agent: NodeAgent;
  const run = `r${Date.now().toString(36)}`;
  let attempt = 0;
  const succeed = async (action: Action) => {
    attempt += 1;
    const outcome = await agent.act({ run, step: 'old-backups', phase: 'do', attempt }, action, 120_000);
    assert.equal(outcome.verdict, 'succeeded', JSON.stringify(outcome.failure));
  };
  const part = (backup: string) => ({ directory, backup, part: 'application' });
  const prune = (...pins: string[]) =>
    succeed({ kind: 'pruneBackups', directory, keep: 1, pins, parts: ['application'] });
  const left = async () => (await onNode(node, `ls ${directory}`)).split('\n');

  before(async () => {
    await lab('heal');
    agent = await startNodeAgent(node, `backups: { directory: ${directory}, paths: [/srv] }`);
    await onNode(node, `rm -rf ${directory}; mkdir -p ${tree} && echo one >${tree}/file`);
  });
  after(async () => {
    await onNode(node, `rm -rf ${directory} ${tree}`);
    await agent.remove();
  });

  it('go once a newer one is there, verified, but never what is pinned or an upgrade’s last', async () => {
    for (const backup of ['upgrade-1', 'run-2', 'run-3', 'run-4'])
      await succeed({ kind: 'backUpFiles', ...part(backup), paths: [tree], excludes: [], units: [] });
    await onNode(node, `mkdir -p ${directory}/run-0/application.partial`);
    await prune('run-4');
    assert.deepEqual(await left(), ['run-2', 'run-3', 'run-4', 'upgrade-1'], 'nothing is verified yet');
    await succeed({ kind: 'verifyBackup', ...part('run-4'), trialRestore: false });
    await prune('run-4', 'run-2');
    assert.deepEqual(await left(), ['run-2', 'run-4', 'upgrade-1']);
    await prune('run-4');
    assert.deepEqual(await left(), ['run-4', 'upgrade-1']);
  });
});
