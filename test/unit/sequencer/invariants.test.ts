import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Decision } from '../../../coordinator/journal/event.ts';
import { fold } from '../../../coordinator/sequencer/apply.ts';
import { decide } from '../../../coordinator/sequencer/decide.ts';
import { defaultLimits } from '../../../coordinator/sequencer/limits.ts';
import { nothingSeen } from '../../../coordinator/sequencer/seen.ts';
import { openAttempts } from '../../../coordinator/sequencer/state.ts';
import { actionClasses } from '../../../shared/actions/action.ts';
import { formatKey } from '../../../shared/key.ts';
import { type Driven, drive } from './drive.ts';
import { samplePlan } from './sample-plan.ts';
import { fates, lucks, World } from './world.ts';

const indexOf = (item: string): number => samplePlan.items.findIndex(({ id }) => id === item);

interface Story {
  fates: (typeof fates)[number][];
  lucks: (typeof lucks)[number][];
  /** Instructions at which the coordinator dies. */
  crashes: number[];
  /** Which of the legal decisions an operator takes, by turn. */
  choices: number[];
  /** At which instruction something is said to the running run. */
  interruptions: number[];
}

const story: fc.Arbitrary<Story> = fc.record({
  fates: fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant('well' as const) }, fc.constantFrom(...fates)), {
    maxLength: 16,
  }),
  lucks: fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant('fine' as const) }, fc.constantFrom(...lucks)), {
    maxLength: 16,
  }),
  crashes: fc.array(fc.nat({ max: 160 }), { maxLength: 6 }),
  choices: fc.array(fc.nat({ max: 5 }), { maxLength: 12 }),
  interruptions: fc.array(fc.nat({ max: 200 }), { maxLength: 2 }),
});

/** Plays a story; the operator who has run out of choices approves, resumes, or aborts, then gives up on nothing. */
function play({ fates: fateList, lucks: luckList, crashes, choices, interruptions }: Story): Driven & { world: World } {
  const world = new World({ fates: fateList, lucks: luckList });
  const turns = [...choices];
  const fallback = (legal: Decision[]): Decision | undefined =>
    (['approve', 'resume', 'abort', 'retry'] as const).find((decision) => legal.includes(decision));
  const driven = drive({
    plan: samplePlan,
    world,
    isCrash: (_, count) => crashes.includes(count),
    interrupt: (legal, _, count) => (interruptions.includes(count) ? legal[count % legal.length] : undefined),
    operator: (legal) => {
      const turn = turns.shift();
      return turn === undefined ? fallback(legal) : legal[turn % legal.length];
    },
  });
  return { ...driven, world };
}

const check = (property: (played: ReturnType<typeof play>) => void) =>
  fc.assert(
    fc.property(story, (one) => property(play(one))),
    { numRuns: 400 },
  );

const isOnce = (item: string): boolean => {
  const step = samplePlan.items[indexOf(item)];
  return step?.kind === 'step' && actionClasses[step.action.kind] === 'once';
};

