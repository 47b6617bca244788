// The rollback of an upgrade, beside the guide’s “Rollback to Previous Version”: from every step at which it can stop.
import assert from 'node:assert/strict';
import { fold } from '../../../coordinator/sequencer/apply.ts';
import { labCluster } from '../checks/world.ts';
import { stepOf, steps } from './compiled.ts';
import {
  cluster,
  type End,
  factsOf,
  of,
  rollBackFrom,
  rollbackOf,
  stoppedAt,
  upgrade,
  versionsRead,
} from './rollback-facts.ts';

const idsAfter = (id: string | undefined, end?: End): string[] =>
  steps(rollbackOf(factsOf(stoppedAt(id, end))).plan.items).map((step) => step.id);

const suspended = ['suspend-failover', 'arm-failover'];
const stopped = ['suspend-failover', 'master.start-services', 'arm-failover'];
const restored = [
  'suspend-failover',
  'master.stop-services',
  'master.restore-application',
  'master.restore-configuration',
  'master.restore-database',
  'master.start-services',
  'arm-failover',
];
const bothStopped = restored.toSpliced(1, 0, 'standby.stop-services');
const bothRestored = bothStopped.toSpliced(3, 0, 'standby.restore-application', 'standby.restore-configuration');

/** By the step at which the upgrade stopped. */
const wayBackFrom: Record<string, string[]> = {
  'suspend-failover': suspended,
  'master.stop-services': stopped,
  'master.make-executable': stopped,
  'master.install': restored,
  'master.start-services': restored,
  'standby.stop-services': bothStopped,
  'standby.make-executable': bothStopped,
  'standby.install': bothRestored,
  'standby.stop-services-again': bothRestored,
  'arm-failover': bothRestored,
  'verify.create-ticket': bothRestored,
  'verify.remove-ticket': bothRestored,
  'verify.write-file': [...bothRestored, 'verify.remove-file'],
  'verify.remove-file': [...bothRestored, 'verify.remove-file'],
};

