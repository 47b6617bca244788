// Holds a run before it begins another change that no longer fits into the maintenance window. Never where the portal is
// down: standing there would be worse than being late. Pure.
import { formatDuration } from '../../shared/units.ts';
import { windowOpen } from '../checks/window-open.ts';
import { nextOpening, openingAt, wallTime } from '../cluster/window.ts';
import { neededFrom } from '../plans/expected.ts';
import type { Plan, Step } from '../plans/plan.ts';
import { halt } from './ending.ts';
import type { Instruction, Situation } from './instruction.ts';

/** The halt, where the step must not begin now; undefined where it may. */
export function heldByWindow(situation: Situation, step: Step, index: number): Instruction | undefined {
  const { plan, state, wallMs, expected } = situation;
  const { window } = plan.cluster;
  if (window === undefined || wallMs === undefined || state.isWindowLeft === true) return undefined;
  if (!keepsToWindow(plan) || !isHeldBefore(plan, step, index)) return undefined;
  const neededMs = neededFrom(plan.items, index, expected);
  const closesAtMs = openingAt(window, wallMs)?.closesAtMs;
  if (closesAtMs !== undefined && wallMs + neededMs <= closesAtMs) return undefined;
  const next = nextOpening(window, wallMs);
  const left = closesAtMs === undefined ? 'is closed' : `closes in ${formatDuration(closesAtMs - wallMs)}`;
  const opens = next === undefined ? '' : `; it opens next ${wallTime(next.opensAtMs, window.timezone)}`;
  const message = `held before: ${step.title}. The rest and a way back need ${formatDuration(neededMs)}, and the window ${left}${opens}`;
  return halt(situation, { item: step.id, reason: 'window', message });
}

/** Whether a plan asks for the window at its beginning, and nobody has accepted that it is closed. */
function keepsToWindow({ items }: Plan): boolean {
  const refs = items.flatMap((item) => (item.kind === 'gate' ? item.checks : []));
  return refs.some(
    ({ check, params, accepted }) => check === windowOpen.id && params.neededMs !== null && accepted === undefined,
  );
}

/** Steps that begin something; what leads back to the steady state or looks at it, and what is to do while the portal is down, goes on. */
function isHeldBefore({ items }: Plan, step: Step, index: number): boolean {
  if (step.isHarmless || ['armFailover', 'startUnits'].includes(step.action.kind)) return false;
  const armed = items.findLastIndex((item) => item.kind === 'step' && item.action.kind === 'armFailover');
  if (armed >= 0 && index > armed) return false;
  const down = items.map((item) => item.kind === 'step' && item.takesPortalDown);
  return index <= down.indexOf(true) || index > down.lastIndexOf(true);
}
