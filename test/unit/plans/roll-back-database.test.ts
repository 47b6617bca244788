// The rollback of a database upgrade from every step at which it can stop, for each way of upgrading: whether what failed
// had done its work or not, the way back is one of few, and never leaves two servers that clients could write into.
import assert from 'node:assert/strict';
import type { Step } from '../../../coordinator/plans/plan.ts';
import { rollBackDatabase } from '../../../coordinator/plans/roll-back-database.ts';
import { stepOf, steps } from './compiled.ts';
import { backFrom, cluster, factsAt, type Mode, of, type Standby, upgradeBy } from './rollback-database-facts.ts';

/** What a way back does between the suspension and the arming of failover. */
const services = 'master.start-services';
const stop = 'master.stop-services';
const slot = ['master.create-slot', 'standby.rebuild'];
const returned = [stop, 'master.return-server'];
const copied = [stop, 'master.stop-newer', 'master.copy-server'];
const scripted = ['standby.stop-services'];
const restored = [stop, 'master.stop-newer', 'master.restore-server'];
const all = (...parts: (string | string[])[]): string[] => parts.flat();

/** By step: where it had done nothing, and where it had done its work; one entry where that is the same. */
type Ways = Record<string, [string[], string[]?]>;

const untilStop: Ways = {
  'suspend-failover': [[]],
  'master.stop-services': [[services]],
  'master.record-server': [[services]],
  'master.stop-server': [[services], all(stop, 'master.start-server', services)],
  'master.upgrade-server': [all(returned, services)],
  'master.settings': [all(returned, 'master.settings', services)],
};
const back = all(returned, 'master.settings', services);
const fromStandby = all(copied, 'master.settings', services, slot);

const promotedCopy = all(scripted, back, slot);
const promotedLink = all(scripted, fromStandby);
const anew = all('master.copy-server', 'master.settings', services, slot);
const upgradedLink = all(scripted, stop, 'master.stop-newer', 'standby.return-server', anew);
const unstartedLink = upgradedLink.toSpliced(3, 0, 'standby.stop-newer');
const spentLink = all(scripted, restored, 'master.settings', services, 'standby.stop-newer', slot);
const leftCopy = all(scripted, back, 'standby.stop-newer', slot);
const stoppedLink = all(stop, 'master.stop-newer', 'standby.start-server', anew);
const copiedLink = stoppedLink.toSpliced(2, 0, 'standby.stop-newer');

const after = (way: string[], more: Ways = {}): Ways => ({
  'standby.settings': [all(way, 'standby.settings')],
  'master.analyze': [all(way, 'standby.settings')],
  'n3.settings': [all(way, 'standby.settings', 'n3.settings')],
  'arm-failover': [all(way, 'standby.settings', 'n3.settings')],
  'verify.create-ticket': [all(way, 'standby.settings', 'n3.settings')],
  'verify.remove-ticket': [all(way, 'standby.settings', 'n3.settings')],
  ...more,
});

const waysBack: Record<Mode, Record<Standby, Ways>> = {
  copy: {
    promote: {
      ...untilStop,
      'master.start-server': [back],
      'master.start-services': [back],
      'standby.record-server': [back],
      'standby.fence': [back, all(back, 'standby.unfence')],
      'standby.promote': [all(scripted, back, 'standby.unfence'), promotedCopy],
      'standby.upgrade-server': [promotedCopy],
      'standby.start-server': [leftCopy],
      'master.create-slot': [leftCopy],
      'standby.rebuild': [leftCopy],
      ...after(leftCopy),
    },
    rebuild: {
      ...untilStop,
      'master.start-server': [back],
      'master.start-services': [back],
      'standby.record-server': [back],
      'standby.stop-server': [back, all(back, 'standby.start-server')],
      'master.create-slot': [all(back, 'standby.start-server')],
      'standby.rebuild': [all(back, 'standby.start-server'), all(back, 'standby.stop-newer', 'standby.start-server')],
      ...after(all(back, 'standby.stop-newer', 'standby.start-server')),
    },
  },
  link: {
    promote: {
      ...untilStop,
      'master.start-server': [back, fromStandby],
      'master.start-services': [fromStandby],
      'standby.record-server': [fromStandby],
      'standby.fence': [fromStandby],
      'standby.promote': [promotedLink],
      'standby.upgrade-server': [promotedLink, upgradedLink],
      'standby.start-server': [unstartedLink, spentLink],
      'master.create-slot': [spentLink],
      'standby.rebuild': [spentLink],
      ...after(spentLink),
    },
    rebuild: {
      ...untilStop,
      'master.start-server': [back, fromStandby],
      'master.start-services': [fromStandby],
      'standby.record-server': [fromStandby],
      'standby.stop-server': [fromStandby, stoppedLink],
      'master.create-slot': [stoppedLink],
      'standby.rebuild': [stoppedLink, copiedLink],
      ...after(copiedLink),
    },
  },
};

