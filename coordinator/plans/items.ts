// How a plan's items are written: what nearly all of them share is filled in here. Nothing here knows the guide.
import { seconds } from '../../shared/units.ts';
import type { CheckRef } from '../checks/check.ts';
import type { Approval, Gate, PlanItem, Step } from './plan.ts';

type Draft<T extends PlanItem> = Omit<T, 'phase' | 'kind'>;
type Optional<T, K extends keyof T> = Omit<T, K> & Partial<Pick<T, K>>;

/** An item that has not been put under a heading yet. */
export type Unphased = Omit<Gate, 'phase'> | Omit<Step, 'phase'> | Omit<Approval, 'phase'>;

type GateDraft = Optional<Draft<Gate>, 'withinMs' | 'everyMs' | 'holdsForMs' | 'section'>;
type StepDraft = Optional<
  Draft<Step>,
  'section' | 'bindings' | 'before' | 'thenWithinMs' | 'isHarmless' | 'takesPortalDown'
>;

/** A gate that is looked at once, unless it says for how long it waits; its pass holds for ten minutes. */
export function gate(section: string, draft: GateDraft): Omit<Gate, 'phase'> {
  return { kind: 'gate', section, withinMs: 0, everyMs: seconds(2), holdsForMs: seconds(600), ...draft };
}

/** A step that needs nothing read before it, is not harmless and leaves the portal as it is, unless it says otherwise. */
export function step(section: string, draft: StepDraft): Omit<Step, 'phase'> {
  return {
    kind: 'step',
    section,
    bindings: [],
    before: [],
    thenWithinMs: seconds(30),
    isHarmless: false,
    takesPortalDown: false,
    ...draft,
  };
}

export function approval(section: string, draft: Optional<Draft<Approval>, 'section'>): Omit<Approval, 'phase'> {
  return { kind: 'approval', section, ...draft };
}

/** Puts items under the heading by which people see them. */
export function phase(name: string, items: Unphased[]): PlanItem[] {
  return items.map((item) => ({ ...item, phase: name }));
}

/** The same items, every step of them guarded by checks that are read just before it. */
export function guarded(checks: CheckRef[], items: PlanItem[]): PlanItem[] {
  return items.map((item) => (item.kind === 'step' ? { ...item, before: [...checks, ...item.before] } : item));
}

export const noUndo = (reason: string): { noUndo: string } => ({ noUndo: reason });
