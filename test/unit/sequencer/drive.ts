// Drives decide and apply against the simulated world, one instruction at a time, with crashes where a test wants them.

import { allPass } from '../../../coordinator/checks/evaluate.ts';
import type { Decision, RunEvent, RunFact, Successor } from '../../../coordinator/journal/event.ts';
import type { Plan } from '../../../coordinator/plans/plan.ts';
import { apply } from '../../../coordinator/sequencer/apply.ts';
import { decide } from '../../../coordinator/sequencer/decide.ts';
import type { Instruction } from '../../../coordinator/sequencer/instruction.ts';
import { legalDecisions } from '../../../coordinator/sequencer/legal.ts';
import { defaultLimits } from '../../../coordinator/sequencer/limits.ts';
import { otherLedgers } from '../../../coordinator/sequencer/put-back.ts';
import { redoneBy } from '../../../coordinator/sequencer/redo.ts';
import { nothingSeen, notice, type Observation } from '../../../coordinator/sequencer/seen.ts';
import { initialState, isStanding, type RunState } from '../../../coordinator/sequencer/state.ts';
import { ok } from '../../../shared/failures.ts';
import type { World } from './world.ts';

export interface Drive {
  plan: Plan;
  world: World;
  /** Chooses what the operator says when the run stands; undefined ends the drive there, `wait` looks at the world anew. */
  operator?: (legal: Decision[], state: RunState) => Decision | 'wait' | undefined;
  /** Called before each instruction is carried out; true loses the process instead. */
  isCrash?: (instruction: Instruction, count: number) => boolean;
  /** Says something while the run is not standing. */
  interrupt?: (legal: Decision[], state: RunState, count: number) => Decision | undefined;
  /** Called after each event. */
  onEvent?: (event: RunEvent, state: RunState) => void;
  instructionsMax?: number;
  /** The clock on the wall; undefined: no window is looked at. */
  wallMs?: () => number;
}

export interface Driven {
  events: RunEvent[];
  state: RunState;
  instructions: Instruction[];
}

const successorFor = (requestId: string): Successor => ({
  ...{ run: `rollback-${requestId}`, plan: 'rollback', planHash: 'h', planArtefact: 'b', parameters: {} },
  ...{ operator: 'ana', requestId, change: '', reason: '' },
});

