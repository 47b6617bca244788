// The plan of a recovery over what can be found: which side is kept, what is refused, and that nothing is overwritten unasked.
import assert from 'node:assert/strict';
import type { Server } from '../../../coordinator/checks/server-facts.ts';
import type { CompiledPlan, Step } from '../../../coordinator/plans/plan.ts';
import { clientAddress, type RecoverFacts, type RecoverOptions } from '../../../coordinator/plans/recovery.ts';
import { labCluster } from '../checks/world.ts';
import { stepOf, steps } from './compiled.ts';
import {
  backup,
  compileRecover,
  crashed,
  databases,
  factsWith,
  found,
  idle,
  promoted,
  server,
  serving,
  stopped,
} from './recover-facts.ts';

type Change = Partial<RecoverFacts>;

function planned(change: Change = {}, options: RecoverOptions = {}, open?: object): CompiledPlan {
  const compiled = compileRecover(change, options, open);
  assert.ok(compiled.ok, compiled.ok ? '' : compiled.failure.message);
  return compiled.value;
}
function refused(change: Change, options: RecoverOptions = {}, open?: object): string {
  const compiled = compileRecover(change, options, open);
  assert.ok(!compiled.ok, 'it was not refused');
  assert.equal(compiled.failure.code, 'not-in-state');
  return compiled.failure.message;
}
const down = { applications: { n1: idle(['10.77.0.10']), n2: idle() } };
const moved = { applications: { n1: idle(['10.77.0.11']), n2: serving(['10.77.0.10', '10.77.0.12']) } };
const branch = '1/20000100';
const run = 'upgrade-1a2b3c4d';

/** What is done between the suspension of failover and its arming, without gates. */
const acts = ({ plan }: CompiledPlan): string[] => {
  const ids = plan.items.filter(({ kind }) => kind !== 'gate').map(({ id }) => id);
  return ids.slice(0, ids.indexOf('arm-failover')).filter((id) => id !== 'suspend-failover');
};
const copies = ({ plan }: CompiledPlan): string[] =>
  steps(plan.items).flatMap(({ node, action }) =>
    action.kind === 'copyServer' ? [`${action.source?.address} → ${node}${action.keep ? ', kept' : ''}`] : [],
  );

