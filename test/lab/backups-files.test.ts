import assert from 'node:assert/strict';
import { type Action, type AnswerOf, actionClasses } from '../../shared/actions/action.ts';
import { type Key, unitOfKey } from '../../shared/key.ts';
import type { Outcome } from '../../shared/outcome.ts';
import { type NodeAgent, startNodeAgent } from './agent-node.ts';
import { lab, onNode, waitFor } from './lab.ts';

const node = 'n3';
const directory = '/var/tmp/baton-backups';
const tree = '/srv/baton-tree';
const policy = `
backups: { directory: ${directory}, paths: [/srv], restore: true }
hooksDirectory: /etc/baton-test/hooks
hooks: [vm-snapshot]
`;

/** Everything about a tree that a restore must bring back. */
const describeTree = (path: string) =>
  onNode(
    node,
    `cd ${path} && find . -path ./logs -prune -o ! -type d -printf '%p %y %m %U %G %T@ %n %l %s\\n' | sort; ` +
      `find . -path ./logs -prune -o -type d -printf '%p %m %U %G %T@\\n' | sort; ` +
      'find . -path ./logs -prune -o -type f -print0 | sort -z | xargs -0 sha256sum; ' +
      `python3 -c 'import os; print(os.listxattr("a file"), os.getxattr("a file", "user.note"), os.stat("hole").st_blocks < 100)'`,
  );

