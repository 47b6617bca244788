// Carries out one instruction against the fleet and tells what came of it. Everything here may be done twice.
import type { Clock } from '../../shared/clock.ts';
import type { CheckResult } from '../checks/check.ts';
import { allPass } from '../checks/evaluate.ts';
import type { Fleet, Head } from '../fleet/fleet.ts';
import { type Expected, neededFrom } from '../plans/expected.ts';
import type { Plan } from '../plans/plan.ts';
import type { ProbeLog } from '../probes/probe-log.ts';
import type { Instruction } from '../sequencer/instruction.ts';
import type { Observation } from '../sequencer/seen.ts';
import { lookAtFailover } from './look-now.ts';
import { takeBindings, takeChecks } from './take-readings.ts';

export interface Performing {
  plan: Plan;
  fleet: Fleet;
  clock: Clock;
  epoch: number;
  /** Of the journal that the instruction was decided from. */
  head: Head;
  sequence: number;
  expected?: Expected | undefined;
  /** What an earlier gate of the run found, from the journal. */
  earlier(item: string): CheckResult[];
  lastProbe?: ProbeLog['last'];
}

type Performed = Extract<Instruction, { kind: 'read' | 'look' | 'bind' | 'send' | 'ask' | 'settle' | 'read-failover' }>;

const bindTimeoutMs = 15_000;

/** Does what the instruction says and gives what was noticed. Times are those before the act, so that answers are later. */
export async function perform(parts: Performing, instruction: Performed): Promise<Observation> {
  const { plan, fleet, clock, epoch, head } = parts;
  const atMs = clock.monotonicMs();
  switch (instruction.kind) {
    case 'read': {
      const { item, of, base } = instruction;
      const index = plan.items.findIndex(({ id }) => id === item);
      const neededMs = parts.expected && neededFrom(plan.items, index, parts.expected);
      const given = { earlier: parts.earlier, neededMs, lastProbe: parts.lastProbe?.(plan.cluster.cluster) };
      const results = await takeChecks(fleet, plan.cluster, clock, instruction.checks, given);
      return { type: 'read', item, of, base, passed: allPass(results), results, atMs };
    }
    case 'look': {
      const { item, base } = instruction;
      return { type: 'looked', item, base, presence: await fleet.presence(), atMs };
    }
    case 'bind': {
      const values = await takeBindings(fleet, instruction.bindings, bindTimeoutMs);
      return { type: 'bound', item: instruction.item, base: instruction.base, values, atMs };
    }
    case 'send': {
      const { key, attempt } = instruction;
      const { node, action, timeoutMs, ledger } = attempt;
      const command = { key, epoch, head, action, timeoutMs, ...(ledger === undefined ? {} : { ledger }) };
      return { type: 'sent', key, result: await fleet.send(node, command), atMs };
    }
    case 'ask':
      return {
        type: 'asked',
        key: instruction.key,
        result: await fleet.ask(instruction.node, instruction.key, epoch),
        atMs,
      };
    case 'settle': {
      const { key, node } = instruction;
      return { type: 'settled', key, result: await fleet.settle(node, key, epoch, head), atMs };
    }
    case 'read-failover':
      return { type: 'failover', sequence: parts.sequence, is: await lookAtFailover(fleet, plan.cluster), atMs };
  }
}