describe('A recovery', () => {
  it('of a healthy cluster leaves the master and its database alone', () => {
    assert.deepEqual(acts(planned()), ['standby.stand-down', 'master.merge-files']);
  });

  it('starts both after a power cut, the master first, and its services before the standby follows', () => {
    const change = { ...databases(crashed('n1'), crashed('n2')), ...down };
    assert.deepEqual(acts(planned(change)), [
      'standby.stand-down',
      'master.stop-services',
      'master.merge-files',
      'standby.merge-files',
      'master.start-database',
      'master.start-services',
      'standby.start-database',
    ]);
  });

  it('looks, after the start of a crashed master, whether the standby has more', () => {
    const { plan } = planned({ ...databases(crashed('n1'), crashed('n2')), ...down });
    const ids = plan.items.map(({ id }) => id);
    assert.ok(ids.indexOf('master.has-all') > ids.indexOf('master.start-database'));
    assert.ok(ids.indexOf('master.has-all') < ids.indexOf('master.start-services'));
  });

  it('makes a lost standby anew, the services of the master untouched', () => {
    const plan = planned(databases(server('n1'), undefined));
    assert.deepEqual(copies(plan), ['10.77.0.11 → n2, kept']);
    assert.ok(!acts(plan).some((id) => id.startsWith('master.') && id !== 'master.merge-files'));
  });

  it('brings a lost master’s database from the standby, promotes it last, and makes the standby anew', () => {
    const plan = planned({ ...databases(undefined, server('n2')), ...moved });
    assert.deepEqual(copies(plan), ['10.77.0.12 → n1, kept', '10.77.0.11 → n2, kept']);
    assert.deepEqual(acts(plan).slice(4), [
      'master.create-slot',
      'master.copy-database',
      'standby.stop-source',
      'master.take-over',
      'master.start-services',
      'standby.create-slot',
      'standby.rebuild-database',
    ]);
  });

  it('does not take a take-over for done whose end nobody knows, nor a slot for there that is gone', () => {
    const { items } = planned({ ...databases(undefined, server('n2')), ...moved }).plan;
    assert.equal(stepOf(items, 'master.take-over').thenMayHoldBefore, true);
    assert.deepEqual(stepOf(items, 'master.copy-database').redo, ['master.create-slot']);
    assert.deepEqual(stepOf(items, 'standby.rebuild-database').redo, ['standby.create-slot']);
    assert.equal(stepOf(items, 'standby.create-slot').until, 'standby.rebuild-database');
  });

  it('after a failover keeps what the promoted side has, without a question where the old master had stopped', () => {
    const plan = planned({ ...databases(stopped('n1'), promoted(branch)), ...moved });
    assert.deepEqual(copies(plan), ['10.77.0.12 → n1, kept', '10.77.0.11 → n2, kept']);
    assert.ok(!acts(plan).some((id) => id.endsWith('set-aside')));
  });

  it('copies while the other node still serves, and stops only for the switch', () => {
    const plan = planned({ ...databases(stopped('n1'), promoted(branch)), ...moved });
    assert.deepEqual(acts(plan).slice(0, 4), [
      'master.create-slot',
      'master.copy-database',
      'standby.stand-down',
      'master.stop-services',
    ]);
    const portalDown = steps(plan.plan.items).filter(({ takesPortalDown }) => takesPortalDown);
    assert.ok(!portalDown.some(({ id }) => id === 'master.copy-database'));
    const idleBoth = planned({ ...databases(stopped('n1'), promoted(branch)), ...down });
    assert.ok(acts(idleBoth).indexOf('master.copy-database') > acts(idleBoth).indexOf('master.stop-services'));
  });

  it('asks before a crashed master is set aside, since rows may never have left it; nothing is touched before', () => {
    const plan = planned({ ...databases(crashed('n1'), promoted(branch)), ...moved });
    assert.equal(acts(plan)[0], 'master.set-aside');
    const first = plan.plan.items.findIndex(({ kind }) => kind === 'step');
    assert.ok(plan.plan.items.findIndex(({ id }) => id === 'master.set-aside') < first);
  });

  it('of two primaries demands to be told whose data is kept, and tells where both stand', () => {
    const split = { ...databases(server('n1'), promoted(branch)), ...moved };
    const message = refused(split);
    assert.match(message, /--primary n1 \(or n2\)/);
    assert.match(message, /n1: .*primary, running.*n2: .*primary, running/);
    for (const [primary, other, role] of [
      ['n1', 'n2', 'standby'],
      ['n2', 'n1', 'master'],
    ] as const) {
      const plan = planned(split, { primary });
      assert.deepEqual(
        acts(plan).slice(0, 2),
        [`${role}.fence-database`, `${role}.set-aside`],
        'fenced before it asks',
      );
      assert.equal(stepOf(plan.plan.items, `${role}.fence-database`).node, other);
      assert.ok(copies(plan).includes(`${primary === 'n1' ? '10.77.0.11' : '10.77.0.12'} → ${other}, kept`));
      assert.ok(acts(plan).indexOf(`${role}.stop-database`) < acts(plan).indexOf('master.take-over'));
    }
  });

  it('asks also where the older side is kept because it was told so', () => {
    const plan = planned({ ...databases(stopped('n1'), promoted(branch)), ...moved }, { primary: 'n1' });
    assert.equal(acts(plan)[0], 'standby.set-aside');
  });

  it('promotes the master where both are standbys', () => {
    const plan = planned({ ...databases(server('n1', { inRecovery: true }), server('n2')), ...down });
    assert.ok(acts(plan).includes('master.take-over'));
    assert.deepEqual(copies(plan), ['10.77.0.11 → n2, kept']);
  });

  it('restores from a backup where neither side can be started, and never unasked over one that can', () => {
    assert.match(refused(databases(undefined, undefined)), /--database-from RUN/);
    const lost = planned({ ...databases(undefined, undefined), ...backup(run) }, { databaseFrom: run });
    assert.ok(acts(lost).includes('master.restore-database'));
    assert.ok(!acts(lost).some((id) => id.endsWith('set-aside')));
    const there = planned(backup(run), { databaseFrom: run });
    assert.deepEqual(acts(there).slice(0, 2), ['master.set-aside', 'standby.set-aside']);
    assert.ok(acts(there).indexOf('standby.stop-database') < acts(there).indexOf('master.restore-database'));
  });

  it('refuses what cannot be told, naming the way on', () => {
    const { inRecovery: _, ...silent } = server('n2');
    const unread = { databases: { n1: found(server('n1')), n2: { unread: 'no answer', isAway: false } } };
    assert.match(refused(unread), /n2: what its database is could not be read \(no answer\)/);
    assert.match(refused(databases(server('n1'), silent as Server)), /n2: .*runs and does not answer/);
    assert.match(refused(databases(server('n1'), server('n2', { systemIdentifier: '9' }))), /--primary/);
    assert.match(
      refused({ applications: { n1: { unread: 'gone', isAway: false }, n2: idle() } }),
      /n1: its services.*gone/,
    );
    const cramped = { ...found(undefined), freeBytes: 1e9 };
    assert.match(refused({ databases: { n1: found(server('n1')), n2: cramped } }), /n2: .*free, the copy/);
    const without = { ...found(undefined), installedMajors: [16] };
    assert.match(refused({ databases: { n1: found(server('n1')), n2: without } }), /PostgreSQL 17 are not installed/);
  });

  it('refuses two versions of the application unless one is restored on both', () => {
    const apart = { applications: { n1: serving(['10.77.0.10']), n2: { ...idle(), version: '8.7.0' } } };
    assert.match(refused(apart), /n1 has version 8\.6\.0, n2 has version 8\.7\.0.*--application-from RUN/);
    const plan = planned({ ...apart, ...backup(run) }, { applicationFrom: run });
    assert.ok(acts(plan).includes('standby.restore-application'));
  });

  it('refuses options that contradict each other or what is there', () => {
    assert.match(refused({}, { primary: 'n3' }), /n3 has no database/);
    assert.match(refused(backup(run), { primary: 'n1', databaseFrom: run }), /only one of them/);
    assert.match(refused({}, { databaseFrom: run }), /has no whole part database/);
    const unverified = backup(run).backups.map(({ verifiedAtMs: _, ...part }) => part);
    assert.match(refused({ backups: unverified }, { applicationFrom: run }), /was never verified/);
    assert.match(refused(databases(undefined, server('n2')), { primary: 'n1' }), /cannot be the source/);
  });

  it('takes over from a run that stands, says so, and never from one that runs', () => {
    assert.match(refused({}, {}, { run, status: 'running' }), /baton run pause/);
    assert.match(
      planned({}, {}, { run, status: 'halted' }).costs?.[0] ?? '',
      /is ended for it; nothing of it is undone/,
    );
  });

  it('stops and disables what a failover has started on the standby’s node, and takes the address from it', () => {
    const { plan } = planned({ ...databases(stopped('n1'), promoted(branch)), ...moved });
    const { action } = stepOf(plan.items, 'standby.stand-down');
    assert.deepEqual(action.kind === 'standDown' && [action.address, action.units.length > 3], ['10.77.0.10', true]);
  });

  it('asks a person to lead the clients where the portal’s name says no address', () => {
    const named = labCluster((text) => text.replace('http://10.77.0.10/', 'http://portal.example/'));
    assert.equal(clientAddress(named), undefined);
  });

  it('looks at both databases before anything of them is touched, and never rebuilds without keeping', () => {
    const cases: [Change, RecoverOptions?][] = [
      [{ ...databases(stopped('n1'), promoted(branch)), ...moved }],
      [{ ...databases(server('n1'), promoted(branch)), ...moved }, { primary: 'n2' }],
      [databases(server('n1'), undefined)],
      [{ ...databases(crashed('n1'), crashed('n2')), ...down }],
      [backup(run), { databaseFrom: run }],
    ];
    for (const [change, options] of cases) {
      const { plan } = planned(change, options);
      const looks = ({ before }: Step) => before.some(({ check }) => /sides-as-found|server-in-service/.test(check));
      const first = steps(plan.items).find(({ action }) => /Server$/.test(action.kind));
      assert.ok(
        first === undefined || looks(first) || first.action.kind === 'createSlot' || first.id.includes('create-slot'),
      );
      for (const { action } of steps(plan.items)) if (action.kind === 'copyServer') assert.ok(action.keep);
      const index = plan.items.findIndex(({ id }) => id === 'stopped.databases');
      assert.ok(index > plan.items.findIndex(({ id }) => id === 'standby.stand-down'));
    }
  });

  it('sets aside no database that somebody has started since the plan was made', () => {
    const { plan } = planned({ ...databases(stopped('n1'), promoted(branch)), ...moved });
    const gate = plan.items.find(({ id }) => id === 'preflight.databases');
    assert.ok(gate?.kind === 'gate');
    const sides = gate.checks[0]?.params.sides as { node: string; staysStopped?: boolean }[];
    const stay = sides.filter(({ staysStopped }) => staysStopped).map(({ node }) => node);
    assert.deepEqual(stay, ['n1']);
    const { before } = stepOf(plan.items, 'master.copy-database');
    assert.deepEqual(before.find(({ check }) => check === 'no-open-primary')?.params, { node: 'n1' });
  });

  it('arms failover last, after the portal answers and replication streams', () => {
    const { plan } = planned({ ...databases(stopped('n1'), promoted(branch)), ...moved });
    const arm = stepOf(plan.items, 'arm-failover');
    assert.deepEqual(
      arm.before.map(({ check }) => check),
      ['portal-answers', 'replication-streaming'],
    );
    const suspended = steps(plan.items).slice(1, steps(plan.items).indexOf(arm));
    for (const { id, before } of suspended) assert.equal(before[0]?.check, 'failover-suspended', id);
  });

  it('tells what is found, what is kept and which files come back', () => {
    const missing = { ...factsWith().missing, n1: { missing: 3, older: 1, bytes: 4096, sample: ['a'] } };
    const rows = { n1: [{ table: 'apolo.request', rows: 5000 }], n2: [{ table: 'apolo.request', rows: 5031 }] };
    const costs =
      planned({ ...databases(stopped('n1'), promoted(branch)), ...moved, missing, rows }).costs?.join('\n') ?? '';
    for (const part of [
      /n2 now: .*timeline 4.*written at least until.*apolo\.request: 5031 rows/,
      /kept is what n2 has/,
      /n1 gets 3 files .* only n2 has, and 1 that are newer/,
      /the portal is down/,
    ])
      assert.match(costs, part);
  });

  it('is the same plan when a database has grown between two looks, whatever that changes of the times predicted', () => {
    const grown = (bytes: number) =>
      planned({ ...databases(stopped('n1', { bytes }), promoted(branch, { bytes })), ...moved });
    const [before, after] = [grown(2 ** 26), grown(2 ** 26 + 1)];
    assert.notEqual(before.plan.predicted.durationMs, after.plan.predicted.durationMs);
    assert.equal(before.hash, after.hash);
  });
});
