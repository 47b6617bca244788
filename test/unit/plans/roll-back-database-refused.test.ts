// What is said before a database upgrade is taken back: why there is no way as things are, what going back costs, what a
// halt offers, and what is given up in the end.
import assert from 'node:assert/strict';
import { compilePlan } from '../../../coordinator/plans/compile.ts';
import type { RollbackFacts } from '../../../coordinator/plans/way-back.ts';
import { nextCommands } from '../../../coordinator/sequencer/legal.ts';
import type { RunState } from '../../../coordinator/sequencer/state.ts';
import { itemState } from '../../../coordinator/sequencer/state.ts';
import { profilesOf, stepOf, steps } from './compiled.ts';
import { cluster as bare } from './database-facts.ts';
import { backFrom, cluster, factsAt, type Stop, tryBack } from './rollback-database-facts.ts';
import { stoppedAt } from './rollback-facts.ts';

const at = (stop: Partial<Stop>): RollbackFacts =>
  factsAt({ mode: 'copy', standby: 'promote', at: 'master.start-services', wasDone: true, ...stop });

type Servers = NonNullable<RollbackFacts['servers']>;
/** The servers of a node, one of them changed. */
function changed(facts: RollbackFacts, node: string, major: number, change: object): RollbackFacts {
  const list = facts.servers?.[node];
  assert.ok(list && 'servers' in list);
  const servers = list.servers.map((one) => (one.major === major ? { ...one, ...change } : one));
  return { ...facts, servers: { ...facts.servers, [node]: { ...list, servers } } as Servers };
}