describe('Backups of files on a real machine', function () {
  this.timeout(300_000);
  let agent: NodeAgent;
  // systemd remembers the units of an earlier run of these tests.
  const run = `r${Date.now().toString(36)}`;
  let attempts = 0;
  const key = (step: string): Key => {
    attempts += 1;
    return { run, step, phase: 'do', attempt: attempts };
  };
  const at = (backup: string) => ({ directory, backup });
  const backUp = (backup: string, paths = [tree], excludes: string[] = []): Action => ({
    ...{ kind: 'backUpFiles', ...at(backup), part: 'application', paths, excludes, units: [] },
  });
  const verify = (backup: string): Action => ({
    ...{ kind: 'verifyBackup', ...at(backup), part: 'application', trialRestore: false },
  });
  const restore = (backup: string, excludes: string[] = []): Action => ({
    ...{ kind: 'restoreFiles', ...at(backup), part: 'application', excludes },
  });
  const act = (step: string, action: Action, timeoutMs = 120_000) => agent.act(key(step), action, timeoutMs);
  const succeed = async (step: string, action: Action) => {
    const outcome = await act(step, action);
    assert.equal(outcome.verdict, 'succeeded', JSON.stringify(outcome.failure));
    return outcome;
  };
  const list = async () => {
    const { answer, failure } = await agent.coordinator.read({ kind: 'readBackups', directory });
    assert.ok(answer?.kind === 'readBackups', JSON.stringify(failure));
    return answer.parts;
  };
  const nothingIsLeft = async () =>
    assert.equal(await onNode(node, `find ${directory} -mindepth 2 -not -name '${'*.d'}' 2>/dev/null || true`), '');
  /** Starts an action and holds its unit as soon as a file is there; continues it after `meanwhile`. */
  const during = async (action: Action, file: string, meanwhile: (unit: string) => Promise<void>): Promise<Outcome> => {
    const held = key('held');
    const unit = unitOfKey(held);
    const hold = onNode(
      node,
      `timeout 60 sh -c 'until [ -s ${file} ]; do :; done' && systemctl kill --signal=STOP ${unit}`,
    );
    agent.coordinator.command(held, action, { timeoutMs: 120_000 });
    await hold;
    assert.equal(await onNode(node, `systemctl show -p SubState --value ${unit}`), 'running', 'it was over too soon');
    try {
      await meanwhile(unit);
    } finally {
      await onNode(node, `systemctl kill --signal=CONT ${unit} || true`);
    }
    return await agent.coordinator.outcomeOf(held, 120_000);
  };

  before(async () => {
    await lab('heal');
    agent = await startNodeAgent(node, policy);
    await onNode(node, 'mkdir -p /srv/baton-large && head -c 400000000 /dev/urandom > /srv/baton-large/file');
  });
  after(async () => {
    await onNode(
      node,
      `umount -l ${directory} 2>/dev/null; rm -rf ${directory} ${tree} /srv/baton-large /etc/baton-test/hooks`,
    );
    await agent.remove();
  });
  beforeEach(() =>
    onNode(
      node,
      `umount -l ${directory} 2>/dev/null; rm -rf ${directory} ${tree}; mkdir -p ${tree}/logs ${tree}/deep/er && cd ${tree} && ` +
        'echo one > "a file" && echo two > deep/er/two && ln "a file" deep/hard && ln -s "../a file" deep/soft && ' +
        'echo log > logs/log && truncate -s 50M hole && chown 1234:2345 "a file" && chmod 4751 deep/er/two && chmod 0700 deep && ' +
        `python3 -c 'import os; os.setxattr("a file", "user.note", b"kept")' && touch -h -d "2020-01-02 03:04:05.678901234" deep/soft deep/er/two deep`,
    ),
  );

  it('bring every property of a tree back, whatever was done to it, and leave alone what is left out', async () => {
    const before = await describeTree(tree);
    const outcome = await succeed('back-up', backUp('run-1', [tree], [`${tree}/logs`]));
    const part = outcome.answer as AnswerOf<'backUpFiles'>;
    assert.ok(part.complete && part.bytes > 0 && part.job !== undefined, JSON.stringify(part));
    assert.match(outcome.commands.join('\n'), /tar --create .*systemd-run/s);
    await succeed('verify', verify('run-1'));
    assert.ok((await list())[0]?.verifiedAtMs);

    await onNode(
      node,
      `cd ${tree} && echo onf > deep/er/two && touch -d "2020-01-02 03:04:05.678901234" deep/er/two && rm "a file" && mkdir "a file" && ` +
        'echo x > "a file/x" && chmod 0777 deep && chown 0:0 deep && ln -sfn /etc deep/soft && echo new > new && mkdir newer && echo later >> logs/log && rm hole',
    );
    assert.notEqual(await describeTree(tree).catch(() => 'broken'), before);
    await succeed('restore', restore('run-1'));
    assert.equal(await describeTree(tree), before);
    assert.equal(await onNode(node, `cat ${tree}/logs/log`), 'log\nlater');
    await onNode(node, `rm -rf ${tree}`);
    await succeed('restore-all', restore('run-1'));
    assert.equal(await describeTree(tree), before);
    assert.deepEqual(await onNode(node, `ls ${directory}/run-1`), 'application');
  });

  it('go on while the agent is killed, and are told once, whole', async () => {
    const large = backUp('run-2', ['/srv/baton-large', tree]);
    const outcome = await during(large, `${directory}/run-2/application.partial/tree-1.tar`, async () => {
      assert.deepEqual(
        (await list()).map(({ part, complete }) => `${part} ${complete}`),
        ['application false'],
      );
      const told = () => agent.coordinator.heard.progress.some(({ line }) => / of 452 MB written/.test(line));
      await waitFor('its progress is told', async () => told());
      await agent.kill();
    });
    assert.equal(outcome.verdict, 'succeeded', JSON.stringify(outcome.failure));
    assert.match(outcome.commands.join('\n'), /tar --create/);
    assert.deepEqual(
      (await list()).map(({ part, complete }) => `${part} ${complete}`),
      ['application true'],
    );
    await succeed('verify', verify('run-2'));
  });

  it('are made anew over what a killed attempt has left', async () => {
    const large = backUp('run-3', ['/srv/baton-large']);
    const outcome = await during(large, `${directory}/run-3/application.partial/tree-1.tar`, async (unit) => {
      await onNode(node, `systemctl kill --signal=KILL ${unit}`);
    });
    assert.equal(
      `${outcome.verdict} ${outcome.failure?.code}`,
      'failed command-killed',
      JSON.stringify(outcome.failure),
    );
    await nothingIsLeft();
    await onNode(
      node,
      `mkdir -p -m 0711 ${directory}/run-3 && mkdir ${directory}/run-3/application.partial && echo torn > ${directory}/run-3/application.partial/tree-1.tar`,
    );
    await succeed('again', large);
    await succeed('and-again', large);
    assert.equal(await onNode(node, `ls ${directory}/run-3`), 'application');
    await succeed('verify', verify('run-3'));
  });

  it('are damaged by one byte: verification and restore name the file, and nothing is changed', async () => {
    await succeed('back-up', backUp('run-4'));
    const part = `${directory}/run-4/application`;
    const before = await describeTree(tree);
    await succeed('verify', verify('run-4'));
    await onNode(node, `printf X | dd of=${part}/tree-1.tar bs=1 seek=2000 conv=notrunc 2>/dev/null`);
    for (const [step, action] of Object.entries({ verify: verify('run-4'), restore: restore('run-4') })) {
      const outcome = await act(step, action);
      assert.equal(outcome.failure?.code, 'damaged', JSON.stringify(outcome.failure));
      assert.match(outcome.failure.message, /tree-1\.tar/);
    }
    assert.equal(await describeTree(tree), before);
    assert.equal((await list())[0]?.verifiedAtMs, undefined);
    for (const file of ['SHA256SUMS', 'manifest.json']) {
      await onNode(node, `sed -i 's/e/f/' ${part}/${file}`);
      const outcome = await act('verify', verify('run-4'));
      assert.equal(outcome.failure?.code, 'damaged', JSON.stringify(outcome.failure));
      assert.ok(outcome.failure.message.includes(file), outcome.failure.message);
    }
    assert.equal((await list())[0]?.complete, false);
    assert.equal((await act('none', verify('run-none'))).failure?.code, 'not-found');
  });

  it('find their target full: nothing partial is left in the way, and there is room again afterwards', async () => {
    await onNode(node, `mkdir -p -m 0711 ${directory} && mount -t tmpfs -o mode=0711,size=4m tmpfs ${directory}`);
    const outcome = await act('full', backUp('run-5', ['/srv/baton-large']));
    assert.equal(outcome.failure?.code, 'no-space', JSON.stringify(outcome.failure));
    await nothingIsLeft();
    await succeed('small', backUp('run-5'));
    await onNode(node, `head -c 40M /dev/zero > ${directory}/filler || true`);
    const before = await describeTree(tree);
    const restored = await act('restore-full', restore('run-5'));
    assert.equal(restored.failure?.code, 'no-space', JSON.stringify(restored.failure));
    assert.equal(await describeTree(tree), before);
    assert.equal(await onNode(node, `ls ${directory}/run-5`), 'application');
  });

  it('find their target unwritable, or vanishing midway: each says so', async () => {
    await onNode(node, `mkdir -p -m 0711 ${directory} && mount -t tmpfs -o ro,mode=0711 tmpfs ${directory}`);
    const readOnly = await act('read-only', backUp('run-6'));
    assert.equal(readOnly.failure?.code, 'command-failed', JSON.stringify(readOnly.failure));
    assert.match(readOnly.failure.message, /run-6 cannot be made/);
    await onNode(node, `umount ${directory} && mount -t tmpfs -o mode=0711,size=1g tmpfs ${directory}`);
    const large = backUp('run-6', ['/srv/baton-large']);
    const vanished = await during(large, `${directory}/run-6/application.partial/tree-1.tar`, async () => {
      await onNode(node, `umount -l ${directory}`);
    });
    assert.equal(vanished.verdict, 'failed', JSON.stringify(vanished));
    assert.deepEqual(await list(), []);
    await onNode(node, `chmod 0777 ${directory}`);
    assert.match((await act('others', backUp('run-6'))).failure?.message ?? '', /writable by nobody else/);
  });

  it('miss what they are of, and are kept within the policy', async () => {
    const missing = await act('missing', backUp('run-7', ['/srv/baton-none']));
    assert.equal(missing.failure?.code, 'not-found');
    assert.match(missing.failure.message, /there is no \/srv\/baton-none/);
    const refused = await act('refused', backUp('run-7', ['/etc']));
    assert.equal(`${refused.verdict} ${refused.failure?.code}`, 'refused refused-by-policy');
    assert.equal(actionClasses.backUpFiles, 'idempotent');
  });

  it('are never of, nor restored over, what somebody has put in the place of a tree', async () => {
    await succeed('back-up', backUp('run-8'));
    await onNode(
      node,
      `mv ${tree} ${tree}-moved && mkdir -p /srv/baton-other && echo mine > /srv/baton-other/file && ln -s /srv/baton-other ${tree}`,
    );
    const restored = await act('restore', restore('run-8'));
    assert.equal(restored.failure?.code, 'not-in-state', JSON.stringify(restored.failure));
    assert.match(restored.failure.message, /leads elsewhere/);
    assert.equal(await onNode(node, 'cat /srv/baton-other/*'), 'mine');
    await onNode(node, `ln -sfn /etc ${tree}`);
    assert.equal((await act('back-up', backUp('run-9'))).failure?.code, 'refused-by-policy');
    await onNode(node, `rm ${tree}; mv ${tree}-moved ${tree}; rm -r /srv/baton-other`);
  });

  it('lack nothing that is mounted below a tree: it is left out in words, or they are refused', async () => {
    await onNode(node, `mount -t tmpfs none ${tree}/logs && echo mounted > ${tree}/logs/file`);
    try {
      const refused = await act('mounted', backUp('run-10'));
      assert.equal(refused.failure?.code, 'not-in-state', JSON.stringify(refused.failure));
      assert.match(refused.failure.message, /baton-tree\/logs is a file system of its own/);
      await succeed('left-out', backUp('run-10', [tree], [`${tree}/logs`]));
      await onNode(node, `touch ${tree}/new`);
      await succeed('restore', restore('run-10'));
      assert.equal(await onNode(node, `cat ${tree}/logs/file; ls ${tree}/new 2>/dev/null || true`), 'mounted');
    } finally {
      await onNode(node, `umount ${tree}/logs`);
    }
  });

  it('are measured before', async () => {
    const action: Action = { kind: 'measureBackup', directory, paths: [tree], excludes: [`${tree}/logs`] };
    const { answer, failure } = await agent.coordinator.read(action);
    assert.ok(answer?.kind === 'measureBackup', JSON.stringify(failure));
    assert.deepEqual([answer.filesBytes, answer.files], [50 * 1024 * 1024 + 4 + 4 + 4, 4]);
    assert.ok(answer.freeBytes > 0);
  });

  it('have hooks beside them: called by name with arguments, with their output, their failure and their limit', async () => {
    const script = '#!/bin/sh\\necho "$@"; [ "$1" != verify ] || exit 3; [ "$1" != remove ] || sleep 60\\n';
    await onNode(
      node,
      `mkdir -p /etc/baton-test/hooks && printf '${script}' > /etc/baton-test/hooks/vm-snapshot && chmod 0755 /etc/baton-test/hooks/vm-snapshot`,
    );
    const hook = (verb: string, name = 'vm-snapshot'): Action => ({
      kind: 'runHook',
      hook: name,
      args: [verb, 'n3', 'run-1'],
    });
    const made = await succeed('create', hook('create'));
    assert.equal(made.answer?.kind === 'runHook' && made.answer.lastLines, 'create n3 run-1');
    const failed = await act('verify-hook', hook('verify'));
    assert.match(
      `${failed.failure?.code} ${failed.failure?.message}`,
      /command-failed .*ended with 3.*verify n3 run-1/,
    );
    assert.equal((await act('hangs', hook('remove'), 2000)).failure?.code, 'timeout');
    assert.equal((await act('other', hook('create', 'power'))).failure?.code, 'refused-by-policy');
    await onNode(node, 'chmod 0775 /etc/baton-test/hooks/vm-snapshot');
    assert.match((await act('not-own', hook('create'))).failure?.message ?? '', /writable by nobody else/);
  });
});
