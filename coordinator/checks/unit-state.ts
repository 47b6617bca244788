// What `systemctl show` means for the checks about services. Ages are taken from the node's own clock.
import type { AnswerOf } from '../../shared/actions/action.ts';

type Unit = AnswerOf<'readUnits'>['units'][number];
type Facts = AnswerOf<'readNode'>;

export const isActive = (unit: Unit): boolean => unit.activeState === 'active' || unit.activeState === 'reloading';

/** A service that ended its stop with a status other than 0 is `failed`, and stopped. */
export const isStopped = (unit: Unit): boolean =>
  (unit.activeState === 'inactive' || unit.activeState === 'failed') && unit.mainPid === 0 && isInstalled(unit);

/** A name that systemd does not know must not count as stopped. */
export const isInstalled = (unit: Unit): boolean => unit.loadState === 'loaded' || unit.loadState === 'masked';

export function describeUnit(unit: Unit): string {
  if (!isInstalled(unit)) return `${unit.unit} ${unit.loadState || 'unknown'}`;
  return `${unit.unit} ${unit.activeState}${unit.subState && unit.subState !== unit.activeState ? ` (${unit.subState})` : ''}`;
}

/** Units that were asked for and are not told of. */
export const missingUnits = (answer: AnswerOf<'readUnits'>, asked: string[]): string[] =>
  asked.slice(answer.units.length).map((unit) => `${unit} not told of`);

/** How long a unit has been in its state, ms; one that never left it has been in it since the node started. */
export function ageMs(unit: Unit, facts: Facts): number {
  return unit.sinceMs > 0 ? Math.max(0, facts.clockMs - unit.sinceMs) : facts.uptimeS * 1000;
}
