import assert from 'node:assert/strict';
import type { Decision, RunEvent } from '../../../coordinator/journal/event.ts';
import type { RunState } from '../../../coordinator/sequencer/state.ts';
import { drive } from './drive.ts';
import { samplePlan } from './sample-plan.ts';
import { type Fate, type Luck, World } from './world.ts';

/** Approves what is asked, then says the given decisions one after the other. */
function operatorSays(...decisions: Decision[]) {
  return (legal: Decision[]) =>
    legal.includes('approve') && decisions[0] !== 'reject' ? 'approve' : decisions.shift();
}
const typesOf = (events: RunEvent[]) => events.map(({ fact }) => fact.type);
const startsOf = (world: World, step: string) => world.started.filter((key) => key.step === step).length;
/** The first starts go well, then as said: stage, suspend, stop, install, … */
const fatesFrom = (wellFirst: number, ...fates: Fate[]): Fate[] => [...Array<Fate>(wellFirst).fill('well'), ...fates];
const haltOf = (state: RunState) => state.halt?.reason;

describe('way of a run', () => {
  it('goes through the plan, asks for the approval, and ends succeeded and armed', () => {
    const world = new World();
    const { state, events } = drive({ plan: samplePlan, world, operator: operatorSays() });
    assert.equal(state.status, 'succeeded');
    assert.equal(state.ended?.failoverArmed, 'armed');
    assert.deepEqual(
      world.started.map(({ step }) => step),
      ['stage', 'suspend', 'stop', 'install', 'start', 'install-standby', 'arm', 'ticket'],
    );
    assert.equal(typesOf(events).at(-2), 'PortalMetered');
  });

  it('ends as failed, without a halt, when a gate fails before the first change', () => {
    const world = new World();
    world.marks.add('broken');
    const { state, events } = drive({ plan: samplePlan, world });
    assert.equal(state.status, 'failed');
    assert.match(state.ended?.message ?? '', /gate healthy: .*not as it must be/);
    assert.equal(world.started.length, 0);
    assert.ok(!typesOf(events).includes('RunHalted'));
    const read = events.find(({ fact }) => fact.type === 'ChecksRead');
    assert.ok(read?.fact.type === 'ChecksRead' && !read.fact.passed && read.fact.results.length === 1);
  });

  it('ends as failed when a harmless step fails', () => {
    const { state } = drive({ plan: samplePlan, world: new World({ fates: ['fails'] }) });
    assert.equal(state.status, 'failed');
  });

  it('halts when the installer fails, and a retry carries it out again under a new attempt', () => {
    const world = new World({ fates: fatesFrom(3, 'fails') });
    const standing = drive({ plan: samplePlan, world });
    assert.equal(standing.state.status, 'halted');
    assert.equal(haltOf(standing.state), 'step-failed');
    const again = new World({ fates: fatesFrom(3, 'fails') });
    const { state } = drive({ plan: samplePlan, world: again, operator: operatorSays('retry') });
    assert.equal(state.status, 'succeeded');
    assert.equal(startsOf(again, 'install'), 2);
    assert.equal(startsOf(again, 'stop'), 2, 'what the failed installer may have started is stopped again first');
  });

  it('halts when the installer succeeds without effect, and a retry runs it again', () => {
    const world = new World({ fates: fatesFrom(3, 'no-effect') });
    const reasons: unknown[] = [];
    const { state } = drive({
      plan: samplePlan,
      world,
      operator: (legal, now) => {
        reasons.push(haltOf(now));
        return operatorSays('retry')(legal);
      },
    });
    assert.equal(reasons[0], 'postcondition-failed');
    assert.equal(state.status, 'succeeded');
    assert.equal(startsOf(world, 'install'), 2);
  });

  it('takes an installer of unknown end as done when what it should leave is there', () => {
    const world = new World({ fates: fatesFrom(3, 'unknown-with-effect') });
    const { state } = drive({ plan: samplePlan, world, operator: operatorSays() });
    assert.equal(state.status, 'succeeded');
    assert.equal(startsOf(world, 'install'), 1);
  });

  it('asks the operator about an installer of unknown end, and does not run it again by itself', () => {
    const world = new World({ fates: fatesFrom(3, 'unknown-without-effect') });
    const { state } = drive({ plan: samplePlan, world });
    assert.equal(state.status, 'awaiting-operator');
    assert.equal(haltOf(state), 'step-unknown');
    assert.equal(startsOf(world, 'install'), 1);
  });

  it('settles the old attempt before a retry of an unknown end', () => {
    const world = new World({ fates: fatesFrom(3, 'unknown-without-effect') });
    const { state, events } = drive({ plan: samplePlan, world, operator: operatorSays('retry') });
    assert.equal(state.status, 'succeeded');
    const facts = events.filter(({ fact }) => 'item' in fact && fact.item === 'install').map(({ fact }) => fact.type);
    assert.ok(facts.indexOf('AttemptSettled') > 0);
    assert.ok(facts.indexOf('AttemptSettled') < facts.lastIndexOf('StepStarted'));
  });

  it('tries an idempotent step of unknown end again by itself, three attempts at most', () => {
    const once = new World({ fates: fatesFrom(2, 'unknown-without-effect') });
    assert.equal(drive({ plan: samplePlan, world: once, operator: operatorSays() }).state.status, 'succeeded');
    assert.equal(startsOf(once, 'stop'), 2);
    const always = new World({ fates: fatesFrom(2, ...Array<Fate>(9).fill('unknown-without-effect')) });
    const { state } = drive({ plan: samplePlan, world: always });
    assert.equal(haltOf(state), 'step-unknown');
    assert.equal(startsOf(always, 'stop'), 3);
  });

  it('adopts what was finished by hand only if it is as it must be', () => {
    const broken = new World({ fates: fatesFrom(3, 'fails') });
    const refused = drive({ plan: samplePlan, world: broken, operator: operatorSays('adopt') });
    assert.equal(haltOf(refused.state), 'postcondition-failed');
    const mended = new World({ fates: fatesFrom(3, 'fails') });
    const { state } = drive({
      plan: samplePlan,
      world: mended,
      operator: (legal) => {
        mended.marks.add('install');
        return operatorSays('adopt')(legal);
      },
    });
    assert.equal(state.status, 'succeeded');
    assert.equal(state.items.install?.isAdopted, true);
    assert.equal(startsOf(mended, 'install'), 1);
  });

  it('aborts: undoes what was started in reverse, leaves what cannot be undone, arms failover', () => {
    const world = new World({ fates: fatesFrom(3, 'fails') });
    const { state, events } = drive({ plan: samplePlan, world, operator: operatorSays('abort') });
    assert.equal(state.status, 'aborted');
    assert.equal(state.ended?.failoverArmed, 'armed');
    assert.deepEqual(
      events.flatMap(({ fact }) => (fact.type === 'ItemUndone' ? [`${fact.item} ${fact.how}`] : [])),
      ['install nothing-to-undo', 'stop undone', 'suspend undone', 'stage undone'],
    );
  });

  it('takes back nothing from before failover was armed again', () => {
    const world = new World({ fates: fatesFrom(7, 'fails') });
    const { state, events } = drive({ plan: samplePlan, world, operator: operatorSays('abort') });
    assert.equal(state.status, 'aborted');
    assert.deepEqual(
      events.flatMap(({ fact }) => (fact.type === 'ItemUndone' && fact.how === 'undone' ? [fact.item] : [])),
      ['ticket'],
    );
  });

  it('halts again when an undo fails, and goes on with it after a retry', () => {
    const world = new World({ fates: fatesFrom(3, 'fails', 'fails') });
    const reasons: unknown[] = [];
    const say = operatorSays('abort', 'retry');
    const { state } = drive({
      plan: samplePlan,
      world,
      operator: (legal, now) => {
        reasons.push(haltOf(now));
        return say(legal);
      },
    });
    assert.deepEqual(reasons, ['step-failed', 'undo-failed']);
    assert.equal(state.status, 'aborted');
  });

  it('halts when the suspension is gone before a later step', () => {
    const world = new World();
    const { state, events } = drive({
      plan: samplePlan,
      world,
      operator: operatorSays(),
      onEvent: ({ fact }) => {
        if (fact.type === 'ItemSucceeded' && fact.item === 'install') world.marks.delete('suspend');
      },
    });
    assert.equal(haltOf(state), 'postcondition-failed');
    assert.match(state.halt?.message ?? '', /failover is no longer suspended/);
    assert.equal(startsOf(world, 'start'), 0);
    assert.equal(typesOf(events).at(-1), 'RunHalted');
  });

  it('looks again at what is in force after a takeover', () => {
    const world = new World();
    let isLost = false;
    const { state } = drive({
      plan: samplePlan,
      world,
      operator: operatorSays(),
      isCrash: (instruction) => {
        const isNow =
          !isLost &&
          instruction.kind === 'append' &&
          instruction.fact.type === 'StepStarted' &&
          instruction.fact.item === 'install';
        if (isNow) {
          isLost = true;
          world.marks.delete('stop');
        }
        return isNow;
      },
    });
    assert.equal(haltOf(state), 'postcondition-failed');
    assert.match(state.halt?.message ?? '', /step stop no longer holds/);
    assert.equal(startsOf(world, 'install'), 0);
  });

  it('reads an expired gate again before the step', () => {
    const world = new World();
    let wasExpired = false;
    const plan = {
      ...samplePlan,
      items: samplePlan.items.map((item) => (item.kind === 'gate' ? { ...item, holdsForMs: 500 } : item)),
    };
    const { state } = drive({
      plan,
      world,
      operator: operatorSays(),
      onEvent: ({ fact }) => {
        if (wasExpired || fact.type !== 'ChecksRead' || fact.item !== 'quiet') return;
        wasExpired = true;
        world.nowMs += 1_000;
        world.marks.add('busy');
      },
    });
    assert.equal(state.status, 'failed');
    assert.equal(startsOf(world, 'suspend'), 0);
  });

  it('waits for a busy node and then goes on under the same key', () => {
    const world = new World({ fates: fatesFrom(3, 'busy', 'busy', 'well') });
    const { state, events } = drive({ plan: samplePlan, world, operator: operatorSays() });
    assert.equal(state.status, 'succeeded');
    assert.equal(events.filter(({ fact }) => fact.type === 'StepStarted' && fact.item === 'install').length, 1);
  });

  it('halts with the node’s own words when its policy refuses', () => {
    const { state } = drive({ plan: samplePlan, world: new World({ fates: fatesFrom(3, 'policy') }) });
    assert.equal(haltOf(state), 'step-failed');
    assert.match(state.halt?.message ?? '', /n1 refuses/);
  });

  it('asks for a lost outcome and sends a lost command again, with one start', () => {
    for (const luck of ['outcome-lost', 'command-lost', 'delivered-twice', 'agent-away'] as Luck[]) {
      const world = new World({ lucks: ['fine', 'fine', 'fine', luck] });
      const { state } = drive({ plan: samplePlan, world, operator: operatorSays() });
      assert.equal(state.status, 'succeeded', luck);
      assert.equal(startsOf(world, 'install'), 1, luck);
    }
  });

  it('holds after the current step when paused, and goes on when resumed', () => {
    const world = new World();
    const halts: string[] = [];
    let isPaused = false;
    const say = operatorSays('resume');
    const { state } = drive({
      plan: samplePlan,
      world,
      operator: (legal, now) => {
        halts.push(`${haltOf(now)} ${now.halt?.item}`);
        return say(legal);
      },
      interrupt: (_, now) => {
        if (isPaused || now.items.install?.status !== 'running') return undefined;
        isPaused = true;
        return 'pause';
      },
    });
    assert.deepEqual(halts, ['paused start', 'approval look']);
    assert.equal(state.status, 'succeeded');
  });

  it('waits for the running step when aborted in the middle of it, then undoes', () => {
    const world = new World();
    const { state, events } = drive({
      plan: samplePlan,
      world,
      interrupt: (legal) =>
        world.started.some((key) => key.step === 'install') && legal.includes('abort') ? 'abort' : undefined,
    });
    assert.equal(state.status, 'aborted');
    assert.ok(events.some(({ fact }) => fact.type === 'OutcomeRecorded' && fact.item === 'install'));
    assert.ok(!events.some(({ fact }) => fact.type === 'AttemptSettled'));
  });

  it('halts as rejected and asks again after a retry', () => {
    const reasons: unknown[] = [];
    const decisions: Decision[] = ['reject', 'retry', 'approve'];
    const { state } = drive({
      plan: samplePlan,
      world: new World(),
      operator: (_, now) => {
        reasons.push(haltOf(now));
        return decisions.shift();
      },
    });
    assert.deepEqual(reasons, ['approval', 'rejected', 'approval']);
    assert.equal(state.status, 'succeeded');
  });
});