/** Runs until the run has ended, stands without an operator's word, or the limit of instructions is reached. */
export function drive(test: Drive): Driven {
  const { plan, world } = test;
  const run = 'upgrade-1';
  const events: RunEvent[] = [];
  const instructions: Instruction[] = [];
  let state = initialState(run);
  let seen = nothingSeen;
  let epoch = 1;

  const see = (observation: Observation) => {
    seen = notice(seen, observation);
  };
  const append = (fact: RunFact) => {
    const sequence = state.sequence + 1;
    const event: RunEvent = {
      schema: 1,
      id: `e${sequence}`,
      run,
      sequence,
      previous: '',
      epoch,
      atMs: world.nowMs,
      fact,
    };
    state = apply(state, event);
    events.push(event);
    see({ type: 'appended', run, fact, atMs: world.nowMs });
    test.onEvent?.(event, state);
  };

  const legalNow = () => legalDecisions(plan, state, seen.nodes).map(({ decision }) => decision);
  const say = (decision: Decision, requestId: string) => {
    const item = state.halt?.item ?? '';
    const redo = decision === 'retry' ? redoneBy(plan, state, item) : [];
    const looked = otherLedgers(plan, state, seen.nodes);
    const successor = decision === 'rollback' ? { successor: successorFor(requestId) } : {};
    const word = { decision, operator: 'ana', item, reason: '', requestId, redo };
    append({ type: 'OperatorDecided', ...word, ...looked, ...successor });
  };

  append({
    type: 'RunStarted',
    cluster: plan.cluster.cluster,
    plan: plan.name,
    planHash: 'h',
    planArtefact: 'a',
    parameters: {},
    operator: 'ana',
    requestId: 'r',
    change: '',
    reason: '',
  });
  for (let count = 0; count < (test.instructionsMax ?? 5_000); count += 1) {
    see({ type: 'nodes', presence: world.presence() });
    const wall = test.wallMs === undefined ? {} : { wallMs: test.wallMs() };
    const instruction = decide({ plan, state, seen, nowMs: world.nowMs, limits: defaultLimits, ...wall });
    if (instruction.kind === 'finished') break;
    if (test.isCrash?.(instruction, count)) {
      seen = nothingSeen;
      epoch += 1;
      append({ type: 'LeaderChanged', coordinator: `c${epoch}` });
      continue;
    }
    const said = isStanding(state) ? undefined : test.interrupt?.(legalNow(), state, count);
    if (said !== undefined) {
      say(said, `i${count}`);
      continue;
    }
    instructions.push(instruction);
    if (instruction.kind === 'wait' && isStanding(state)) {
      for (const { key, outcome } of world.advanceTo(world.nextAtMs() ?? world.nowMs))
        see({ type: 'outcome', key, outcome, atMs: world.nowMs });
      if (Object.values(seen.attempts).some(({ outcome }) => outcome !== undefined)) {
        const more = decide({ plan, state, seen, nowMs: world.nowMs, limits: defaultLimits });
        if (more.kind === 'append') continue;
      }
      const backAtMs = world.backAtMs();
      if (legalNow().length === 0 && backAtMs !== undefined) {
        for (const { key, outcome } of world.advanceTo(backAtMs))
          see({ type: 'outcome', key, outcome, atMs: backAtMs });
        continue;
      }
      const decision = test.operator?.(legalNow(), state);
      if (decision === 'wait') continue;
      if (decision === undefined) break;
      say(decision, `d${count}`);
      continue;
    }
    carryOut(instruction);
  }
  return { events, state, instructions };

  function carryOut(instruction: Exclude<Instruction, { kind: 'finished' | 'stop' }>): void {
    const atMs = world.nowMs;
    switch (instruction.kind) {
      case 'append':
        append(instruction.fact);
        break;
      case 'read': {
        const { item, of, base, checks } = instruction;
        const results = world.check(checks);
        see({ type: 'read', item, of, base, passed: allPass(results), results, atMs });
        break;
      }
      case 'look':
        see({ type: 'looked', item: instruction.item, base: instruction.base, presence: world.presence(), atMs });
        break;
      case 'bind': {
        const values = ok(Object.fromEntries(instruction.bindings.map(({ name }) => [name, `${name}-value`])));
        see({ type: 'bound', item: instruction.item, base: instruction.base, values, atMs });
        break;
      }
      case 'send':
        see({
          type: 'sent',
          key: instruction.key,
          result: world.send(instruction.key, instruction.attempt),
          atMs,
        });
        break;
      case 'ask':
        see({ type: 'asked', key: instruction.key, result: world.ask(instruction.node, instruction.key), atMs });
        break;
      case 'settle': {
        const result = world.settle(instruction.node, instruction.key);
        see({ type: 'settled', key: instruction.key, result, atMs });
        break;
      }
      case 'read-failover':
        see({
          type: 'failover',
          atMs,
          sequence: state.sequence,
          is: world.marks.has('suspend') ? 'suspended' : 'armed',
        });
        break;
      case 'meter':
        append({
          type: 'PortalMetered',
          downMs: 0,
          longestMs: 0,
          unobservedMs: 0,
          samples: 0,
          failures: 0,
          intervals: [],
          artefact: '',
        });
        break;
      case 'wait': {
        const until = Math.min(
          instruction.untilMs ?? Number.POSITIVE_INFINITY,
          world.nextAtMs() ?? Number.POSITIVE_INFINITY,
        );
        if (!Number.isFinite(until)) throw new Error('it waits for nothing that could happen');
        for (const { key, outcome } of world.advanceTo(until))
          see({ type: 'outcome', key, outcome, atMs: world.nowMs });
      }
    }
  }
}
