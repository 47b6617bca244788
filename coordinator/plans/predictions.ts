// How long things take before anybody has measured them at this site: what the plan predicts to the operator. They are
// guesses on the safe side, never limits.
import { minutes, seconds } from '../../shared/units.ts';
import type { Plan, PlanItem } from './plan.ts';

/** A Java service writes its state when it stops, and warms up when it starts. */
export const stopUnitMs = seconds(5);
export const startUnitMs = seconds(15);
export const observerMs = seconds(5);
export const installerMs = minutes(5);
export const requestMs = seconds(2);
/** A PostgreSQL server that is stopped, started or upgraded, besides its data. */
export const serverMs = seconds(15);
/** One 1 Gbit/s link, half used, and the sum over the file. */
const stageBytesPerMs = 50_000;
const lookMs = seconds(2);
const waitingLookMs = seconds(5);

export const stageMs = (sizeBytes: number): number => seconds(3) + Math.round(sizeBytes / stageBytesPerMs);

/** How long an item takes; a gate that may wait is predicted to find things nearly as they must be. */
export function predictedMs(item: PlanItem): number {
  if (item.kind === 'step') return item.predictedMs;
  if (item.kind === 'approval') return 0;
  return item.withinMs > 0 ? waitingLookMs : lookMs;
}

/** Duration of all; outage from the first step with the portal down to the end of the last; suspension likewise. */
export function predict(items: PlanItem[], msOf: (item: PlanItem) => number = predictedMs): Plan['predicted'] {
  const sum = (some: PlanItem[]): number => some.reduce((total, item) => total + msOf(item), 0);
  const down = items.map((item) => item.kind === 'step' && item.takesPortalDown);
  const kinds = items.map((item) => (item.kind === 'step' ? item.action.kind : undefined));
  const suspended = kinds.indexOf('suspendFailover');
  const armed = kinds.lastIndexOf('armFailover');
  return {
    durationMs: sum(items),
    outageMs: down.includes(true) ? sum(items.slice(down.indexOf(true), down.lastIndexOf(true) + 1)) : 0,
    suspensionMs: suspended >= 0 && armed > suspended ? sum(items.slice(suspended, armed + 1)) : 0,
  };
}
