// readFailover, suspendFailover, armFailover. The record is written before the observer is touched and cleared only when
// all its units were seen active for a while; until then what fails ends with it stopped and masked. Nothing here ever arms
// by itself.
import type { AnswerOf } from '../../shared/actions/action.ts';
import { syncFolder } from '../../shared/durable-file.ts';
import { fail, ok } from '../../shared/failures.ts';
import { clearSuspension, readSuspension, type Suspension, writeSuspension } from '../ledger/suspension.ts';
import { errorCode } from '../platform/system-error.ts';
import { describeState, isArmed, isHeld, isMasked, type UnitState } from '../platform/unit-states.ts';
import { type ActionContext, commandsHere, type Ended, executeOk, isProgram, leftMs, type Run } from './context.ts';
import { change, notInState, readUnitStates } from './units.ts';

/** An observer that ends right after its start is none. */
const staysActiveMs = 1500;
/** For each command that brings a suspension back. */
const suspendAgainMs = 30_000;

type Failover = Omit<AnswerOf<'readFailover'>, 'kind'>;

/** Failover as units and record tell it. */
export function failoverState(states: UnitState[], record: Suspension | undefined): Failover {
  return {
    armed: isArmed(states),
    suspended: record !== undefined,
    suspendedAtMs: record?.suspendedAtMs ?? 0,
    deadlineMs: record?.deadlineMs ?? 0,
    run: record?.run ?? '',
    units: states,
  };
}

export const readFailover: Run<'readFailover'> = async (action, context) => {
  const states = await readUnitStates(context, action.units);
  if (!states.ok) return states;
  return ok({ kind: 'readFailover', ...failoverState(states.value, readSuspension(context.ledger)) });
};

export const suspendFailover: Run<'suspendFailover'> = async (action, context) => {
  const before = await readUnitStates(context, action.units);
  if (!before.ok) return before;
  const absent = before.value.filter((state) => !['loaded', 'masked'].includes(state.loadState));
  if (absent.length > 0) return notInState('cannot be suspended', absent);

  const nowMs = context.clock.nowMs();
  // A second suspension finds its own mask: what was there before the first one is what counts. A record beside an armed
  // observer is of one that was armed by hand.
  const known = isArmed(before.value) ? undefined : readSuspension(context.ledger);
  const earlier = (state: UnitState) =>
    known?.units.find((unit) => unit.unit === state.unit)?.unitFileState ?? state.unitFileState;
  writeSuspension(context.ledger, {
    run: context.key.run,
    units: [
      ...before.value.map((state) => ({ unit: state.unit, unitFileState: earlier(state) })),
      ...(known?.units ?? []).filter((unit) => !action.units.includes(unit.unit)),
    ],
    suspendedAtMs: known?.suspendedAtMs ?? nowMs,
    deadlineMs: nowMs + action.leaseMs,
    alarmedAtMs: 0,
    seenAtMs: nowMs,
  });

  // The first of them was the reading above.
  const states = await change(context, commandsHere(action, context).filter(isProgram).slice(1), action.units);
  if (!states.ok) return states;
  await syncMasks();
  const loose = states.value.filter((state) => !isHeld(state));
  if (loose.length > 0) return notInState('are not stopped and masked', loose);
  return ok({ kind: 'suspendFailover', ...failoverState(states.value, readSuspension(context.ledger)) });
};

export const armFailover: Run<'armFailover'> = async (action, context) => {
  let armed: Ended<AnswerOf<'armFailover'>>;
  try {
    armed = await arm(action, context);
  } catch (error) {
    armed = fail('lost', `arming broke off: ${String(error)}`);
  }
  // The record says suspended: what is not masked then would start with the next boot.
  if (armed.ok || readSuspension(context.ledger) === undefined) return armed;
  const { message } = armed.failure;
  return {
    ok: false,
    failure: { ...armed.failure, message: `${message}; ${await suspendAgain(action.units, context)}` },
  };
};

const arm: Run<'armFailover'> = async (action, context) => {
  const commands = commandsHere(action, context).filter(isProgram);
  const starts = commands.findIndex((command) => command.argv[1] === 'start');
  // The last one before the start is the reading that restoreEnablement does.
  const unmask = commands.slice(0, starts - 1);
  const start = commands.slice(starts);

  for (const command of unmask) {
    const ran = await executeOk(context, command);
    if (!ran.ok) return ran;
  }
  await syncMasks();
  const restored = await restoreEnablement(action.units, context);
  if (!restored.ok) return restored;

  const started = await change(context, start, action.units);
  if (!started.ok) return started;
  await context.clock.sleep(Math.min(staysActiveMs, leftMs(context)), context.signal);
  const states = await readUnitStates(context, action.units);
  if (!states.ok) return states;
  if (!isArmed(states.value)) return notInState('do not stay active', states.value);
  clearSuspension(context.ledger);
  return ok({ kind: 'armFailover', ...failoverState(states.value, undefined) });
};

/** Stops and masks the units once more, also where the attempt was settled or its time is over, and says how they are. */
export async function suspendAgain(units: string[], context: ActionContext): Promise<string> {
  const { clock } = context;
  const own = () => ({
    ...context,
    deadlineMs: clock.monotonicMs() + suspendAgainMs,
    signal: new AbortController().signal,
  });
  const commands = commandsHere({ kind: 'suspendFailover', units, leaseMs: 0 }, context).filter(isProgram);
  // One that fails does not keep the others from it; what counts is the reading at the end. Twice, since a start that was
  // on its way between stop and mask still comes.
  let states = await readUnitStates(own(), units);
  for (let round = 0; round < 2 && !(states.ok && states.value.every(isHeld)); round += 1) {
    for (const command of commands.slice(1, -1)) await executeOk(own(), command);
    await syncMasks();
    states = await readUnitStates(own(), units);
  }
  if (states.ok && states.value.every(isHeld)) return `${units.join(', ')} is stopped and masked again`;
  const now = states.ok ? states.value.map(describeState).join('; ') : states.failure.message;
  return `it could not be stopped and masked again (${now}): do so by hand, or a reboot may start it`;
}

/** Brings back whether units are enabled where that is no longer as it was recorded. */
async function restoreEnablement(units: string[], context: ActionContext) {
  const now = await readUnitStates(context, units);
  if (!now.ok) return now;
  const stillMasked = now.value.filter(isMasked);
  if (stillMasked.length > 0)
    return fail(
      'not-in-state',
      `${stillMasked.map(describeState).join('; ')}: masked by somebody else; unmask, then retry`,
    );
  const record = readSuspension(context.ledger);
  for (const state of now.value) {
    const wanted = record?.units.find((unit) => unit.unit === state.unit)?.unitFileState;
    if (wanted === state.unitFileState || (wanted !== 'enabled' && wanted !== 'disabled')) continue;
    const verb = wanted === 'enabled' ? 'enable' : 'disable';
    const ran = await executeOk(context, { by: 'program', argv: ['systemctl', verb, state.unit] });
    if (!ran.ok) return ran;
  }
  return ok(undefined);
}

/** systemctl doesn't sync its links; a mask must be there after a power cut too. */
async function syncMasks(): Promise<void> {
  for (const folder of ['/etc/systemd', '/etc/systemd/system', '/etc/systemd/system.control']) {
    try {
      await syncFolder(folder);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }
}
