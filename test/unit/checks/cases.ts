// How the verdicts of a check are written down: what makes it pass, and what it must find.
import type { CheckRef, CheckVerdict, ReadAction } from '../../../coordinator/checks/check.ts';
import { activeUnit } from './world.ts';

export type Change = (node: string, action: ReadAction) => object | undefined;

/** Fields put over the healthy answer of one node, or of every node. */
export const on = (kind: ReadAction['kind'], fields: object, node?: string): Change => {
  return (of, action) => (action.kind === kind && (node === undefined || of === node) ? fields : undefined);
};
export const units = (state: object, node?: string): Change => {
  return (of, action) =>
    action.kind === 'readUnits' && (node === undefined || of === node)
      ? { units: action.units.map((unit) => ({ ...activeUnit(unit), ...state })) }
      : undefined;
};
export interface Suite {
  ref: CheckRef;
  /** What makes it pass where the healthy world does not. */
  passing?: Change;
  cases: [name: string, verdict: CheckVerdict, change: Change, reading: RegExp][];
}
