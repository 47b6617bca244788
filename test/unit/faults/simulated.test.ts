// The simulated site of the fault tests: every plan comes to its end in it, and a seed repeats itself.
import assert from 'node:assert/strict';
import { actionClasses } from '../../../shared/actions/action.ts';
import { pointsOf, scenariosOf } from '../../faults/boundaries.ts';
import { describeSchedule, scheduleSeed } from '../../faults/schedules.ts';
import { asOfLostTime } from '../../faults/sim/evidence.ts';
import { simulatedPlans } from '../../faults/sim/plans.ts';
import { compiledFor, type Scenario, simulate } from '../../faults/sim/simulate.ts';

describe('a simulated site', function () {
  this.timeout(120_000);

  for (const plan of simulatedPlans)
    it(`carries out ${plan} when nothing goes wrong`, async () => {
      const [scenario] = scenariosOf(plan);
      assert.ok(scenario);
      const { stuck, evidence, passed, said } = await simulate(scenario);
      assert.equal(stuck, undefined);
      const wellEnded = scenario.way === 'rollback' ? /rolled-back/ : /succeeded/;
      assert.match(JSON.stringify(Object.values(evidence.journals).at(-1)?.at(-2)), wellEnded);
      assert.ok(passed > 100, `${passed} boundaries`);
      if (scenario.way === 'rollback') assert.deepEqual(said, [`rollback ${scenario.failing}`]);
    });

  it('comes to an end whatever step that must not be repeated fails, and whatever the operator says to it', async () => {
    for (const scenario of scenariosOf('upgrade')) assert.ok((await pointsOf(scenario)).length > 100);
  });

  it('goes on after one retry, wherever a step that may be repeated has failed halfway', async () => {
    for (const plan of ['db-upgrade-link', 'db-upgrade-rebuild', 'recover-split-other', 'recover-stopped'])
      for (const scenario of scenariosOf(plan).filter(({ way, failing }) => way === 'retry' && failing !== undefined)) {
        const item = compiledFor(plan).plan.items.find(({ id }) => id === scenario.failing);
        if (item?.kind !== 'step' || actionClasses[item.action.kind] === 'once') continue;
        const { evidence, said } = await simulate(scenario);
        const words = said.filter((word) => !word.startsWith('approve '));
        assert.deepEqual([item.id, ...words], [item.id, `retry ${item.id}`]);
        assert.match(JSON.stringify(Object.values(evidence.journals).at(-1)?.at(-2)), /succeeded/, item.id);
      }
  });

  it('takes the same course for the same seed', async () => {
    const courseOf = async (): Promise<string[]> => {
      const scenario: Scenario = { plan: 'upgrade', way: 'retry' };
      const { course } = await simulate(scenario, (_, index, site) => {
        if (index === 500) site.killCoordinator();
        if (index === 800) site.killAgent('n1');
        return index === 300 ? 'late' : 'go on';
      });
      return course;
    };
    assert.deepEqual(await courseOf(), await courseOf());
    assert.equal(await describeSchedule(scheduleSeed(7)), await describeSchedule(scheduleSeed(7)));
  });

  it('says of a full disk on a node what a real one says', async () => {
    const { evidence, stuck } = await simulate(
      { plan: 'failover-suspend', way: 'retry' },
      ({ what, node }, _, site) => {
        if (what !== 'request command' || site.world.node('n3').isDiskFull) return 'go on';
        assert.equal(node, 'n3');
        site.world.node('n3').isDiskFull = true;
        site.time.in(5_000, () => {
          site.world.node('n3').isDiskFull = false;
        });
        return 'go on';
      },
    );
    assert.equal(stuck, undefined);
    const journal = JSON.stringify(evidence.journals);
    assert.match(journal, /no room for the ledger/);
    assert.doesNotMatch(journal, /internal/);
  });
});

describe('the record of a node whose coordinator was put back', () => {
  const putBack = [{ journaled: { r: 4 }, records: 2, lostIntents: new Set(['r/install/do/1']) }];
  const start = (key: string, journaled: number) => ({ node: 'n1', what: 'start' as const, key, kind: 'x', journaled });
  const isExcused = (key: string, journaled: number, index: number) =>
    asOfLostTime(putBack, start(key, journaled), index).isOfLostTime === true;

  it('is excused where it counts events that are gone, or where its command was on its way when its intent was lost', () => {
    assert.ok(isExcused('r/stop/do/1', 6, 1));
    assert.ok(isExcused('r/install/do/1', 4, 2));
  });

  it('is not excused where no intent of it was ever lost: that is a start without an intent', () => {
    assert.ok(!isExcused('r/stop/do/1', 4, 1));
    assert.ok(!isExcused('r/stop/do/1', 4, 2));
    assert.ok(!isExcused('r/install/do/2', 4, 2));
  });
});