describe('invariants of the sequencer, over stories of failures, crashes and decisions', function () {
  this.timeout(120_000);

  it('starts nothing twice under one key, and never two things at the same time', () => {
    check(({ world }) => {
      const keys = world.started.map(formatKey);
      assert.equal(new Set(keys).size, keys.length);
    });
  });

  it('journals the intent of each attempt once, before it starts', () => {
    check(({ world, events }) => {
      const intents = events.flatMap(({ run, fact }) =>
        fact.type === 'StepStarted'
          ? [formatKey({ run, step: fact.item, phase: fact.phase, attempt: fact.attempt })]
          : [],
      );
      assert.equal(new Set(intents).size, intents.length);
      for (const key of world.started) assert.ok(intents.includes(formatKey(key)));
    });
  });

  it('never runs again what may run only once, without an operator’s word since', () => {
    check(({ events }) => {
      for (const [at, { fact }] of events.entries()) {
        if (fact.type !== 'StepStarted' || fact.phase !== 'do' || fact.attempt === 1 || !isOnce(fact.item)) continue;
        const before = events.slice(0, at);
        const previous = before.findLastIndex(
          (event) => event.fact.type === 'StepStarted' && event.fact.item === fact.item,
        );
        const word = before.slice(previous).find((event) => event.fact.type === 'OperatorDecided');
        assert.ok(word, `${fact.item} attempt ${fact.attempt}`);
      }
    });
  });

  it('starts a further attempt only when the one before is known to be over', () => {
    check(({ events }) => {
      for (const [at, { fact }] of events.entries()) {
        if (fact.type !== 'StepStarted' || fact.attempt === 1) continue;
        const isOver = events
          .slice(0, at)
          .some(
            (event) =>
              (event.fact.type === 'AttemptSettled' ||
                (event.fact.type === 'OutcomeRecorded' && event.fact.outcome.verdict !== 'unknown')) &&
              event.fact.item === fact.item &&
              event.fact.phase === fact.phase &&
              event.fact.attempt === fact.attempt - 1,
          );
        assert.ok(isOver, `${fact.item} ${fact.phase} ${fact.attempt}`);
      }
    });
  });

  it('never counts an unknown end as success without having seen what it should leave', () => {
    check(({ events }) => {
      for (const [at, { fact }] of events.entries()) {
        if (fact.type !== 'ItemSucceeded') continue;
        const read = events
          .slice(0, at)
          .findLast((event) => event.fact.type === 'ChecksRead' && event.fact.of === 'then');
        assert.ok(read?.fact.type === 'ChecksRead' && read.fact.item === fact.item && read.fact.passed);
      }
    });
  });

  it('undoes in the reverse order of the plan', () => {
    check(({ events }) => {
      const undone = events.flatMap(({ fact }) => (fact.type === 'ItemUndone' ? [indexOf(fact.item)] : []));
      assert.deepEqual(
        undone,
        [...undone].sort((a, b) => b - a),
      );
    });
  });

  it('has looked at the failover suspension since the last act before it starts anything under it', () => {
    check(({ events }) => {
      let isSuspended = false;
      let isLooked = false;
      let hasTriedArming = false;
      for (const { fact } of events) {
        if (fact.type === 'ChecksRead' && fact.item === 'suspend' && fact.of === 'then') isLooked = fact.passed;
        if (fact.type === 'StepStarted' && fact.item === 'arm') hasTriedArming = true;
        // A failed arming may have unmasked the observer; the way back must not stop at that.
        const isGuarded =
          fact.type === 'StepStarted' &&
          !(fact.phase === 'undo' && hasTriedArming) &&
          fact.item !== 'arm' &&
          fact.item !== 'suspend';
        if (isGuarded && isSuspended) assert.ok(isLooked, `${fact.item} ${fact.phase}`);
        if (fact.type === 'ItemSucceeded' && fact.item === 'suspend') isSuspended = true;
        if (fact.type === 'ItemSucceeded' && fact.item === 'arm') isSuspended = false;
        if (fact.type === 'ItemUndone' && fact.item === 'suspend') isSuspended = false;
        // A pause asked for while it runs changes nothing on the nodes.
        const isDecision = fact.type === 'OperatorDecided' && fact.decision !== 'pause';
        if (fact.type === 'OutcomeRecorded' || fact.type === 'LeaderChanged' || isDecision) isLooked = false;
      }
    });
  });

  it('reads the gates of a step again after a takeover, halt or retry', () => {
    check(({ events }) => {
      let isRead = false;
      for (const { fact } of events) {
        if (fact.type === 'ChecksRead' && fact.item === 'quiet') isRead = fact.passed;
        if (fact.type === 'LeaderChanged' || fact.type === 'OperatorDecided') {
          const isSaid = fact.type === 'OperatorDecided' && fact.decision === 'pause';
          if (!isSaid) isRead = false;
        }
        if (fact.type === 'StepStarted' && fact.item === 'suspend' && fact.phase === 'do') assert.ok(isRead);
      }
    });
  });

  it('ends, and says so last, or waits for an operator', () => {
    check(({ state, events }) => {
      assert.ok(events.length < 2_000, `${events.length} events`);
      const ends = events.filter(({ fact }) => fact.type === 'RunEnded');
      assert.equal(ends.length, state.ended === undefined ? 0 : 1);
      if (state.ended !== undefined) {
        assert.equal(events.at(-1)?.fact.type, 'RunEnded');
        assert.ok(['armed', 'suspended'].includes(state.ended.failoverArmed));
      } else assert.ok(['halted', 'awaiting-operator'].includes(state.status), state.status);
    });
  });

  it('succeeds only with every mark of every step in place', () => {
    check(({ state, world }) => {
      if (state.status !== 'succeeded') return;
      for (const item of samplePlan.items)
        if (item.kind === 'step' && item.id !== 'suspend') assert.ok(world.marks.has(item.id), item.id);
    });
  });

  it('is handed over only when nothing of it may run any more, and starts and undoes nothing after that word', () => {
    let handedOver = 0;
    check(({ state, events }) => {
      if (state.ended?.successor === undefined) return;
      handedOver += 1;
      assert.equal(state.status, 'aborted');
      assert.equal(state.ended.successor, state.successor?.run);
      assert.deepEqual(openAttempts(state), []);
      const said = events.findLastIndex(({ fact }) => fact.type === 'OperatorDecided');
      const since = events.slice(said + 1).map(({ fact }) => fact.type);
      assert.ok(!since.includes('StepStarted') && !since.includes('ItemUndone'), since.join(' '));
    });
    assert.ok(handedOver > 20, `${handedOver} stories`);
  });

  it('folds every prefix, decides the same twice, and starts nothing straight away after a restart', () => {
    check(({ events }) => {
      for (let count = 1; count <= events.length; count += 1) {
        const state = fold('upgrade-1', events.slice(0, count));
        const situation = { plan: samplePlan, state, seen: nothingSeen, nowMs: 0, limits: defaultLimits };
        const decided = decide(situation);
        assert.deepEqual(decide(situation), decided);
        // Who has only the journal cannot know what was sent: it asks, and never sends.
        assert.notEqual(decided.kind, 'send');
      }
    });
  });
});

