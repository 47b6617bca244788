// The backup before an upgrade and alone, beside the guide's “Application Backup, Database Backup, VM Snapshot”.
import assert from 'node:assert/strict';
import { partsOf } from '../../../coordinator/backups/parts.ts';
import type { PresentPart } from '../../../coordinator/backups/present.ts';
import type { BackupPlan, Cluster } from '../../../coordinator/cluster/cluster.ts';
import { compilePlan } from '../../../coordinator/plans/compile.ts';
import type { CompiledPlan } from '../../../coordinator/plans/plan.ts';
import { preflightChecks } from '../../../coordinator/plans/preflight.ts';
import { labCluster } from '../checks/world.ts';
import { installed, profilesOf, stepOf, steps, upgradeParameters } from './compiled.ts';

const withBackup = (more = '') => labCluster((text) => `${text}backup: { ${more} }\n`);
const none = "snapshots: { none: 'the hypervisor has no room' }";

const partsAt = (cluster: Cluster, backup: string, takenAtMs: number): PresentPart[] =>
  partsOf(cluster, cluster.backup as BackupPlan).map(({ node, part }) => ({
    ...{ node, part, backup, takenAtMs, isComplete: true, sizeBytes: 5_000_000_000 },
    ...{ verifiedAtMs: takenAtMs, restoredAtMs: 0, warnings: [] },
  }));

const compiled = (
  cluster: Cluster,
  name = 'backup',
  parameters: unknown = name === 'upgrade' ? upgradeParameters : {},
  backups: PresentPart[] = [],
): CompiledPlan => {
  const result = compilePlan(name, cluster, parameters, profilesOf(cluster), { installed, backups });
  assert.ok(result.ok, result.ok ? '' : result.failure.message);
  return result.value;
};
const refusal = (cluster: Cluster, name: string, parameters: unknown = {}, backups: PresentPart[] = []) => {
  const result = compilePlan(name, cluster, parameters, profilesOf(cluster), { installed, backups });
  assert.ok(!result.ok, 'it was compiled');
  return result.failure;
};
const ids = ({ plan }: CompiledPlan, phase: string) =>
  plan.items.filter((item) => item.phase === phase).map(({ id }) => id);

const taken = [
  'backup.n2.application',
  'backup.n2.configuration',
  'backup.n1.application',
  'backup.n1.configuration',
  'backup.n1.files',
  'backup.n1.database',
];
const verified = taken.map((id) => `${id}.verify`);
const pruned = ['backup.n1.prune', 'backup.n2.prune'];