describe('plan of a rollback', () => {
  it('takes back nothing where nothing was begun, or only what touches Baton’s own files', () => {
    const harmless = steps(upgrade.items).filter(({ id }) => wayBackFrom[id] === undefined);
    assert.ok(harmless.length > 10 && harmless.every(({ isHarmless }) => isHarmless));
    for (const id of [undefined, ...harmless.map((step) => step.id)])
      assert.deepEqual(idsAfter(id), [], id ?? 'nothing');
  });

  for (const [id, expected] of Object.entries(wayBackFrom))
    it(`takes back what was begun until ${id}, however that ended`, () => {
      for (const end of ['failed', 'unknown', 'running'] as const) assert.deepEqual(idsAfter(id, end), expected, end);
    });

  it('takes back what is done', () => {
    for (const id of ['master.install', 'standby.install', 'arm-failover', 'verify.create-ticket'])
      assert.deepEqual(idsAfter(id, 'succeeded'), wayBackFrom[id], id);
    assert.deepEqual(idsAfter('verify.remove-file', 'succeeded'), bothRestored);
  });

  it('leaves out what an agent has refused to begin', () => {
    assert.deepEqual(idsAfter('master.install', 'refused'), stopped);
    assert.deepEqual(idsAfter('suspend-failover', 'refused'), []);
  });

  it('goes in the order of the guide: observer, restore, services, observer', () => {
    const { plan } = rollbackOf(factsOf(stoppedAt('standby.install')));
    assert.deepEqual(
      plan.items.map(({ phase, id }) => `${phase} | ${id}`),
      [
        'Preflight | preflight.agents',
        'Preflight | preflight.primary',
        'Preflight | preflight.backup',
        'Suspend failover | suspend-failover',
        'Stop services | standby.stop-services',
        'Stop services | master.stop-services',
        'Restore | standby.restore-application',
        'Restore | standby.restore-configuration',
        'Restore | master.restore-application',
        'Restore | master.restore-configuration',
        'Restore | master.restore-database',
        'Start services | master.start-services',
        'Start services | standby.still-stopped',
        'Arm failover | restored.replication',
        'Arm failover | arm-failover',
        'Verify | verify.services',
        'Verify | verify.file-sync',
        'Verify | verify.rows',
        'Verify | verify.files',
        'Verify | verify.version',
        'Verify | verify.resources',
      ],
    );
  });

  it('restores the version of before, from the run’s own backup, and sees that it is there', () => {
    const { items } = rollbackOf(factsOf(stoppedAt('standby.install'))).plan;
    for (const [id, node] of [
      ['master.restore-application', 'n1'],
      ['standby.restore-application', 'n2'],
    ] as const) {
      const { action, then, node: on } = stepOf(items, id);
      assert.equal(on, node);
      assert.ok(action.kind === 'restoreFiles' && action.backup === of && action.part === 'application');
      assert.deepEqual(then.at(-1), { check: 'version-is', params: { nodes: [node], version: '8.6.0' } });
    }
    const verify = items.find(({ id }) => id === 'verify.version');
    assert.match(verify?.title ?? '', /8\.6\.0/);
  });

  it('goes back to the version of before also where the run has looked again since, after its installer had changed it', () => {
    const state = stoppedAt('master.install');
    const again = fold(of, [
      versionsRead(1, { n1: '8.6.0', n2: '8.6.0' }),
      versionsRead(2, { n1: '8.7.0, the nodes differ', n2: '8.6.0, the nodes differ' }),
    ]);
    const { items } = rollbackOf(factsOf({ ...state, items: { ...state.items, ...again.items } })).plan;
    assert.deepEqual(stepOf(items, 'master.restore-application').then.at(-1)?.params, {
      nodes: ['n1'],
      version: '8.6.0',
    });
  });

  it('takes nothing for restored that was only begun: each restore has the run’s mark as its postcondition', () => {
    const restores = steps(rollbackOf(factsOf(stoppedAt('standby.install'))).plan.items).filter(({ id }) =>
      /restore/.test(id),
    );
    assert.equal(restores.length, 5);
    for (const { then, id } of restores) {
      assert.equal(then[0]?.check, 'part-restored', id);
      assert.equal(then[0]?.params.run, '{{run}}');
    }
  });

  it('sets the present database aside under a name of its own run, and restores it with every service stopped', () => {
    const { action, before } = stepOf(
      rollbackOf(factsOf(stoppedAt('master.install'))).plan.items,
      'master.restore-database',
    );
    assert.ok(action.kind === 'restoreDatabase' && action.aside === 'baton-aside-{{run}}');
    assert.deepEqual(
      before.map(({ check }) => check),
      ['failover-suspended', 'units-stopped', 'units-stopped', 'master-is-primary'],
    );
    assert.deepEqual(
      before.flatMap(({ params }) => params.node ?? []),
      ['n1', 'n2'],
    );
  });

  it('looks at the observer first only where it may be in the middle of something', () => {
    const ids = (failover: 'armed' | 'suspended' | 'unknown') =>
      rollbackOf(factsOf(stoppedAt('verify.create-ticket'), { failover })).plan.items.map(({ id }) => id);
    assert.ok(!ids('suspended').includes('observer-quiet'));
    for (const failover of ['armed', 'unknown'] as const) assert.ok(ids(failover).includes('observer-quiet'), failover);
  });

  it('has a reason for every step that has no undo, and is the same whenever it is compiled', () => {
    const facts = factsOf(stoppedAt('standby.install'));
    for (const step of steps(rollbackOf(facts).plan.items))
      assert.ok('noUndo' in step.undo && step.undo.noUndo.length > 20, step.id);
    assert.equal(rollbackOf(facts).hash, rollbackOf({ ...facts, rowsNow: [{ table: 'apolo.request', rows: 7 }] }).hash);
  });

  it('restores no configuration where none was backed up', () => {
    const bare = upgrade.items.filter(({ id }) => !id.endsWith('.configuration'));
    const ids = steps(
      rollbackOf(factsOf(stoppedAt('master.install'), { plan: { ...upgrade, items: bare } })).plan.items,
    ).map(({ id }) => id);
    assert.deepEqual(
      ids,
      restored.filter((id) => !id.endsWith('configuration')),
    );
  });
});

describe('what a rollback costs', () => {
  const costs = (rowsNow?: number) => {
    const { rowsNow: _, ...facts } = factsOf(stoppedAt('master.install'));
    const now = rowsNow === undefined ? {} : { rowsNow: [{ table: 'apolo.request', rows: rowsNow }] };
    return rollbackOf({ ...facts, ...now }).costs?.[0] ?? '';
  };
  it('is said in rows written since the backup, and where they are afterwards', () => {
    assert.match(
      costs(131),
      /^apolo\.request: at least 31 rows written since 2026-01-10 00:59 UTC \(backup upgrade-1\); the database that is set aside still has them$/,
    );
    assert.match(costs(100), /as many rows as in the backup upgrade-1.*not counted/);
    assert.match(costs(90), /at least 10 rows removed since/);
  });
  it('is said to be unknown where nothing could be counted', () => {
    assert.match(costs(), /could not be counted/);
  });
  it('is nothing where no database is restored', () => {
    assert.deepEqual(rollbackOf(factsOf(stoppedAt('master.stop-services'))).costs, []);
  });
});

