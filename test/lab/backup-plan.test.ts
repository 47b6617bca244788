// Backups as an operator sees them: taken, listed, verified, restored on trial, removed by rule; and what stops one before it
// harms: a full disk, a damaged archive, a hook that fails or hangs.
import assert from 'node:assert/strict';
import type { BackupDocument, BackupsDocument } from '../../shared/backup-documents.ts';
import type { RunDocument } from '../../shared/documents.ts';
import { baton, batonJson, clusterFile, installerStarts, onNode } from './lab.ts';
import { startAfresh, stateOf, upgrade } from './scenario.ts';

const directory = '/var/backups/baton';
const hook = '/etc/baton/hooks/vm-snapshot';

const backups = async (): Promise<BackupDocument[]> => {
  const { exitCode, document } = await batonJson<BackupsDocument>('backup', 'ls', 'lab');
  assert.equal(exitCode, 0);
  return document.backups;
};
const take = async () => (await batonJson<RunDocument>('backup', 'take', 'lab', '--yes')).document;
const verify = (...words: string[]) => batonJson<RunDocument>('backup', 'verify', 'lab', ...words);

async function apply(change: (text: string) => string): Promise<void> {
  const applied = await baton('cluster', 'apply', await clusterFile(change));
  assert.equal(applied.exitCode, 0, applied.stderr);
}
async function assertUntouched(): Promise<void> {
  assert.equal(await stateOf('n3', 'ha'), 'active');
  assert.equal(await stateOf('n1', 'ft-main-server'), 'active');
  assert.deepEqual(await installerStarts('n1'), []);
}

describe('backups', () => {
  before(async () => {
    await startAfresh();
  });

  it('are taken while services go on, verified, and listed', async () => {
    const run = await take();
    assert.equal(run.status, 'succeeded', run.message);
    const [backup] = await backups();
    assert.equal(backup?.id, run.id);
    assert.equal(backup?.state, 'verified');
    assert.deepEqual(backup?.parts.map(({ node, part }) => `${node} ${part}`).sort(), [
      'n1 application',
      'n1 configuration',
      'n1 database',
      'n1 files',
      'n2 application',
      'n2 configuration',
    ]);
    await assertUntouched();
    assert.equal(await onNode('n1', `stat -c %a ${directory} ${directory}/${run.id}/files | tr '\\n' ' '`), '711 700');
  });

  it('are verified again on demand, the database restored into a scratch cluster that is gone afterwards', async () => {
    const { exitCode, document } = await verify('latest', '--trial-restore');
    assert.equal(exitCode, 0, document.message);
    const [backup] = await backups();
    const database = backup?.parts.find(({ part }) => part === 'database');
    assert.ok(database?.restoredAt, JSON.stringify(database));
    assert.equal(await onNode('n1', 'ls -d /var/lib/postgresql/15/*'), '/var/lib/postgresql/15/main');
    assert.equal(await onNode('n1', `pgrep -af 'postgres .*[b]ackups/baton' || true`), '');
  });

  it('are found damaged by one flipped byte, and the file is named', async () => {
    const [backup] = await backups();
    const part = `${directory}/${backup?.id}/files`;
    const archive = await onNode('n1', `cd ${part} && ls | grep tar | head -1`);
    await onNode('n1', `printf X | dd of=${part}/${archive} bs=1 seek=700 conv=notrunc status=none`);
    const { exitCode, document } = await verify();
    assert.equal(exitCode, 1);
    assert.match(JSON.stringify(document), new RegExp(archive));
    assert.notEqual((await backups())[0]?.state, 'verified');
  });

  it('refuse an upgrade in the preflight where the disk is too full, by name', async () => {
    await onNode('n1', `mount -t tmpfs -o size=1m,mode=0711 tmpfs ${directory}`);
    try {
      const ended = await upgrade();
      assert.equal(ended.exitCode, 1);
      assert.match(ended.stdout + ended.stderr, /n1: Room for the backup/);
      await assertUntouched();
    } finally {
      await onNode('n1', `umount ${directory}`);
    }
  });

  it('stop an upgrade before its first change when the snapshot hook fails, and say what it said', async () => {
    await onNode(
      'n3',
      `mkdir -p /etc/baton/hooks; printf '#!/bin/sh\\necho no room on the hypervisor; exit 3\\n' >${hook}; chmod 0755 ${hook}`,
    );
    await apply((text) => text.replace(/snapshots: .*$/m, 'snapshots: { node: n3 }'));
    const ended = await upgrade();
    assert.equal(ended.exitCode, 1);
    assert.match(ended.stdout + ended.stderr, /no room on the hypervisor/);
    await assertUntouched();
  });

  it('stop it as well when the hook hangs, and leave nothing of it running', async () => {
    await onNode('n3', `printf '#!/bin/sh\\nexec sleep 3333\\n' >${hook}`);
    await apply((text) => text.replace(/snapshots: .*$/m, 'snapshots: { node: n3, timeout: 3s }'));
    const ended = await baton('backup', 'take', 'lab', '--snapshots', '--yes');
    assert.equal(ended.exitCode, 1);
    assert.match(ended.stdout + ended.stderr, /VM snapshot of n1/);
    assert.equal(await onNode('n3', "pgrep -f 'sleep 333[3]' || true"), '');
    await assertUntouched();
  });

  it('go by the rule of the cluster file once a newer one is verified; the newest one of an upgrade stays', async () => {
    const newest = (await backups()).find(({ id }) => id.startsWith('upgrade-'));
    assert.equal(newest?.state, 'verified', 'the upgrade that was stopped has left its backup');
    await apply((text) => text.replace(/keep: \d+/, 'keep: 1'));
    const run = await take();
    assert.equal(run.status, 'succeeded', run.message);
    const kept = [run.id, newest?.id];
    assert.deepEqual(
      (await backups()).map(({ id }) => id),
      kept,
    );
    assert.equal(await onNode('n2', `ls -t ${directory}`), kept.join('\n'));
  });
});