describe('backup before an upgrade', () => {
  it('is taken, verified and looked at as a whole before failover is suspended', () => {
    const upgrade = compiled(withBackup(none), 'upgrade');
    assert.deepEqual(ids(upgrade, 'Back up'), [...taken, ...verified, 'backup.whole', ...pruned]);
    const phases = upgrade.plan.items.map(({ phase }) => phase);
    assert.ok(phases.lastIndexOf('Back up') < phases.indexOf('Suspend failover'));
    assert.ok(phases.lastIndexOf('Stage') < phases.indexOf('Back up'));
  });

  it('leaves nothing behind that would have to be undone: a failure of it ends the run before the first change', () => {
    for (const step of steps(compiled(withBackup(none), 'upgrade').plan.items))
      if (step.phase === 'Back up') {
        assert.equal(step.isHarmless, true, step.id);
        assert.ok('noUndo' in step.undo, step.id);
        assert.equal(step.takesPortalDown, false, step.id);
      }
  });

  it('is named after the run, holds until the run ends, and says where it deviates', () => {
    const { plan } = compiled(withBackup(none), 'upgrade');
    const files = stepOf(plan.items, 'backup.n1.files');
    assert.deepEqual(files.action, {
      kind: 'backUpFiles',
      directory: '/var/backups/baton',
      backup: '{{run}}',
      part: 'files',
      paths: ['/opt/flotomate/main-server/filedb'],
      excludes: [],
      units: [],
    });
    assert.equal(files.until, 'backup.n1.files.verify');
    assert.equal(stepOf(plan.items, 'backup.n1.files.verify').until, 'end');
    assert.match(stepOf(plan.items, 'backup.n2.application').deviation ?? '', /before the observer is stopped/);
  });

  it('dumps the database of the master with the rows by which it is compared', () => {
    const { plan } = compiled(withBackup(`${none}, database: { jobs: 4 }`), 'upgrade');
    assert.deepEqual(stepOf(plan.items, 'backup.n1.database').action, {
      kind: 'backUpDatabase',
      directory: '/var/backups/baton',
      backup: '{{run}}',
      database: 'flotoitsmdb',
      jobs: 4,
      parity: ['apolo.request', 'apolo.task'],
    });
  });

  it('restores only the database on trial, and only where the cluster file asks for it', () => {
    const restores = (cluster: Cluster) =>
      steps(compiled(cluster, 'upgrade').plan.items)
        .filter(({ action }) => action.kind === 'verifyBackup' && action.trialRestore)
        .map(({ id }) => id);
    assert.deepEqual(restores(withBackup(none)), []);
    assert.deepEqual(restores(withBackup(`${none}, trialRestore: true`)), ['backup.n1.database.verify']);
  });

  it('has its room measured in the preflight, and in `baton check` as well', () => {
    const cluster = withBackup(none);
    const items = ids(compiled(cluster, 'upgrade'), 'Preflight');
    assert.ok(items.includes('preflight.backup-space'));
    assert.ok(preflightChecks(cluster).some(({ check }) => check === 'backup-space'));
    assert.ok(!preflightChecks(labCluster()).some(({ check }) => check === 'backup-space'));
  });

  it('is missing without the key, which the preflight says as a deviation', () => {
    const upgrade = compiled(labCluster(), 'upgrade');
    assert.deepEqual(ids(upgrade, 'Back up'), []);
    const disk = upgrade.plan.items.find(({ id }) => id === 'preflight.disk');
    assert.match(disk?.deviation ?? '', /are not taken, since the cluster file has no key backup/);
  });

  it('prints the exact command lines of everything that it does', () => {
    const upgrade = compiled(withBackup(none), 'upgrade');
    for (const id of [...taken, ...verified]) assert.notDeepEqual(upgrade.commands[id], [], id);
    assert.match(
      upgrade.commands['backup.n1.files']?.join('\n') ?? '',
      /paths=\(\/opt\/flotomate\/main-server\/filedb\).*tar --create/s,
    );
    assert.match(upgrade.commands['backup.n1.database']?.join('\n') ?? '', /pg_dump/);
  });
});

describe('an upgrade with a backup', () => {
  it('looks right before it stops services whether the backup is fresh, and notes the database right after', () => {
    const { items } = compiled(withBackup(`${none}, maxAge: 90m`), 'upgrade').plan;
    const at = items.findIndex(({ id }) => id === 'master.stop-services');
    assert.deepEqual(
      items.slice(at - 1, at + 3).map(({ id }) => id),
      ['master.backup-fresh', 'master.stop-services', 'master.note-database', 'master.make-executable'],
    );
    const fresh = items[at - 1];
    assert.ok(fresh?.kind === 'gate');
    const { maxAgeMs, backup } = fresh.checks[1]?.params ?? fresh.checks[0]?.params ?? {};
    assert.deepEqual({ maxAgeMs, backup }, { maxAgeMs: 5_400_000, backup: '{{run}}' });
    const without = compiled(labCluster(), 'upgrade').plan.items.map(({ id }) => id);
    assert.ok(!without.includes('master.backup-fresh') && !without.includes('master.note-database'));
  });
});

describe('VM snapshots', () => {
  const hook = withBackup('snapshots: { node: n3 }');

  it('are taken of every machine that is upgraded, by the hook of the node that is named', () => {
    const upgrade = compiled(hook, 'upgrade');
    assert.deepEqual(ids(upgrade, 'Back up').slice(-4, -2), ['snapshot.n1', 'snapshot.n2']);
    const step = stepOf(upgrade.plan.items, 'snapshot.n2');
    assert.equal(step.node, 'n3');
    assert.deepEqual(step.action, { kind: 'runHook', hook: 'vm-snapshot', args: ['create', 'n2', 'baton-{{run}}'] });
    assert.deepEqual(
      step.then.map(({ check, params }) => [check, params.machine, params.isThere]),
      [['snapshot-state', 'n2', true]],
    );
  });

  it('are asked of a person where the cluster file says nothing of them', () => {
    const approval = compiled(withBackup(), 'upgrade').plan.items.find(({ id }) => id === 'backup.snapshots');
    assert.ok(approval?.kind === 'approval');
    assert.match(approval.question, /VM snapshot of n1, n2/);
  });

  it('are left out for a reason that the plan says', () => {
    const { plan } = compiled(withBackup(none), 'upgrade');
    assert.ok(!plan.items.some(({ id }) => id.includes('snapshot')));
    const disk = plan.items.find(({ id }) => id === 'preflight.disk');
    assert.match(disk?.deviation ?? '', /no VM snapshots are taken: the hypervisor has no room/);
  });

  it('are no part of a backup alone unless they are asked for', () => {
    assert.ok(!ids(compiled(hook), 'Back up').includes('snapshot.n1'));
    assert.ok(ids(compiled(hook, 'backup', { snapshots: true }), 'Back up').includes('snapshot.n1'));
  });
});

