// What an agent does about failover when it starts, before anybody can ask it for anything: a suspension that it was killed
// in the middle of lifting, or whose mask is gone, is in force again. It never arms, and it leaves alone an observer that
// somebody else has armed meanwhile: runs see that and halt.
import type { AgentParts } from '../actions/context.ts';
import { suspendAgain } from '../actions/failover.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { readSuspension } from '../ledger/suspension.ts';
import { profileOf } from '../platform/profile.ts';
import { describeState, isArmed, isMasked, isStopped, type UnitState } from '../platform/unit-states.ts';
import { nothingAllowed } from '../policy/policy.ts';

export interface KeepSuspendedParts extends Pick<AgentParts, 'clock' | 'log' | 'runProgram'> {
  ledger: Ledger;
  policyFile: string;
  stateDirectory: string;
  /** What systemd says of the observer's units; undefined when it does not tell. */
  observe(units: string[]): Promise<UnitState[] | undefined>;
}

const withinMs = 30_000;
const noKey = { run: 'start', step: 'start', phase: 'do', attempt: 1 } as const;

/** Stops and masks the units of a suspension where they are not. Never throws: the agent starts whatever becomes of it. */
export async function keepSuspended(parts: KeepSuspendedParts): Promise<void> {
  const { ledger, log, observe } = parts;
  const record = readSuspension(ledger.file);
  if (record === undefined) return;
  const units = record.units.map(({ unit }) => unit);
  try {
    const states = await observe(units);
    if (states?.every((state) => isStopped(state) && isMasked(state))) return;
    const how = states === undefined ? 'systemd does not answer' : states.map(describeState).join('; ');
    const wasArming = ledger.unfinished().some(({ action }) => action?.kind === 'armFailover');
    if (!wasArming && (states === undefined || isArmed(states))) {
      log.error(`failover is suspended by run ${record.run}, but the observer is not as it was left: ${how}`);
      return;
    }
    const why = wasArming ? 'the agent ended while it was arming' : 'somebody has unmasked it';
    log.warn(`failover is suspended by run ${record.run}, but ${how}: ${why}; it is stopped and masked again`);
    log.warn(await suspendAgain(units, contextOf(parts, units)));
  } catch (error) {
    log.error('nobody knows whether failover is still suspended', { units, error: String(error) });
  }
}

function contextOf(parts: KeepSuspendedParts, observerUnits: string[]): Parameters<typeof suspendAgain>[1] {
  const { clock, ledger, policyFile, stateDirectory } = parts;
  const policy = { ...nothingAllowed, observerUnits, file: policyFile };
  return {
    ...parts,
    ...{ ledger: ledger.file, policy, profile: profileOf(policy, stateDirectory) },
    ...{ key: noKey, timeoutMs: withinMs, startedAtMs: clock.nowMs(), deadlineMs: clock.monotonicMs() + withinMs },
    ...{ nodeName: () => '', fetchRelease: nothingIsFetched },
    ...{ signal: new AbortController().signal, commands: [], progress: () => {} },
  };
}

const nothingIsFetched = (): never => {
  throw new Error('nothing is fetched to suspend failover');
};
