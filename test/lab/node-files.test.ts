// Settings files, HA scripts and files of the other node, as the agent changes and reads them on real machines.
import assert from 'node:assert/strict';
import { type Action, actionClasses } from '../../shared/actions/action.ts';
import type { Key } from '../../shared/key.ts';
import { type NodeAgent, startNodeAgent } from './agent-node.ts';
import { lab, onNode } from './lab.ts';

const settings = '/opt/HA/conf/ha.conf';
const root = '/var/tmp/baton-merged';

describe('Files beside the application', function () {
  this.timeout(120_000);
  let agent: NodeAgent;
  let n1: string;
  const run = `r${Date.now().toString(36)}`;
  let attempts = 0;
  const act = (action: Action) => {
    attempts += 1;
    const key: Key = { run, step: 'files', phase: 'do', attempt: attempts };
    return actionClasses[action.kind] === 'read' ? agent.coordinator.read(action) : agent.act(key, action, 30_000);
  };
  const ask = async (action: Action) => {
    const outcome = await act(action);
    assert.equal(outcome.failure, undefined, JSON.stringify(outcome.failure));
    return outcome.answer;
  };
  const values = (...names: string[]): Action => ({ kind: 'readValues', path: settings, names });

  before(async () => {
    const subnet = /subnet (\d+\.\d+\.\d+)\.0/.exec(await lab('status'))?.[1] ?? '';
    n1 = `${subnet}.11`;
    agent = await startNodeAgent(
      'n2',
      `
ha: { directory: /opt/HA, scripts: [baton-test.sh, master.sh], settings: [${settings}] }
mergeFiles: { root: ${root}, from: ['${n1}', '${subnet}.99'] }
`,
    );
  });
  after(async () => {
    await onNode('n1', `rm -rf ${root}`);
    await onNode('n2', `rm -rf ${root} /opt/HA/baton-test.sh`);
    await agent.remove();
  });

  it('are set as their owner has them, and read again', async () => {
    const was = await onNode('n2', `stat -c '%U:%G %a' ${settings}; cat ${settings}`);
    const read = await ask(values('DATABASE_UNIT', 'DATABASE_DIRECTORY', 'NONE'));
    assert.ok(read?.kind === 'readValues');
    assert.deepEqual(read.values, [
      { name: 'DATABASE_UNIT', value: 'postgresql@15-main' },
      { name: 'DATABASE_DIRECTORY', value: '/var/lib/postgresql/15/main' },
    ]);
    const set = (value: string): Action => ({
      ...{ kind: 'setValues', path: settings, values: [{ name: 'DATABASE_UNIT', value }] },
    });
    const answer = await ask(set('postgresql@17-main'));
    assert.deepEqual(answer?.kind === 'setValues' && answer.values, [
      { name: 'DATABASE_UNIT', value: 'postgresql@17-main' },
    ]);
    assert.match(await onNode('n2', `. ${settings}; echo $DATABASE_UNIT $MASTER_NODE`), /^postgresql@17-main n1$/);
    await ask(set('postgresql@15-main'));
    assert.equal(await onNode('n2', `stat -c '%U:%G %a' ${settings}; cat ${settings}`), was);
    const refused = await act({ kind: 'readValues', path: '/etc/passwd', names: ['root'] });
    assert.equal(refused.failure?.code, 'refused-by-policy');
  });

  it('that are HA scripts run as their folder’s owner, and fail with what they said last', async () => {
    const script = (text: string) =>
      onNode('n2', `printf '%s\\n' '${text}' >/opt/HA/baton-test.sh; chown motadata: /opt/HA/baton-test.sh`);
    await script('echo "$(id -un) $HOME $(pwd)"');
    const ended = await ask({ kind: 'runHaScript', script: 'baton-test.sh' });
    assert.ok(ended?.kind === 'runHaScript' && ended.exitCode === 0);
    assert.equal(ended.lastLines, 'motadata /home/motadata /opt/HA');
    await script('echo "the database cannot be promoted" >&2; exit 70');
    const failed = await act({ kind: 'runHaScript', script: 'baton-test.sh' });
    assert.equal(failed.failure?.code, 'command-failed');
    assert.match(failed.failure.message, /ended with 70: the database cannot be promoted \(sh baton-test\.sh\)/);
    assert.ok(failed.answer?.kind === 'runHaScript' && failed.answer.exitCode === 70);
    await onNode('n2', 'rm /opt/HA/baton-test.sh');
    assert.equal((await act({ kind: 'runHaScript', script: 'baton-test.sh' })).failure?.code, 'not-found');
  });

  it('that the other node has beyond this one’s are told and brought; nothing is removed, nothing newer replaced', async () => {
    const missing: Action = { kind: 'readMissingFiles', root, from: n1 };
    const merge: Action = { kind: 'mergeFiles', root, from: n1 };
    await onNode('n2', `rm -rf ${root}`);
    assert.equal((await act(missing)).failure?.code, 'not-found', 'without its folder everything would be missing');
    const at = (time: string, file: string, text: string) =>
      `mkdir -p ${root}/deep && printf '%s' '${text}' >'${root}/${file}' && touch -d ${time} '${root}/${file}'`;
    await onNode(
      'n1',
      [
        at('2026-01-02', 'deep/only there', 'brought'),
        at('2026-01-02', 'newer-there', 'new there'),
        at('2026-01-01', 'newer-here', 'old there'),
        at('2026-01-01', 'equal', 'equal'),
        `chown 4242:4242 ${root}/newer-there && chmod 640 ${root}/newer-there`,
      ].join(' && '),
    );
    await onNode(
      'n2',
      [
        at('2026-01-01', 'newer-there', 'old here'),
        at('2026-01-02', 'newer-here', 'new here'),
        at('2026-01-01', 'equal', 'equal'),
        at('2026-01-01', 'deep/only-here', 'kept'),
      ].join(' && '),
    );
    const told = await ask(missing);
    assert.deepEqual(told, {
      ...{ kind: 'readMissingFiles', missing: 1, older: 1, bytes: 16, sample: ['newer-there', 'deep/only there'] },
    });
    const merged = await ask(merge);
    assert.ok(merged?.kind === 'mergeFiles' && merged.files === 2 && merged.bytes === 16);
    assert.equal(
      await onNode('n2', `cd ${root} && cat 'deep/only there' deep/only-here newer-there newer-here`),
      'broughtkeptnew therenew here',
    );
    assert.equal(await onNode('n2', `stat -c '%u:%g %a' ${root}/newer-there`), '4242:4242 640');
    const after = await ask(missing);
    assert.ok(after?.kind === 'readMissingFiles' && after.missing + after.older === 0);
    const again = await ask(merge);
    assert.ok(again?.kind === 'mergeFiles' && again.files === 0);

    const away = await act({ kind: 'mergeFiles', root, from: n1.replace(/\d+$/, '99') });
    assert.equal(away.failure?.code, 'unreachable', JSON.stringify(away.failure));
    assert.match(away.failure.message, /ssh does not reach root@/);
  });
});
