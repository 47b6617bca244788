// Settling by hand, every cell: what an operator says × the agent × the attempt × when its outcome arrives, for what may
// run once, for what may be repeated, and for an undo.
import assert from 'node:assert/strict';
import type { Decision, RunEvent } from '../../../coordinator/journal/event.ts';
import { legalDecisions, nextCommands, whyIllegal } from '../../../coordinator/sequencer/legal.ts';
import { nodesSeen } from '../../../coordinator/sequencer/seen.ts';
import type { RunState } from '../../../coordinator/sequencer/state.ts';
import { formatKey, type Key } from '../../../shared/key.ts';
import { drive } from './drive.ts';
import { samplePlan } from './sample-plan.ts';
import { agents, arrivals, type Cell, ends, SettlingWorld } from './settling-world.ts';

const run = 'upgrade-1';
const targets = {
  'what may run once': { run, step: 'install', phase: 'do', attempt: 1 },
  'what may be repeated': { run, step: 'stop', phase: 'do', attempt: 1 },
  'an undo': { run, step: 'stop', phase: 'undo', attempt: 1 },
} as const satisfies Record<string, Key>;
type What = keyof typeof targets;

interface Played {
  world: SettlingWorld;
  events: RunEvent[];
  state: RunState;
  /** Halts of the target in their order. */
  halts: string[];
}

/** Cuts the agent off at the target, lets it come back as the cell says, and has the operator say one word about it. */
function play(what: What, word: Decision, cell: Cell): Played {
  const target: Key = targets[what];
  const world = new SettlingWorld(target, cell);
  const halts: string[] = [];
  let wasCutOff = false;
  const { events, state } = drive({
    plan: samplePlan,
    world,
    operator: (legal, now) => {
      const nodes = nodesSeen(world.presence());
      if (now.halt?.reason === 'approval') return what === 'an undo' ? 'abort' : 'approve';
      if (world.isAwayNow()) {
        wasCutOff = true;
        assertOnlyWaiting(now, nodes);
        world.comeBack();
        return 'wait';
      }
      if (world.isRefused()) {
        assertOnlyWaiting(now, nodes);
        assert.ok(
          nextCommands(samplePlan, now, nodes).some(({ command }) => command.startsWith('baton node revoke n1')),
        );
        world.joinAnew();
        return 'wait';
      }
      halts.push(now.halt?.reason ?? '');
      // A settlement that was cut in the middle is asked for again; any other halt after the word is how it ends.
      const isSaidAgain = halts.length === 1 || (cell.agent === 'cut off' && halts.length === 2 && wasUnanswered(now));
      if (!isSaidAgain) return undefined;
      // An abort that was cut off is on its way back already.
      return legal.includes(word) ? word : 'retry';
    },
    onEvent: ({ fact }) => {
      if (fact.type === 'AttemptSettled' && isOf(target, fact)) world.tellLate();
      if (fact.type === 'StepStarted' && fact.item === target.step && fact.phase === target.phase && fact.attempt > 1)
        assert.ok(world.isOver(formatKey(target)), 'a new attempt before the old one is known to be over');
    },
  });
  assert.ok(wasCutOff);
  return { world, events, state, halts };
}
const isOf = (key: Key, fact: { item: string; phase: string; attempt: number }): boolean =>
  fact.item === key.step && fact.phase === key.phase && fact.attempt === key.attempt;
const wasUnanswered = ({ halt }: RunState): boolean => /cannot be asked/.test(halt?.message ?? '');

function assertOnlyWaiting(state: RunState, nodes: ReturnType<typeof nodesSeen>): void {
  assert.deepEqual(legalDecisions(samplePlan, state, nodes), []);
  for (const decision of ['retry', 'adopt', 'abort'] as const)
    assert.match(whyIllegal(samplePlan, state, decision, nodes) ?? '', /not possible now, only waiting: .*n1/);
  assert.ok(nextCommands(samplePlan, state, nodes).length > 0, 'it says what can be done instead');
}

/** How the run stands in the end; the order of the rules is the order of what is known when. */
function expected(what: What, word: Decision, { agent, end, arrival }: Cell): string {
  const isKnownFirst = arrival !== 'after' && agent !== 'restored';
  const isThere = end === 'ended well' && agent !== 'restored';
  if (what === 'an undo') return word === 'adopt' && !isThere ? 'halted: undo-failed' : 'aborted';
  if (word === 'abort') return 'aborted';
  if (word === 'adopt') return isThere ? 'succeeded' : 'halted: postcondition-failed';
  const isContradicted = what === 'what may run once' && isThere && !isKnownFirst;
  return isContradicted ? 'halted: evidence-contradicts' : 'succeeded';
}

function standing({ status, halt }: RunState): string {
  return halt === undefined ? status : `${status}: ${halt.reason}`;
}

const cells: Cell[] = agents.flatMap((agent) =>
  ends.flatMap((end) => arrivals.map((arrival) => ({ agent, end, arrival }))),
);
const nameOf = ({ agent, end, arrival }: Cell): string => `${agent}, ${end}, outcome ${arrival} the settlement`;

for (const what of Object.keys(targets) as What[]) {
  const words: Decision[] = what === 'an undo' ? ['retry', 'adopt'] : ['retry', 'adopt', 'abort'];
  for (const word of words)
    describe(`settling ${what} by ${word}`, () => {
      for (const cell of cells)
        it(nameOf(cell), () => {
          const { world, events, state } = play(what, word, cell);
          const keys = world.started.map(formatKey);
          assert.equal(new Set(keys).size, keys.length, `started twice under one key: ${keys.join(' ')}`);
          assert.equal(standing(state), expected(what, word, cell), state.halt?.message ?? state.ended?.message ?? '');

          // What comes after the settlement is evidence, and nothing else.
          const target = targets[what];
          const settledAt = events.findIndex(({ fact }) => fact.type === 'AttemptSettled' && isOf(target, fact));
          for (const [at, { fact }] of events.entries())
            if (fact.type === 'OutcomeRecorded' && isOf(target, fact) && settledAt >= 0)
              assert.equal(fact.late, at > settledAt, `event ${at + 1}`);
          const isToldLate = cell.arrival === 'after' && cell.agent !== 'restored' && cell.end !== 'never arrived';
          const isThere = events.some(
            ({ fact }) => fact.type === 'OutcomeRecorded' && isOf(target, fact) && fact.late === isToldLate,
          );
          if (isToldLate && settledAt >= 0) assert.ok(isThere, 'the late outcome is kept');
        });
    });
}
