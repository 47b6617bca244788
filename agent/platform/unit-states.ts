// What systemd says about units, from the output of `systemctl show`. Pure but for the clocks that it is given.
import type { AnswerOf } from '../../shared/actions/action.ts';

export type UnitState = AnswerOf<'readUnits'>['units'][number];

/** The blocks of `systemctl show`, one a unit, as names and values. */
export function parseProperties(output: string): Map<string, string>[] {
  return output
    .split('\n\n')
    .filter((block) => block.trim() !== '')
    .map(
      (block) =>
        new Map(
          block
            .split('\n')
            .filter((line) => line.includes('='))
            .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
        ),
    );
}

/** The states of units in the order in which they were asked for; undefined when the output doesn't fit. */
export function parseUnitStates(
  units: readonly string[],
  output: string,
  now: { ms: number; monotonicUs: number },
): UnitState[] | undefined {
  const blocks = parseProperties(output);
  if (blocks.length !== units.length) return undefined;
  return units.map((unit, index) => {
    const of = (name: string) => blocks[index]?.get(name) ?? '';
    const activeState = of('ActiveState');
    const enteredUs = Number(of(`${sinceProperty(activeState)}TimestampMonotonic`));
    return {
      unit,
      loadState: of('LoadState'),
      activeState,
      subState: of('SubState'),
      unitFileState: of('UnitFileState'),
      user: of('User'),
      mainPid: Number(of('MainPID')) || 0,
      result: of('Result'),
      sinceMs: enteredUs > 0 ? Math.round(now.ms - (now.monotonicUs - enteredUs) / 1000) : 0,
    };
  });
}

/** Whether nothing of a unit runs and nothing is about to start. */
export const isStopped = (state: UnitState): boolean => ['inactive', 'failed'].includes(state.activeState);
export const isActive = (state: UnitState): boolean => state.activeState === 'active';
/** Whether systemd refuses to start it. */
export const isMasked = (state: UnitState): boolean =>
  state.loadState === 'masked' || state.unitFileState.startsWith('masked');

/** Neither runs nor can be started. */
export const isHeld = (state: UnitState): boolean => isStopped(state) && isMasked(state);

/** Every observer unit is active and none is masked. */
export const isArmed = (states: readonly UnitState[]): boolean =>
  states.length > 0 && states.every((state) => isActive(state) && !isMasked(state));

/** In a few words for people: `ha.service is inactive (dead)`. */
export const describeState = (state: UnitState): string =>
  `${state.unit} is ${state.loadState === 'loaded' ? '' : `${state.loadState}, `}${state.activeState} (${state.subState}${
    state.result === '' || state.result === 'success' ? '' : `, ${state.result}`
  })`;

function sinceProperty(activeState: string): string {
  if (activeState === 'active') return 'ActiveEnter';
  return activeState === 'inactive' || activeState === 'failed' ? 'InactiveEnter' : 'StateChange';
}