describe('crash at each boundary', function () {
  this.timeout(120_000);

  it('ends the same, each step started once, whichever instruction the coordinator dies at', () => {
    const once = play({ fates: [], lucks: [], crashes: [], choices: [], interruptions: [] });
    assert.equal(once.state.status, 'succeeded');
    const total = once.instructions.length;
    assert.ok(total > 50);
    for (let at = 0; at <= total; at += 1) {
      const { state, world } = play({ fates: [], lucks: [], crashes: [at], choices: [], interruptions: [] });
      assert.equal(state.status, 'succeeded', `crash at ${at}`);
      assert.deepEqual(
        world.started.map(({ step }) => step),
        once.world.started.map(({ step }) => step),
        `crash at ${at}`,
      );
    }
  });

  it('aborts to the same end, each undo started once, whichever instruction the coordinator dies at', () => {
    const failing = { fates: [...Array(3).fill('well'), 'fails'], lucks: [], choices: [], interruptions: [] } as const;
    const once = play({
      ...failing,
      fates: [...failing.fates],
      lucks: [],
      choices: [],
      interruptions: [],
      crashes: [],
    });
    assert.equal(once.state.status, 'aborted');
    for (let at = 0; at <= once.instructions.length; at += 1) {
      const { state, world } = play({
        ...failing,
        fates: [...failing.fates],
        lucks: [],
        choices: [],
        interruptions: [],
        crashes: [at],
      });
      assert.equal(state.status, 'aborted', `crash at ${at}`);
      assert.deepEqual(world.started.map(formatKey), once.world.started.map(formatKey), `crash at ${at}`);
    }
  });
});
