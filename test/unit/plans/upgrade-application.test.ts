import assert from 'node:assert/strict';
import { cluster, labCluster } from '../checks/world.ts';
import { compile, stepOf, steps } from './compiled.ts';

const { plan } = compile();
const names = (checks: { check: string }[]) => checks.map(({ check }) => check);

describe('plan of the upgrade', () => {
  it('goes in the order of the guide', () => {
    assert.deepEqual(
      plan.items.map(({ phase, id }) => `${phase} | ${id}`),
      [
        'Preflight | preflight.agents',
        'Preflight | preflight.status',
        'Preflight | preflight.replication',
        'Preflight | preflight.versions',
        'Preflight | preflight.platforms',
        'Preflight | preflight.network',
        'Preflight | preflight.machines',
        'Preflight | preflight.services',
        'Preflight | preflight.security',
        'Preflight | preflight.disk',
        'Preflight | preflight.evidence',
        'Preflight | preflight.rows',
        'Preflight | preflight.files',
        'Preflight | preflight.ticket-api',
        'Preflight | preflight.files-same',
        'Preflight | preflight.replaying',
        'Preflight | preflight.database-access',
        'Preflight | preflight.performance',
        'Stage | stage.n1',
        'Stage | stage.n2',
        'Suspend failover | observer-quiet',
        'Suspend failover | suspend-failover',
        'Master | master.stop-services',
        'Master | master.make-executable',
        'Master | master.install',
        'Master | master.start-services',
        'Standby | standby.stop-services',
        'Standby | standby.make-executable',
        'Standby | standby.install',
        'Standby | standby.stop-services-again',
        'Standby | standby.still-stopped',
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
        'Verify | verify.version',
        'Verify | verify.resources',
        'Verify | verify.security',
        'Verify | verify.network',
        'Verify | verify.performance',
      ],
    );
  });

  it('gives every item its section, and every step a postcondition and an undo or the reason why there is none', () => {
    for (const item of plan.items) assert.notEqual(item.section, '', item.id);
    for (const step of steps(plan.items)) {
      assert.ok(step.then.length > 0, step.id);
      assert.ok('noUndo' in step.undo ? step.undo.noUndo.length > 10 : step.undo.then.length > 0, step.id);
    }
  });

  it('touches nothing but Baton’s own files before failover is suspended', () => {
    const before = plan.items.slice(
      0,
      plan.items.findIndex(({ id }) => id === 'suspend-failover'),
    );
    for (const step of steps(before)) assert.equal(step.isHarmless, true, step.id);
    assert.ok(
      steps(plan.items)
        .filter(({ isHarmless }) => isHarmless)
        .every(({ action }) => /stageRelease|makeExecutable/.test(action.kind)),
    );
  });

  it('suspends failover only when observer, replication and portal allow it', () => {
    const suspend = stepOf(plan.items, 'suspend-failover');
    assert.deepEqual(names(suspend.before), ['observer-quiet', 'replication-streaming', 'portal-answers']);
    assert.equal(suspend.until, 'arm-failover');
    assert.equal(suspend.action.kind === 'suspendFailover' && suspend.action.leaseMs, cluster.limits.suspensionMs);
  });

  it('looks before each step on master and standby whether failover is still suspended', () => {
    const guardedSteps = steps(plan.items).filter(({ phase }) => phase === 'Master' || phase === 'Standby');
    assert.equal(guardedSteps.length, 8);
    for (const step of guardedSteps) assert.equal(step.before[0]?.check, 'failover-suspended', step.id);
  });

  it('arms failover, forwards and backwards, only when the portal answers and replication streams', () => {
    const arming = ['portal-answers', 'replication-streaming'];
    const { undo } = stepOf(plan.items, 'suspend-failover');
    assert.deepEqual(names(stepOf(plan.items, 'arm-failover').before), arming);
    assert.deepEqual('noUndo' in undo ? [] : names(undo.before), arming);
    assert.equal('noUndo' in undo ? '' : undo.action.kind, 'armFailover');
  });

  it('stops services in reverse of their starting order and starts them in order', () => {
    const stop = stepOf(plan.items, 'master.stop-services');
    assert.deepEqual(stop.action, {
      kind: 'stopUnits',
      units: ['ft-main-server', 'ft-analytics-server', 'elasticsearch'],
    });
    assert.match(stop.deviation ?? '', /also elasticsearch, which the guide does not stop/);
    assert.deepEqual('noUndo' in stop.undo ? undefined : stop.undo.action, {
      kind: 'startUnits',
      units: ['elasticsearch', 'ft-analytics-server', 'ft-main-server'],
    });
  });

  it('says from when on going back has a price, and that the portal is down from the stop to the start on the master', () => {
    const point = steps(plan.items).filter((step) => step.pointOfNoReturn !== undefined);
    assert.deepEqual(
      point.map(({ id }) => id),
      ['master.install'],
    );
    const down = steps(plan.items).filter(({ takesPortalDown }) => takesPortalDown);
    assert.deepEqual(
      down.map(({ id }) => id),
      ['master.stop-services', 'master.install', 'master.start-services'],
    );
  });

  it('never believes the installer’s exit status: the version must be there', () => {
    for (const role of ['master', 'standby']) {
      const install = stepOf(plan.items, `${role}.install`);
      assert.deepEqual(names(install.then), ['version-is']);
      assert.ok(names(install.before).includes('units-stopped') && names(install.before).includes('release-staged'));
      assert.equal(install.timeoutMs, cluster.application.installerTimeoutMs);
    }
  });

  it('leaves the standby’s services stopped, whichever way it ends', () => {
    const { undo } = stepOf(plan.items, 'standby.stop-services');
    assert.equal('noUndo' in undo ? '' : undo.action.kind, 'stopUnits');
    assert.equal(stepOf(plan.items, 'standby.stop-services-again').until, 'end');
    const still = plan.items.find(({ id }) => id === 'standby.still-stopped');
    assert.equal(still?.kind === 'gate' && still.steadyForMs, cluster.limits.settleMs);
  });

  it('removes the test ticket by the id that the search answers, and nothing that it did not create', () => {
    const remove = stepOf(plan.items, 'verify.remove-ticket');
    assert.deepEqual(
      remove.bindings.map(({ name, field, node }) => [name, field, node]),
      [['ticket', 'value', 'n3']],
    );
    assert.ok(remove.action.kind === 'sendRequest' && remove.action.url === 'http://10.77.0.10/api/tickets/{{ticket}}');
    assert.deepEqual(names(remove.before), ['ticket-search-exact', 'ticket-found']);
    const create = stepOf(plan.items, 'verify.create-ticket');
    assert.ok(create.action.kind === 'sendRequest' && create.action.body === '{"subject":"baton-test-{{run}}"}');
    assert.ok(create.action.kind === 'sendRequest' && create.action.headers[0]?.value.endsWith(`\${token}`));
  });

  it('asks a person for the test ticket where the application has no API', () => {
    const without = labCluster((text) => text.replace(/ {2}ticket:[\s\S]*?\n(?=database)/, ''));
    const items = compile('upgrade', without).plan.items;
    const approvals = items.filter(({ kind }) => kind === 'approval');
    assert.deepEqual(
      approvals.map(({ id }) => id),
      ['verify.ticket'],
    );
    assert.ok(!items.some(({ id }) => id === 'preflight.ticket-api'));
  });

  it('names the deviations where the cluster file widens what the guide supports', () => {
    const wide = labCluster((text) => `${text}supported: { os: [debian 13], postgresql: [15, 16, 17] }\n`);
    const gate = compile('upgrade', wide).plan.items.find(({ id }) => id === 'preflight.platforms');
    assert.match(gate?.deviation ?? '', /debian 13 .*PostgreSQL 15/);
  });

  it('works with database and application on machines of their own', () => {
    const five = labCluster((text) =>
      text
        .replace('role: master }', 'role: master, tiers: [app] }')
        .replace('role: standby }', 'role: standby, tiers: [app] }')
        .replace(
          '  n3:',
          '  d1: { address: 10.77.0.21, role: master, tiers: [db] }\n  d2: { address: 10.77.0.22, role: standby, tiers: [db] }\n  n3:',
        ),
    );
    const { plan: wide, commands } = compile('upgrade', five);
    assert.deepEqual([...new Set(steps(wide.items).map(({ node }) => node))], ['n1', 'n2', 'n3']);
    assert.ok(commands['preflight.rows']?.every((line) => /^d[12]: /.test(line)));
  });

  it('predicts outage and suspension as parts of the whole', () => {
    const { durationMs, outageMs, suspensionMs } = plan.predicted;
    assert.ok(outageMs > 0 && outageMs < suspensionMs && suspensionMs < durationMs);
  });
});

describe('plans without an upgrade', () => {
  const ids = (name: string, parameters: unknown) => compile(name, cluster, parameters).plan.items.map(({ id }) => id);
  const { release } = compile().plan.parameters;

  it('stage copies to both nodes and is harmless throughout', () => {
    assert.deepEqual(ids('stage', { release }), ['preflight.agents', 'preflight.disk', 'stage.n1', 'stage.n2']);
    const staged = steps(compile('stage', cluster, { release }).plan.items);
    assert.ok(staged.every(({ isHarmless, until }) => isHarmless && until === 'end'));
  });
  it('failover-suspend leaves failover suspended, and an abort arms it', () => {
    assert.deepEqual(ids('failover-suspend', {}), [
      'preflight.agents',
      'preflight.armed',
      'observer-quiet',
      'suspend-failover',
    ]);
    assert.equal(stepOf(compile('failover-suspend', cluster, {}).plan.items, 'suspend-failover').until, 'end');
  });
  it('failover-arm arms it', () => assert.deepEqual(ids('failover-arm', {}), ['preflight.agents', 'arm-failover']));
});
