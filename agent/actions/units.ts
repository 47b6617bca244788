// readUnits, stopUnits, startUnits: `systemctl`, and afterwards what systemd says, since its exit status alone is no proof.
import type { Program } from '../../shared/actions/command.ts';
import { showUnits } from '../../shared/actions/systemd-commands.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { describeState, isActive, isStopped, parseUnitStates, type UnitState } from '../platform/unit-states.ts';
import { type ActionContext, commandsHere, executeOk, isProgram, type Run } from './context.ts';

/** The states of units as systemd tells them now. */
export async function readUnitStates(context: ActionContext, units: string[]): Promise<Result<UnitState[]>> {
  const ran = await executeOk(context, showUnits(units));
  if (!ran.ok) return ran;
  const now = { ms: context.clock.nowMs(), monotonicUs: Number(process.hrtime.bigint() / 1000n) };
  const states = parseUnitStates(units, ran.value.stdout, now);
  if (states === undefined)
    return fail('unexpected-output', `systemctl show of ${units.join(', ')} cannot be read`, {
      evidence: ran.value.stdout,
    });
  return ok(states);
}

export const readUnits: Run<'readUnits'> = async (action, context) => {
  const states = await readUnitStates(context, action.units);
  return states.ok ? ok({ kind: 'readUnits', units: states.value }) : states;
};

export const stopUnits: Run<'stopUnits'> = async (action, context) => {
  const states = await change(context, commandsHere(action, context).filter(isProgram), action.units);
  if (!states.ok) return states;
  const running = states.value.filter((state) => !isStopped(state));
  if (running.length > 0) return notInState('still run', running);
  return ok({ kind: 'stopUnits', units: states.value });
};

export const startUnits: Run<'startUnits'> = async (action, context) => {
  const states = await change(context, commandsHere(action, context).filter(isProgram), action.units);
  if (!states.ok) return states;
  const down = states.value.filter((state) => !isActive(state));
  if (down.length > 0) return notInState('do not run', down);
  return ok({ kind: 'startUnits', units: states.value });
};

/** Everything but the last command (the reading), in order; the first that fails ends it, with what the units say. */
export async function change(
  context: ActionContext,
  commands: Program[],
  units: string[],
): Promise<Result<UnitState[]>> {
  for (const command of commands.slice(0, -1)) {
    const ran = await executeOk(context, command);
    if (ran.ok) continue;
    const states = await readUnitStates(context, units);
    const now = states.ok ? states.value.map(describeState).join('; ') : states.failure.message;
    return {
      ok: false,
      failure: { ...ran.failure, evidence: `${ran.failure.evidence}\nnow: ${now}`.trim().slice(-16_384) },
    };
  }
  return await readUnitStates(context, units);
}

export function notInState(what: string, states: UnitState[]): Result<never> {
  return fail('not-in-state', `units ${what}: ${states.map(describeState).join('; ')}`, {
    retryable: true,
    evidence: `look at: journalctl -u ${states.map((state) => state.unit).join(' -u ')} -n 50`,
  });
}