describe('a rollback is refused before anything is touched', () => {
  const refusal = (...[facts, site]: Parameters<typeof rollBackFrom>): string => {
    const result = rollBackFrom(facts, site);
    assert.ok(!result.ok, 'it was compiled');
    assert.equal(result.failure.code, 'not-in-state');
    assert.match(result.failure.message, /nothing was touched/);
    return result.failure.message;
  };
  const facts = factsOf(stoppedAt('standby.install'));

  it('where a part is gone, unfinished or was never verified, and names its place', () => {
    for (const [node, part] of [
      ['n1', 'application'],
      ['n2', 'application'],
      ['n1', 'database'],
      ['n2', 'configuration'],
    ]) {
      const others = facts.parts.filter((one) => one.node !== node || one.part !== part);
      const own = facts.parts.find((one) => one.node === node && one.part === part);
      assert.ok(own);
      const place = new RegExp(`${node}: /var/backups/baton/upgrade-1/${part} is not there or not whole`);
      assert.match(refusal({ ...facts, parts: others }), place);
      assert.match(refusal({ ...facts, parts: [...others, { ...own, complete: false }] }), place);
      const { verifiedAtMs: _, ...unverified } = own;
      assert.match(refusal({ ...facts, parts: [...others, unverified] }), /was never verified.*baton backup verify/);
    }
  });

  it('but not for parts that it does not need', () => {
    const first = factsOf(stoppedAt('master.install'));
    assert.ok(rollBackFrom({ ...first, parts: first.parts.filter(({ node }) => node === 'n1') }).ok);
    assert.ok(rollBackFrom({ ...factsOf(stoppedAt('master.stop-services')), parts: [] }).ok);
  });

  it('where the run took no backup at all', () => {
    const plan = { ...upgrade, items: upgrade.items.filter(({ phase }) => phase !== 'Back up') };
    assert.match(
      refusal({ ...facts, plan, parts: [] }),
      /took no backup.*installer was started on n2.*Rollback to Previous Version/,
    );
  });

  it('where the roles have moved, where both databases are primaries, and where none is', () => {
    const primary = { is: 'primary' } as const;
    const standby = { is: 'standby' } as const;
    assert.match(
      refusal({ ...facts, databases: { n1: standby, n2: primary } }),
      /n2 is the primary now, not n1.*fail back to n1 first/,
    );
    assert.match(
      refusal({ ...facts, databases: { n1: primary, n2: primary } }),
      /n1 and n2 are both primaries: decide which/,
    );
    assert.match(refusal({ ...facts, databases: { n1: standby, n2: standby } }), /no database is the primary now/);
  });

  it('where nobody can say what a database is', () => {
    assert.match(
      refusal({ ...facts, databases: { n1: { is: 'primary' }, n2: { unread: 'psql: no server' } } }),
      /n2: .*could not be read \(psql: no server\)/,
    );
    assert.match(refusal({ ...facts, databases: { n1: { is: 'primary' } } }), /n2: .*it was not asked/);
  });

  it('where the run did not read what was installed before it', () => {
    const { 'preflight.versions': _, ...items } = facts.state.items;
    assert.match(
      refusal({ ...facts, state: { ...facts.state, items } }),
      /n1: run upgrade-1 did not read which version/,
    );
  });

  it('where the cluster file no longer names a node that the run has worked on', () => {
    const other = labCluster((text) => text.replaceAll('n2', 'n4'));
    assert.match(refusal(facts, other), /has worked on n2, which the cluster file no longer names/);
  });

  it('where the cluster file names other roles by now: which database is restored would follow from them', () => {
    const swapped = labCluster((text) =>
      `${text}backup: { snapshots: { none: 'the hypervisor has no room' } }\n`
        .replace('role: master', 'role: once')
        .replace('role: standby', 'role: master')
        .replace('role: once', 'role: standby'),
    );
    const databases = { n1: { is: 'standby' }, n2: { is: 'primary' } } as const;
    for (const id of ['master.install', 'standby.install'])
      assert.match(
        refusal({ ...factsOf(stoppedAt(id)), databases }, swapped),
        /other roles.*n1 was master of .*n2 was standby of .*apply the file that it was started with/,
        id,
      );
  });

  it('and the cluster that is asked for is what counts', () => {
    assert.ok(rollBackFrom(facts, cluster).ok);
  });
});