describe('a rollback of a database upgrade is refused before anything is touched', () => {
  const refusal = (facts: RollbackFacts, site = cluster): string => {
    const result = tryBack(facts, site);
    assert.ok(!result.ok, 'it was compiled');
    assert.match(result.failure.message, /nothing was touched/);
    return `${result.failure.code}: ${result.failure.message}`;
  };
  const spent = at({ mode: 'link', at: 'standby.start-server' });

  it('where the servers of a node could not be read; an absent agent may come back', () => {
    const facts = at({});
    const { n1 } = facts.servers ?? {};
    assert.ok(n1);
    const unread = (isAway: boolean): Servers => ({ n1, n2: { unread: 'pg_controldata is broken', isAway } });
    assert.match(
      refusal({ ...facts, servers: unread(false) }),
      /^not-in-state: .*n2: its PostgreSQL servers could not be read \(pg_controldata is broken\)/,
    );
    assert.match(refusal({ ...facts, servers: unread(true) }), /^unreachable: /);
    assert.match(refusal({ ...facts, servers: { n1 } }), /n2: .*it was not asked/);
  });

  it('where the roles have moved, and names what brings them back', () => {
    assert.match(
      refusal(changed(at({}), 'n2', 16, { inRecovery: false })),
      /n2: 16\/main: runs .*primary, and clients may reach it.*baton recover lab/,
    );
    assert.match(
      refusal(changed(at({}), 'n1', 17, { inRecovery: true })),
      /n1: 17\/main: runs .*standby, though it is the master.*baton recover lab/,
    );
    assert.ok(tryBack(at({ at: 'standby.promote' })).ok, 'a temporary master that is fenced was refused');
  });

  const withRoom = (facts: RollbackFacts, node: string, freeBytes: number): RollbackFacts => {
    const list = facts.servers?.[node];
    assert.ok(list && 'servers' in list && tryBack(facts).ok);
    return { ...facts, servers: { ...facts.servers, [node]: { ...list, freeBytes } } };
  };

  it('where a server that is copied, restored or made anew has no room', () => {
    const words = (node: string) =>
      new RegExp(`${node}: 2\\.0 GB free, making 16/main there anew needs 2\\.9 GB beside what is there: make room`);
    const rebuilt = at({ at: 'standby.promote' });
    for (const [facts, node] of [
      [at({ mode: 'link' }), 'n1'],
      [at({ mode: 'link' }), 'n2'],
      [spent, 'n1'],
      [spent, 'n2'],
      [rebuilt, 'n2'],
    ] as const)
      assert.match(refusal(withRoom(facts, node, 2e9)), words(node));
    assert.ok(tryBack(withRoom(rebuilt, 'n1', 2e9)).ok, 'nothing is made on n1');
    assert.ok(tryBack(withRoom(at({ at: 'master.start-server' }), 'n2', 2e9)).ok, 'nothing is made on n2');
  });

  it('and room is looked at once more before the first step', () => {
    const gateOf = (facts: RollbackFacts) => backFrom(facts).plan.items.find(({ id }) => id === 'preflight.way-back');
    const room = (facts: RollbackFacts) => {
      const gate = gateOf(facts);
      assert.ok(gate?.kind === 'gate');
      return gate.checks.find(({ check }) => check === 'room-for-server')?.params;
    };
    const of = { from: 16, to: 17, name: 'main' };
    assert.deepEqual(room(at({ mode: 'link' })), { nodes: ['n1', 'n2'], ...of });
    assert.deepEqual(room(at({ at: 'standby.promote' })), { nodes: ['n2'], ...of });
    assert.equal(room(at({ at: 'master.start-server' })), undefined);
  });

  it('where both old servers are spent and the backup is gone, unfinished or was never verified', () => {
    const [part] = spent.parts;
    assert.ok(part);
    const why = /16\/main on n1 shares its files with 17\/main, which was started, and 16\/main on n2 is spent too/;
    assert.match(refusal({ ...spent, parts: [] }), why);
    assert.match(refusal({ ...spent, parts: [{ ...part, complete: false }] }), /database is not there or not whole/);
    const { verifiedAtMs: _, ...unverified } = part;
    assert.match(
      refusal({ ...spent, parts: [unverified] }),
      /was never verified.*baton backup verify lab db-upgrade-1/,
    );
    assert.ok(tryBack(spent).ok);
  });

  it('where both are spent and the run took no backup at all', () => {
    const facts = at({ mode: 'link', at: 'standby.start-server', site: bare });
    assert.match(refusal({ ...facts, parts: [] }, bare), /took no backup.*VM snapshot of both nodes, by hand/);
  });

  it('where the standby has another database, or nobody saw that it had all that the master wrote', () => {
    const linked = at({ mode: 'link' });
    const without = { ...linked, parts: [] };
    assert.match(
      refusal(changed(without, 'n2', 16, { systemIdentifier: '1' })),
      /16\/main on n2 is not a copy of the one on n1: their system identifiers differ/,
    );
    const stopped = itemState(without.state, 'master.stop-server');
    const items = { ...without.state.items, 'master.stop-server': { ...stopped, isDone: false } };
    assert.match(
      refusal({ ...without, state: { ...without.state, items } }),
      /nobody saw that 16\/main on n2 had all that n1 wrote/,
    );
    const ids = steps(backFrom({ ...linked, state: { ...linked.state, items } }).plan.items).map(({ id }) => id);
    assert.ok(ids.includes('master.restore-server') && !ids.includes('master.copy-server'));
  });

  it('but not for a backup that it does not need', () => {
    for (const stop of [{}, { mode: 'link' as const }]) assert.ok(tryBack({ ...at(stop), parts: [] }).ok);
  });
});

describe('what a rollback of a database upgrade costs', () => {
  const costs = (facts: RollbackFacts) => (backFrom(facts).costs ?? []).join('\n');

  it('is nothing as long as no client can have written into the newer server', () => {
    for (const id of ['master.stop-services', 'master.upgrade-server', 'master.start-server'])
      assert.equal(costs(at({ at: id })), '', id);
  });

  it('is counted in rows, with where they are afterwards', () => {
    assert.match(
      costs(at({})),
      /apolo\.request: at least 31 rows written since the upgrade by run db-upgrade-1; 17\/main on n1 still has them, stopped, until baton run finalize/,
    );
    const { rowsNow: _, ...uncounted } = at({});
    assert.match(costs(uncounted), /apolo\.request: .*could not be counted/);
  });

  it('is counted from the backup where that is what is restored', () => {
    assert.match(
      costs(at({ mode: 'link', at: 'standby.start-server' })),
      /apolo\.request: at least 41 rows written since 2026-01-10 00:59 UTC \(backup db-upgrade-1\)/,
    );
  });

  it('says that there is one copy of the data while the standby is made anew', () => {
    assert.match(costs(at({ at: 'standby.promote' })), /n2 is made anew from n1: until that is done there is one copy/);
    assert.doesNotMatch(costs(at({})), /made anew/);
  });
});