const idsOf = (items: Parameters<typeof steps>[0]): string[] => steps(items).map(({ id }) => id);

for (const mode of ['copy', 'link'] as const)
  for (const standby of ['promote', 'rebuild'] as const)
    describe(`rollback of a database upgrade by ${mode}, standby by ${standby}`, () => {
      const ways = waysBack[mode][standby];
      const plan = upgradeBy(mode, standby);
      const removed = ['verify.write-file', 'verify.remove-file'];

      it('takes back nothing where only Baton’s own files were touched', () => {
        const harmless = steps(plan.items).filter(({ id, isHarmless }) => isHarmless && ways[id] === undefined);
        assert.ok(harmless.length >= 10);
        for (const { id } of harmless)
          assert.deepEqual(idsOf(backFrom(factsAt({ mode, standby, at: id, wasDone: true })).plan.items), [], id);
      });

      it('knows a way back from every other step', () => {
        const known = Object.keys(ways);
        const wanted = steps(plan.items).filter(({ id, isHarmless }) => !isHarmless || known.includes(id));
        assert.deepEqual(
          wanted.map(({ id }) => id).filter((id) => !removed.includes(id)),
          known,
        );
      });

      for (const [at, [undone, done = undone]] of Object.entries(ways))
        it(`goes back from ${at}, whether that had done its work or not, and however it ended`, () => {
          const expected = (way: string[]) => all('suspend-failover', way, 'arm-failover');
          for (const wasDone of [false, true]) {
            const { plan: found } = backFrom(factsAt({ mode, standby, at, wasDone }));
            assert.deepEqual(idsOf(found.items), expected(wasDone ? done : undone), `done: ${wasDone}`);
          }
          // As long as it may still run, a server that serves is not believed to stay so.
          const open = factsAt({ mode, standby, at, wasDone: false, end: 'unknown' });
          const isStop = at === 'master.stop-server';
          assert.deepEqual(idsOf(rollBackDatabase(cluster, open)), expected(isStop ? done : undone), 'unknown');
        });

      it('removes the test file that the run may have left', () => {
        const { plan: found } = backFrom(factsAt({ mode, standby, at: 'verify.write-file', wasDone: true }));
        assert.equal(idsOf(found.items).at(-1), 'verify.remove-file');
      });
    });

