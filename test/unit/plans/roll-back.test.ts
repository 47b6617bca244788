// The rollback of an upgrade, beside the guide’s “Rollback to Previous Version”: from every step at which it can stop.
import assert from 'node:assert/strict';
import { type DatabaseState, stateText } from '../../../coordinator/checks/database-noted.ts';
import type { RollbackFacts } from '../../../coordinator/plans/way-back.ts';
import { fold } from '../../../coordinator/sequencer/apply.ts';
import { schemaDigest, writtenDigest } from '../checks/world.ts';
import { stepOf, steps } from './compiled.ts';
import {
  databaseNoted,
  type End,
  factsOf,
  of,
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
        'Preflight | preflight.restore-space',
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
        'Arm failover | restored.slots',
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

describe('the database in a rollback', () => {
  const now = { schemaDigest, writtenDigest };
  const later = { ...now, writtenDigest: 'ff'.repeat(16) };
  const noted = (state: DatabaseState) =>
    fold(of, [databaseNoted(1, stateText(state)), databaseNoted(2, stateText(later))]).items;
  const facts = (change: Partial<RollbackFacts>, before: DatabaseState = now) => {
    const state = stoppedAt('standby.install');
    return factsOf({ ...state, items: { ...state.items, ...noted(before) } }, { databaseNow: now, ...change });
  };
  const plan = (change: Partial<RollbackFacts>, before?: DatabaseState) => {
    const { plan: compiled, costs } = rollbackOf(facts(change, before));
    const ids = compiled.items.map(({ id }) => id);
    const ways = ids.filter((id) => ['master.keep-database', 'master.restore-database'].includes(id));
    const keeps = compiled.items.find(({ id }) => id === 'master.keep-database');
    return { ways, keeps, costs: costs?.join('\n') ?? '' };
  };
  const other: DatabaseState = { ...now, writtenDigest: '00'.repeat(16) };

  it('is kept where nothing was written to it since the installer was about to start, by what was noted first', () => {
    const { ways, keeps, costs } = plan({});
    assert.deepEqual(ways, ['master.keep-database']);
    assert.ok(keeps?.kind === 'gate');
    assert.deepEqual(keeps.checks, [{ check: 'database-unchanged', params: { schemaDigest, noted: stateText(now) } }]);
    assert.match(costs, /flotoitsmdb is kept as it is, nothing is lost.*--database restore/);
    assert.doesNotMatch(costs, /apolo\.request/);
  });

  it('is restored in doubt, and its being kept offered where the schema is the backup’s', () => {
    const { ways, costs } = plan({}, other);
    assert.deepEqual(ways, ['master.restore-database']);
    assert.match(costs, /at least 31 rows written[\s\S]*--database keep keeps it/);
  });

  it('is restored, and nothing else offered, where it was migrated, was not noted or cannot be read', () => {
    for (const change of [
      { databaseNow: { ...now, schemaDigest: 'aa'.repeat(32) } },
      { parts: facts({}).parts.map((part) => ({ ...part, schemaDigest: '' })) },
    ]) {
      const { ways, costs } = plan(change);
      assert.deepEqual(ways, ['master.restore-database']);
      assert.doesNotMatch(costs, /--database keep/);
    }
    const { databaseNow: _, ...unread } = facts({});
    const unnoted = factsOf(stoppedAt('standby.install'), { databaseNow: now });
    for (const one of [unread, unnoted])
      assert.ok(rollbackOf(one).plan.items.some(({ id }) => id === 'master.restore-database'));
  });

  it('is what somebody asks for', () => {
    assert.deepEqual(plan({ database: 'restore' }).ways, ['master.restore-database']);
    const { ways, keeps, costs } = plan({ database: 'keep' }, other);
    assert.deepEqual(ways, ['master.keep-database']);
    assert.ok(keeps?.kind === 'gate');
    assert.deepEqual(keeps.checks[0]?.params, { schemaDigest, noted: null });
    assert.match(costs, /as --database keep asks.*rows that the installer may have changed stay changed/);
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
