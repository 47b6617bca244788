// The plan of the database upgrade, in its order, and what it undertakes so that there is always a way back.
import assert from 'node:assert/strict';
import type { PlanItem, Step } from '../../../coordinator/plans/plan.ts';
import { planFaults } from '../../../coordinator/plans/plan-rules.ts';
import { canonicalJson } from '../../../shared/hash.ts';
import { labCluster } from '../checks/world.ts';
import { stepOf, steps } from './compiled.ts';
import { cluster, compileDatabase } from './database-facts.ts';

const { plan } = compileDatabase();
const names = (checks: { check: string }[]) => checks.map(({ check }) => check);
const idsIn = (items: PlanItem[], ...phases: string[]) =>
  items.filter(({ phase }) => phases.includes(phase)).map(({ id }) => id);
const undoOf = ({ undo, id }: Step) => {
  assert.ok(!('noUndo' in undo), `${id} has no undo`);
  return undo;
};

describe('plan of the database upgrade', () => {
  it('goes in the order of the guide', () => {
    assert.deepEqual(
      plan.items.map(({ phase, id }) => `${phase} | ${id}`),
      [
        'Preflight | preflight.agents',
        'Preflight | preflight.status',
        'Preflight | preflight.replication',
        'Preflight | preflight.platforms',
        'Preflight | preflight.network',
        'Preflight | preflight.machines',
        'Preflight | preflight.services',
        'Preflight | preflight.security',
        'Preflight | preflight.disk',
        'Preflight | preflight.servers',
        'Preflight | preflight.evidence',
        'Preflight | preflight.rows',
        'Preflight | preflight.files',
        'Preflight | preflight.ticket-api',
        'Preflight | preflight.files-same',
        'Preflight | preflight.replaying',
        'Preflight | preflight.database-access',
        'Preflight | preflight.performance',
        'Preflight | master.check-server',
        'Preflight | standby.check-server',
        'Suspend failover | observer-quiet',
        'Suspend failover | suspend-failover',
        'Master | master.stop-services',
        'Master | master.record-server',
        'Master | master.stop-server',
        'Master | master.upgrade-server',
        'Master | master.settings',
        'Master | master.start-server',
        'Master | master.start-services',
        'Standby | standby.record-server',
        'Standby | standby.fence',
        'Standby | standby.promote',
        'Standby | standby.stays-temporary',
        'Standby | standby.upgrade-server',
        'Standby | standby.start-server',
        'Reconfigure HA | master.create-slot',
        'Reconfigure HA | standby.rebuild',
        'Reconfigure HA | standby.settings',
        'Reconfigure HA | reconfigured.replication',
        'Reconfigure HA | master.analyze',
        'Reconfigure HA | n3.settings',
        'Arm failover | arm-failover',
        'Verify | verify.services',
        'Verify | verify.file-sync',
        'Verify | verify.rows',
        'Verify | verify.files',
        'Verify | verify.files-same',
        'Verify | verify.create-ticket',
        'Verify | verify.remove-ticket',
        'Verify | verify.write-file',
        'Verify | verify.remove-file',
        'Verify | verify.servers',
        'Verify | verify.resources',
        'Verify | verify.security',
        'Verify | verify.network',
        'Verify | verify.performance',
      ],
    );
  });

  it('tells in its parameters what it found in service, and compiles to the same from them', () => {
    assert.deepEqual(plan.parameters, { to: 17, mode: 'copy', standby: 'promote', from: 16, name: 'main' });
    assert.equal(compileDatabase(plan.parameters).hash, compileDatabase().hash);
    assert.deepEqual(JSON.parse(canonicalJson(plan)), JSON.parse(JSON.stringify(plan)));
  });

  for (const mode of ['copy', 'link'])
    for (const standby of ['promote', 'rebuild'])
      it(`breaks no rule with ${mode} and ${standby}, and guards every step on the databases by the suspension`, () => {
        const { items } = compileDatabase({ mode, standby }).plan;
        assert.deepEqual(planFaults({ ...plan, items }), []);
        for (const step of steps(items).filter(({ phase }) => /Master|Standby|Reconfigure HA/.test(phase)))
          assert.equal(step.before[0]?.check, 'failover-suspended', step.id);
        for (const step of steps(items)) {
          assert.ok(step.then.length > 0, step.id);
          assert.ok('noUndo' in step.undo ? step.undo.noUndo.length > 10 : step.undo.then.length > 0, step.id);
        }
      });

  it('touches nothing of the cluster before failover is suspended', () => {
    const before = plan.items.slice(
      0,
      plan.items.findIndex(({ id }) => id === 'suspend-failover'),
    );
    for (const step of steps(before)) assert.equal(step.isHarmless, true, step.id);
  });

  it('takes the portal down from the stop of the services to their start, not while the standby is worked on', () => {
    const down = steps(plan.items).filter(({ takesPortalDown }) => takesPortalDown);
    assert.deepEqual(
      down.map(({ id }) => id),
      idsIn(plan.items, 'Master'),
    );
    assert.ok(plan.predicted.outageMs > 0 && plan.predicted.outageMs < plan.predicted.suspensionMs);
  });

  it('with copy, brings the old server back on an abort until clients can have written into the new one', () => {
    for (const id of ['master.stop-server', 'master.upgrade-server', 'master.settings', 'master.start-server'])
      assert.equal(undoOf(stepOf(plan.items, id)).onlyBefore?.step, 'master.start-services', id);
    assert.deepEqual(undoOf(stepOf(plan.items, 'master.start-server')).action, {
      ...{ kind: 'returnServer', from: 16, to: 17, name: 'main' },
    });
    assert.deepEqual(pointsOf(plan.items), ['master.start-services']);
  });

  it('with link, marks the first start as the point from which going back is a restore, and undoes nothing after it', () => {
    const { items } = compileDatabase({ mode: 'link' }).plan;
    assert.deepEqual(pointsOf(items), ['master.start-server', 'standby.start-server']);
    const start = stepOf(items, 'master.start-server');
    assert.match(start.pointOfNoReturn ?? '', /copy of the standby’s server.* or a restore by hand/);
    assert.ok('noUndo' in start.undo);
    for (const id of ['master.stop-server', 'master.upgrade-server', 'master.settings'])
      assert.equal(undoOf(stepOf(items, id)).onlyBefore?.step, 'master.start-server', id);
    const { items: withBackup } = compileDatabase(
      { mode: 'link' },
      labCluster((text) => `${text}backup: { directory: /var/backups/baton, application: [/opt/flotomate] }\n`),
    ).plan;
    assert.match(stepOf(withBackup, 'master.start-server').pointOfNoReturn ?? '', /restore of this run’s backup/);
  });

  it('compares the upgraded server before any client is served, and never again with what clients change', () => {
    const start = stepOf(plan.items, 'master.start-server');
    assert.deepEqual(names(start.then), ['server-in-service', 'server-as-before']);
    assert.equal(start.until, 'master.start-services');
    // Nor while somebody has made the standby a primary that clients can reach.
    assert.deepEqual(start.before.find(({ check }) => check === 'no-open-primary')?.params, { node: 'n2' });
    const last = plan.items.find(({ id }) => id === 'verify.servers');
    const compared = last?.kind === 'gate' ? last.checks.filter(({ check }) => check === 'server-as-before') : [];
    assert.deepEqual(
      compared.map(({ params }) => [params.node, params.withoutContent]),
      [
        ['n1', true],
        ['n2', true],
      ],
    );
  });

  it('promotes the standby only while it is fenced, and the master serves', () => {
    const promote = stepOf(plan.items, 'standby.promote');
    assert.deepEqual(promote.action, { kind: 'runHaScript', script: 'master.sh' });
    const [, master, standby, services] = promote.before;
    assert.deepEqual(master?.params, { node: 'n1', major: 17, name: 'main', as: 'primary' });
    assert.deepEqual(standby?.params, { node: 'n2', major: 16, name: 'main', as: 'standby', fenced: true });
    assert.deepEqual([services?.check, services?.params.node], ['units-stopped', 'n2']);
    for (const id of ['standby.promote', 'standby.start-server'])
      assert.equal(stepOf(plan.items, id).then[0]?.params.fenced, true, id);
    assert.equal(undoOf(stepOf(plan.items, 'standby.fence')).onlyBefore?.step, 'standby.promote');
  });

  it('makes the standby anew from the master over its slot, with the replication that the cluster file names', () => {
    const rebuild = stepOf(plan.items, 'standby.rebuild');
    assert.ok(rebuild.action.kind === 'copyServer');
    assert.deepEqual(rebuild.action.source, {
      ...{
        address: '10.77.0.11',
        port: 5432,
        user: 'replicator',
        passFile: '/var/lib/postgresql/.pgpass',
        options: '',
      },
    });
    assert.deepEqual([rebuild.action.asStandby, rebuild.action.slot, rebuild.action.major], [true, 'n2', 17]);
    assert.ok(names(rebuild.before).includes('slot-there'));
    assert.deepEqual(rebuild.redo, ['master.create-slot']);
    // A slot that is gone is seen by the step whose retry makes it again.
    assert.equal(stepOf(plan.items, 'master.create-slot').until, 'standby.rebuild');
    assert.ok(names(rebuild.before).includes('no-open-primary'));
  });

  it('takes nothing for done by a server that served before, where nobody knows how it ended', () => {
    for (const id of ['master.check-server', 'standby.check-server', 'standby.rebuild', 'master.analyze'])
      assert.equal(stepOf(plan.items, id).thenMayHoldBefore, true, id);
  });

  it('has the record of a server only where it was written, however the writing ended', () => {
    for (const [id, node] of [
      ['master.record-server', 'n1'],
      ['standby.record-server', 'n2'],
    ] as const) {
      const written = stepOf(plan.items, id).then.find(({ check }) => check === 'server-as-before');
      assert.deepEqual(written?.params, { node, record: '{{run}}', withoutContent: true });
    }
  });

  it('with --standby rebuild, promotes nothing: the old server is stopped and stays', () => {
    const { items } = compileDatabase({ standby: 'rebuild' }).plan;
    assert.deepEqual(idsIn(items, 'Standby'), ['standby.record-server', 'standby.stop-server']);
    assert.ok(!steps(items).some(({ action }) => action.kind === 'runHaScript'));
    assert.equal(undoOf(stepOf(items, 'standby.stop-server')).onlyBefore?.step, 'standby.rebuild');
  });

  it('tells other software of the new version, and sees before that it was told of the old one', () => {
    const set = stepOf(plan.items, 'master.settings');
    const values = (major: number) => [{ name: 'DATABASE_UNIT', value: `postgresql@${major}-main` }];
    assert.deepEqual(set.action, { kind: 'setValues', path: '/opt/HA/conf/ha.conf', values: values(17) });
    assert.deepEqual(undoOf(set).action, { kind: 'setValues', path: '/opt/HA/conf/ha.conf', values: values(16) });
    const gate = plan.items.find(({ id }) => id === 'preflight.servers');
    const told = gate?.kind === 'gate' ? gate.checks.filter(({ check }) => check === 'values-set') : [];
    assert.deepEqual(
      told.map(({ params }) => [params.node, params.values]),
      [
        ['n1', { DATABASE_UNIT: 'postgresql@16-main' }],
        ['n2', { DATABASE_UNIT: 'postgresql@16-main' }],
        ['n3', { VERSION: '16' }],
      ],
    );
    const bare = compileDatabase({}, labCluster()).plan.items;
    assert.ok(!bare.some(({ id }) => id.includes('settings')));
  });

  it('works with database and application on machines of their own', () => {
    const five = {
      ...cluster,
      nodes: [
        { name: 'a1', address: '10.77.0.21', role: 'master' as const, tiers: ['app' as const] },
        { name: 'a2', address: '10.77.0.22', role: 'standby' as const, tiers: ['app' as const] },
        ...cluster.nodes.map((node) => (node.role === 'observer' ? node : { ...node, tiers: ['db' as const] })),
      ],
    };
    const { items } = compileDatabase({}, five).plan;
    assert.equal(stepOf(items, 'master.stop-services').node, 'a1');
    assert.equal(stepOf(items, 'master.upgrade-server').node, 'n1');
    assert.equal(stepOf(items, 'standby.promote').before[3]?.params.node, 'a2');
  });
});

const pointsOf = (items: PlanItem[]) =>
  steps(items)
    .filter(({ pointOfNoReturn }) => pointOfNoReturn !== undefined)
    .map(({ id }) => id);