describe('a way back to the servers of before', () => {
  const at = (mode: Mode, id: string, standby: Standby = 'promote') =>
    backFrom(factsAt({ mode, standby, at: id, wasDone: true }));
  const order = (items: Step[], ...ids: string[]) => ids.map((id) => items.findIndex((step) => step.id === id));

  it('compares what serves with what was recorded before any client comes back', () => {
    for (const [id, wanted] of [
      ['standby.upgrade-server', 'server-as-before'],
      ['standby.rebuild', 'rows-as-backed-up'],
    ] as const) {
      const made = steps(at('link', id).plan.items).find((step) => /copy-server|restore-server/.test(step.id));
      assert.deepEqual(
        made?.then.map(({ check }) => check),
        ['server-in-service', wanted],
      );
      assert.equal(made.until, 'master.start-services');
    }
    const returned = stepOf(at('copy', 'master.settings').plan.items, 'master.return-server');
    assert.equal(returned.then[1]?.params.withoutContent, undefined);
  });

  it('compares rows and answers also where the server comes from the standby', () => {
    const copied = stepOf(at('link', 'master.start-services').plan.items, 'master.copy-server');
    assert.deepEqual(copied.then[1]?.params, { node: 'n1', record: 'db-upgrade-1' });
  });

  it('lets no server of before serve on the master beside a standby that somebody has promoted meanwhile', () => {
    for (const [id, mode, at_] of [
      ['master.start-server', 'copy', 'master.stop-server'],
      ['master.return-server', 'copy', 'master.settings'],
      ['master.copy-server', 'link', 'master.start-services'],
      ['master.restore-server', 'link', 'standby.start-server'],
    ] as const) {
      const { before } = stepOf(at(mode, at_).plan.items, id);
      assert.deepEqual(
        before.filter(({ check }) => check === 'no-open-primary').map(({ params }) => params),
        [{ node: 'n2' }],
        id,
      );
    }
  });

  it('makes a slot that is gone again with a retry, and replaces no database that somebody has opened to clients', () => {
    const { items } = at('link', 'master.start-services').plan;
    assert.equal(stepOf(items, 'master.create-slot').until, 'standby.rebuild');
    const rebuilt = stepOf(items, 'standby.rebuild');
    assert.deepEqual(rebuilt.redo, ['master.create-slot']);
    assert.ok(rebuilt.before.some(({ check }) => check === 'no-open-primary'));
  });

  it('never has two servers that clients could write into: the newer one is stopped first, the temporary master fenced', () => {
    const items = steps(at('link', 'standby.promote').plan.items);
    const [newer, copy] = order(items, 'master.stop-newer', 'master.copy-server');
    assert.ok(newer !== undefined && copy !== undefined && newer >= 0 && newer < copy);
    const gate = at('link', 'standby.promote').plan.items.find(({ id }) => id === 'preflight.way-back');
    assert.deepEqual(gate?.kind === 'gate' ? gate.checks[1]?.params : {}, {
      ...{ node: 'n2', major: 16, name: 'main', as: 'primary', fenced: true },
    });
  });

  it('fences a temporary master that comes up open', () => {
    const facts = factsAt({ mode: 'link', standby: 'promote', at: 'standby.upgrade-server', wasDone: true });
    const n2 = facts.servers?.n2;
    assert.ok(n2 && 'servers' in n2);
    const open = { ...n2, servers: n2.servers.map((one) => ({ ...one, isFenced: false })) };
    const items = steps(backFrom({ ...facts, servers: { ...facts.servers, n2: open } }).plan.items);
    const [up, fence, copy] = order(items, 'standby.return-server', 'standby.fence', 'master.copy-server');
    assert.ok(up !== undefined && fence === up + 1 && copy === fence + 1);
  });

  it('has the portal back before the standby is made anew, and every service stopped while the master’s is', () => {
    const items = steps(at('link', 'standby.rebuild').plan.items);
    const [services, rebuilt] = order(items, 'master.start-services', 'standby.rebuild');
    assert.ok(services !== undefined && rebuilt !== undefined && services < rebuilt);
    const { before, action } = stepOf(items, 'master.restore-server');
    assert.deepEqual(
      before.map(({ check }) => check),
      ['failover-suspended', 'units-stopped', 'units-stopped', 'no-open-primary'],
    );
    assert.ok(
      action.kind === 'restoreServer' && action.backup === of && action.major === 16 && action.run === '{{run}}',
    );
  });

  it('copies from the standby without keeping what is spent, and makes the standby anew from the master by its slot', () => {
    const { items } = at('link', 'master.start-services').plan;
    const copy = stepOf(items, 'master.copy-server').action;
    assert.ok(copy.kind === 'copyServer' && copy.source?.address === '10.77.0.12');
    assert.deepEqual([copy.asStandby, copy.keep, copy.major, copy.slot], [false, false, 16, '']);
    const rebuilt = stepOf(items, 'standby.rebuild').action;
    assert.ok(rebuilt.kind === 'copyServer' && rebuilt.source?.address === '10.77.0.11');
    assert.deepEqual([rebuilt.asStandby, rebuilt.major, rebuilt.slot], [true, 16, 'n2']);
  });

  it('tells the HA software of the old version again, on every node that was told of the newer one', () => {
    const { items } = at('copy', 'n3.settings').plan;
    const told = steps(items).flatMap(({ action, node }) =>
      action.kind === 'setValues' ? [`${node} ${action.path} ${action.values[0]?.value}`] : [],
    );
    assert.deepEqual(told, [
      'n1 /opt/HA/conf/ha.conf postgresql@16-main',
      'n2 /opt/HA/conf/ha.conf postgresql@16-main',
      'n3 /opt/HA/conf/observer.conf 16',
    ]);
  });

  it('leaves a server alone that serves already, as after a rollback that was given up', () => {
    const facts = factsAt({ mode: 'copy', standby: 'promote', at: 'master.upgrade-server', wasDone: false });
    const before = factsAt({ mode: 'copy', standby: 'promote', at: 'master.record-server', wasDone: true }).servers;
    assert.ok(before);
    assert.deepEqual(idsOf(backFrom({ ...facts, servers: before }).plan.items), [
      'suspend-failover',
      'master.start-services',
      'arm-failover',
    ]);
  });

  it('has a reason for every step that has no undo, and is the same whenever it is compiled', () => {
    const facts = factsAt({ mode: 'link', standby: 'promote', at: 'standby.rebuild', wasDone: true });
    for (const step of steps(backFrom(facts).plan.items))
      assert.ok('noUndo' in step.undo && step.undo.noUndo.length > 20, step.id);
    assert.equal(backFrom(facts).hash, backFrom({ ...facts, rowsNow: [] }).hash);
  });

  it('remembers of which servers it is, for finalize', () => {
    assert.deepEqual(at('copy', 'master.settings').plan.parameters, {
      of,
      servers: { from: 16, to: 17, name: 'main' },
    });
    assert.deepEqual(at('copy', 'master.stop-services').plan.parameters, { of });
  });
});