describe('a halt of a database upgrade', () => {
  const offer = (stop: Partial<Stop>, isAbort = false): string => {
    const { plan, state } = at(stop);
    const halt = { item: stop.at ?? '', reason: 'step-failed', message: '', evidence: '', checks: [] };
    const found = nextCommands(plan, { ...state, halt } as unknown as RunState, {});
    const { command, consequence } = found.find((one) => one.command.includes('rollback')) ?? {};
    assert.equal(command, 'baton run rollback db-upgrade-1');
    return (isAbort ? found.find((one) => one.command.includes('abort'))?.consequence : consequence) ?? '';
  };

  it('says of an abort that failover cannot be armed after it, as long as the standby is left behind', () => {
    const left =
      /standby does not follow.* armed again then: only baton run rollback db-upgrade-1 or baton recover lab/;
    assert.match(offer({ at: 'standby.upgrade-server' }, true), left);
    assert.match(offer({ mode: 'link', at: 'master.start-server' }, true), left);
    for (const id of ['master.upgrade-server', 'master.start-server', 'master.analyze'])
      assert.doesNotMatch(offer({ at: id }, true), left, id);
  });

  it('says of an abort that it leaves the standby fenced, from its promotion on until it is made anew', () => {
    const fenced = /database on n2 stays fenced: no client reaches it until baton recover lab/;
    for (const id of ['standby.promote', 'standby.upgrade-server', 'master.create-slot'])
      assert.match(offer({ at: id }, true), fenced, id);
    for (const id of ['master.start-services', 'standby.fence', 'master.analyze'])
      assert.doesNotMatch(offer({ at: id }, true), /fenced/, id);
  });

  it('offers to go back, and says by which way', () => {
    assert.match(offer({ at: 'suspend-failover' }), /no server was begun to be changed/);
    assert.match(offer({ at: 'master.stop-server' }), /PostgreSQL 16 on n1 is started again/);
    assert.match(offer({ at: 'master.upgrade-server' }), /PostgreSQL 16 on n1 serves again as it was left; services/);
    assert.match(
      offer({ at: 'standby.promote' }),
      /serves again as it was left; n2 is made anew from it, if it is no standby any more; what was written into 17/,
    );
    assert.match(offer({ mode: 'link', at: 'master.start-server' }), /made from n2’s, or from this run’s backup/);
  });
});

describe('plan of giving up what a rollback of a database upgrade has left', () => {
  const back = 'rollback-1';
  const finalize = (stop: Partial<Stop>) => {
    const { plan } = backFrom(at(stop));
    const ended = { type: 'RunEnded', status: 'rolled-back', message: '', failoverArmed: 'armed' } as const;
    const state: RunState = { ...stoppedAt('arm-failover', 'succeeded', plan), status: 'rolled-back', ended };
    return compilePlan('finalize', cluster, { of: back }, profilesOf(cluster), {
      installed: {},
      finalize: { of: back, plan, state },
    });
  };

  it('removes the newer servers on both nodes once the old ones serve, and says what is lost with them', () => {
    const compiled = finalize({ at: 'standby.promote' });
    assert.ok(compiled.ok, compiled.ok ? '' : compiled.failure.message);
    const { items } = compiled.value.plan;
    assert.deepEqual(
      items.map(({ id }) => id),
      ['preflight.agents', 'preflight.servers', 'finalize.n2.drop-server', 'finalize.n1.drop-server'],
    );
    const { action, pointOfNoReturn } = stepOf(items, 'finalize.n1.drop-server');
    assert.deepEqual(action, { kind: 'dropServer', major: 17, name: 'main' });
    assert.match(pointOfNoReturn ?? '', /lost with it/);
    assert.doesNotMatch(compiled.value.costs?.join() ?? '', /by hand/);
  });

  it('removes what the restore of a server has set aside, too', () => {
    const compiled = finalize({ mode: 'link', at: 'standby.start-server' });
    assert.ok(compiled.ok, compiled.ok ? '' : compiled.failure.message);
    const { action } = stepOf(compiled.value.plan.items, 'finalize.n1.drop-asides');
    assert.deepEqual(action, { kind: 'dropAsides', run: back });
    assert.match(compiled.value.costs?.join() ?? '', /set aside on n1 is removed/);
  });

  it('has nothing to do where no server was touched', () => {
    const refused = finalize({ at: 'master.stop-services' });
    assert.match(refused.ok ? '' : refused.failure.message, /nothing to give up/);
  });
});
