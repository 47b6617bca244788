// What systemd says of the observer's units, read now and then for heartbeats and alarms.
import { showUnits } from '../../shared/actions/systemd-commands.ts';
import { runProgram } from '../platform/run-program.ts';
import { parseUnitStates, type UnitState } from '../platform/unit-states.ts';

/** The states of units, or undefined when systemd does not tell. */
export async function observeUnits(units: string[]): Promise<UnitState[] | undefined> {
  if (units.length === 0) return [];
  const ran = await runProgram(showUnits(units).argv, { timeoutMs: 5000 });
  if (ran.exitCode !== 0) return undefined;
  return parseUnitStates(units, ran.stdout, {
    ms: Date.now(),
    monotonicUs: Number(process.hrtime.bigint() / 1000n),
  });
}