describe('backup alone', () => {
  it('looks for the right database and enough room first, and leaves the cluster as it is', () => {
    const plan = compiled(withBackup());
    assert.deepEqual(ids(plan, 'Preflight'), ['preflight.agents', 'preflight.primary', 'preflight.backup-space']);
    assert.deepEqual(ids(plan, 'Back up'), [...taken, ...verified, 'backup.whole', ...pruned]);
    assert.deepEqual(plan.plan.predicted.outageMs, 0);
    assert.deepEqual(plan.plan.predicted.suspensionMs, 0);
  });

  it('removes older ones at its end, on each node by what lies there then, and never its own', () => {
    const plan = compiled(withBackup('keep: 2'));
    const step = stepOf(plan.plan.items, 'backup.n2.prune');
    const rule = {
      directory: '/var/backups/baton',
      keep: 2,
      pins: ['{{run}}'],
      parts: ['application', 'configuration'],
    };
    assert.deepEqual(step.action, { kind: 'pruneBackups', ...rule });
    assert.deepEqual(step.then, [{ check: 'backups-pruned', params: { node: 'n2', ...rule } }]);
  });

  it('removes the snapshots that were taken with an older one', () => {
    const cluster = withBackup('keep: 1, snapshots: { node: n3 }');
    const plan = compiled(cluster, 'backup', {}, partsAt(cluster, 'backup-1', 1));
    const step = stepOf(plan.plan.items, 'snapshot.n1.remove-1');
    assert.deepEqual(step.action, { kind: 'runHook', hook: 'vm-snapshot', args: ['remove', 'n1', 'baton-backup-1'] });
    assert.equal(step.then[0]?.params.isThere, false);
  });

  it('is predicted by how large the last one was', () => {
    const cluster = withBackup();
    const guessed = stepOf(compiled(cluster).plan.items, 'backup.n1.files').predictedMs;
    const known = stepOf(
      compiled(cluster, 'backup', {}, partsAt(cluster, 'backup-1', 1)).plan.items,
      'backup.n1.files',
    );
    assert.equal(guessed, 20_000);
    assert.equal(known.predictedMs, 102_000);
  });

  it('is refused where the cluster file has no key for it', () => {
    for (const [name, parameters] of [
      ['backup', {}],
      ['backup-verify', { backup: 'backup-1' }],
    ] as const) {
      const { code, message } = refusal(labCluster(), name, parameters);
      assert.equal(code, 'bad-input');
      assert.match(message, /takes no backups/);
    }
  });
});

describe('verifying a backup', () => {
  const cluster = withBackup();
  const parts = [...partsAt(cluster, 'backup-1', 1), ...partsAt(cluster, 'backup-2', 2)];

  it('reads each part of the one that is named', () => {
    const parameters = { backup: 'backup-1', trialRestore: true };
    const plan = compiled(cluster, 'backup-verify', parameters, parts);
    assert.equal(compiled(cluster, 'backup-verify', parameters, parts.toReversed()).hash, plan.hash);
    assert.deepEqual(ids(plan, 'Verify').toSorted(), verified.toSorted());
    const database = stepOf(plan.plan.items, 'backup.n1.database.verify');
    assert.deepEqual(database.action, {
      ...{ kind: 'verifyBackup', directory: '/var/backups/baton', backup: 'backup-1' },
      ...{ part: 'database', trialRestore: true },
    });
    assert.equal(database.then[0]?.params.asked, 'restored');
    assert.equal(stepOf(plan.plan.items, 'backup.n1.files.verify').then[0]?.params.asked, 'verified');
  });

  it('is refused for one that is not there', () => {
    assert.equal(refusal(cluster, 'backup-verify', { backup: 'backup-9' }, parts).code, 'not-found');
  });

  it('is refused for one that was not finished, naming what is missing', () => {
    const halfDone = parts.map((one) => (one.part === 'database' ? { ...one, isComplete: false } : one));
    assert.match(refusal(cluster, 'backup-verify', { backup: 'backup-1' }, halfDone).message, /n1 database/);
  });

  it('is refused for what is no name of a backup', () => {
    assert.equal(refusal(cluster, 'backup-verify', { backup: '../etc' }, parts).code, 'bad-input');
  });
});
