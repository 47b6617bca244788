// What lies on the nodes as backups: whole or not, and which go.
import assert from 'node:assert/strict';
import { partsOf } from '../../../coordinator/backups/parts.ts';
import { backupsIn, describeBackup, outdated, type PresentPart } from '../../../coordinator/backups/present.ts';
import type { BackupPlan } from '../../../coordinator/cluster/cluster.ts';
import { labCluster } from '../checks/world.ts';

const cluster = labCluster((text) => `${text}backup: { exclude: [/opt/flotomate/main-server/logs] }\n`);
const plan = cluster.backup as BackupPlan;
const day = 86_400_000;

const part = (backup: string, node: string, name: string, change: Partial<PresentPart> = {}): PresentPart => ({
  node,
  backup,
  part: name,
  isComplete: true,
  sizeBytes: 100,
  takenAtMs: day,
  verifiedAtMs: 2 * day,
  restoredAtMs: 0,
  warnings: [],
  ...change,
});
const whole = (backup: string, takenAtMs: number, change: Partial<PresentPart> = {}): PresentPart[] =>
  partsOf(cluster, plan).map((task) => part(backup, task.node, task.part, { takenAtMs, ...change }));
const names = (parts: PresentPart[], keep: number, isUpgrade = false) =>
  outdated(parts, keep, isUpgrade).map(({ backup }) => backup);

describe('parts of a backup', () => {
  it('are the application and configuration of both nodes, files and database of the master', () => {
    assert.deepEqual(
      partsOf(cluster, plan).map((task) => `${task.node} ${task.part}`),
      ['n2 application', 'n2 configuration', 'n1 application', 'n1 configuration', 'n1 files', 'n1 database'],
    );
  });

  it('leave the files out of the application, since they are a part of their own', () => {
    const [application] = partsOf(cluster, plan);
    assert.ok(application?.part === 'application');
    assert.deepEqual(application.paths, ['/opt/flotomate']);
    assert.deepEqual(application.excludes, ['/opt/flotomate/main-server/filedb', '/opt/flotomate/main-server/logs']);
  });

  it('have no configuration where none is named', () => {
    const tasks = partsOf(cluster, { ...plan, configuration: [] });
    assert.ok(tasks.every((task) => task.part !== 'configuration'));
  });

  it('lie where each tier is', () => {
    const five = labCluster((text) =>
      text
        .replace('role: master }', 'role: master, tiers: [app] }')
        .replace('role: standby }', 'role: standby, tiers: [app] }')
        .replace(
          '  n3:',
          '  d1: { address: 10.77.0.21, role: master, tiers: [db] }\n  d2: { address: 10.77.0.22, role: standby, tiers: [db] }\n  n3:',
        )
        .concat('backup: { configuration: [] }\n'),
    );
    assert.deepEqual(
      partsOf(five, five.backup as BackupPlan).map((task) => `${task.node} ${task.part}`),
      ['n2 application', 'n1 application', 'n1 files', 'd1 database'],
    );
  });
});

describe('a backup in the list', () => {
  const described = (parts: PresentPart[], unread: string[] = []) => {
    const [present] = backupsIn(parts);
    assert.ok(present);
    return describeBackup(present, partsOf(cluster, plan), unread);
  };

  it('is verified when every part is there and was read again', () => {
    const document = described(whole('backup-1', day));
    assert.equal(document.state, 'verified');
    assert.deepEqual(document.missing, []);
    assert.equal(document.sizeBytes, 600);
    assert.equal(document.takenAt, '1970-01-02T00:00:00.000Z');
  });

  it('is only complete while one part is not verified', () => {
    const [first, ...others] = whole('backup-1', day);
    assert.ok(first);
    assert.equal(described([{ ...first, verifiedAtMs: 0 }, ...others]).state, 'complete');
  });

  it('is incomplete when a part is missing, and says which', () => {
    const document = described(whole('backup-1', day).filter((one) => one.part !== 'database'));
    assert.equal(document.state, 'incomplete');
    assert.deepEqual(document.missing, ['n1 database']);
  });

  it('is incomplete when a part was not finished', () => {
    const parts = whole('backup-1', day).map((one) => (one.part === 'files' ? { ...one, isComplete: false } : one));
    assert.equal(described(parts).state, 'incomplete');
    assert.deepEqual(described(parts).missing, ['n1 files']);
  });

  it('is unknown, never whole, while a node that may have parts was not read', () => {
    const parts = whole('backup-1', day).filter(({ node }) => node === 'n1');
    assert.equal(described(parts, ['n2']).state, 'unknown');
    assert.equal(
      described(
        parts.filter((one) => one.part !== 'files'),
        ['n2'],
      ).state,
      'incomplete',
    );
  });

  it('stands before older ones', () => {
    const parts = [...whole('backup-1', day), ...whole('backup-3', 3 * day), ...whole('backup-2', 2 * day)];
    assert.deepEqual(
      backupsIn(parts).map(({ backup }) => backup),
      ['backup-3', 'backup-2', 'backup-1'],
    );
  });
});

describe('retention', () => {
  const four = [1, 2, 3, 4].flatMap((number) => whole(`backup-${number}`, number * day));

  it('keeps as many as the cluster file says, the coming one counted', () => {
    assert.deepEqual(names(four, 3), ['backup-2', 'backup-1']);
    assert.deepEqual(names(four, 1), ['backup-4', 'backup-3', 'backup-2', 'backup-1']);
    assert.deepEqual(names(four, 9), []);
  });

  it('keeps the newest one of an upgrade besides, since going back needs it', () => {
    const parts = [...whole('upgrade-1', day / 2), ...whole('upgrade-2', day / 4), ...four];
    assert.deepEqual(names(parts, 2), ['backup-3', 'backup-2', 'backup-1', 'upgrade-2']);
    const database = [...whole('db-upgrade-1', day / 2), ...four];
    assert.deepEqual(names(database, 4), ['backup-1']);
  });

  it('lets the one of an older upgrade go when the coming one is an upgrade’s', () => {
    assert.deepEqual(names([...whole('upgrade-1', day / 2), ...four], 4, true), ['backup-1', 'upgrade-1']);
  });

  it('removes what was begun and not finished, and counts it as none', () => {
    const unfinished = [part('backup-9', 'n1', 'files', { takenAtMs: 9 * day, isComplete: false })];
    assert.deepEqual(names([...four, ...unfinished], 5), ['backup-9']);
    const halfDone = [part('backup-8', 'n1', 'application', { takenAtMs: 8 * day })];
    assert.deepEqual(names([...four, ...halfDone], 5), ['backup-8']);
  });

  it('takes an upgrade’s backup that was not finished for none to go back to', () => {
    const unfinished = whole('upgrade-2', 5 * day).map((one) =>
      one.part === 'database' ? { ...one, isComplete: false } : one,
    );
    assert.deepEqual(names([...whole('upgrade-1', day / 2), ...unfinished], 1), ['upgrade-2']);
  });
});
