// How an item's status moves: one table, a sentence for people in every row. The fold uses it, the watch view speaks
// with it, the documentation is drawn from it. A move that is not here is a bug and is refused.
import type { PlanItemStatus } from '../../shared/documents.ts';

export interface Transition {
  from: readonly PlanItemStatus[];
  /** `same`: the status stays; the row is there for its sentence. */
  to: PlanItemStatus | 'same';
  /** `{node}` and `{attempt}` are filled in. */
  sentence: string;
}

const any: readonly PlanItemStatus[] = [
  'pending',
  'reading',
  'running',
  'verifying',
  'succeeded',
  'failed',
  'unknown',
  'awaiting-approval',
  'undoing',
  'undone',
  'skipped',
];
const beforeStart: readonly PlanItemStatus[] = ['pending', 'reading', 'failed', 'unknown', 'verifying'];

export const transitions = {
  'gate-passed': {
    from: ['pending', 'reading', 'failed', 'succeeded'],
    to: 'succeeded',
    sentence: 'every condition holds',
  },
  'gate-failed': {
    from: ['pending', 'reading', 'failed', 'succeeded'],
    to: 'failed',
    sentence: 'a condition does not hold',
  },
  'before-passed': { from: beforeStart, to: 'reading', sentence: 'may start' },
  'before-failed': {
    from: [...beforeStart, 'running'],
    to: 'failed',
    sentence: 'must not start: a condition does not hold',
  },
  'may-still-start': {
    from: ['running', 'failed', 'unknown'],
    to: 'running',
    sentence: 'not begun yet on {node}; may still start',
  },
  'step-started': { from: beforeStart, to: 'running', sentence: 'started on {node}, attempt {attempt}' },
  'step-ended': {
    from: ['running', 'unknown', 'failed'],
    to: 'verifying',
    sentence: 'carried out; looking at what it left',
  },
  'step-failed': { from: ['running', 'unknown', 'failed'], to: 'failed', sentence: 'failed on {node}' },
  'step-refused': { from: ['running', 'unknown'], to: 'failed', sentence: 'refused by {node}; nothing was started' },
  'step-unknown': {
    from: ['running', 'unknown', 'failed'],
    to: 'unknown',
    sentence: 'nobody knows how it ended on {node}',
  },
  'step-settled': {
    from: ['running', 'unknown', 'failed', 'verifying'],
    to: 'unknown',
    sentence: 'nothing of attempt {attempt} runs on {node}, and it will never be started',
  },
  'then-passed': {
    from: ['verifying', 'unknown', 'failed'],
    to: 'verifying',
    sentence: 'it left things as they must be',
  },
  'then-failed': {
    from: ['verifying', 'unknown', 'failed'],
    to: 'failed',
    sentence: 'it did not leave things as they must be',
  },
  'then-not-seen': {
    from: ['unknown'],
    to: 'same',
    sentence: 'it did not leave things as they must be, as far as can be seen',
  },
  'still-holds': { from: ['succeeded', 'undoing', 'undone'], to: 'same', sentence: 'still as it must be' },
  'no-longer-holds': { from: ['succeeded', 'undoing', 'undone'], to: 'same', sentence: 'no longer as it must be' },
  'item-succeeded': { from: ['verifying', 'unknown', 'failed'], to: 'succeeded', sentence: 'done' },
  'item-adopted': {
    from: ['verifying', 'unknown', 'failed'],
    to: 'succeeded',
    sentence: 'done by hand, and as it must be',
  },
  'redo-asked': { from: ['succeeded'], to: 'pending', sentence: 'to be carried out again' },
  'redo-asked-of-unknown': {
    from: ['succeeded'],
    to: 'unknown',
    sentence: 'to be carried out again, once attempt {attempt} is known to be over',
  },
  'redo-dropped': { from: beforeStart, to: 'succeeded', sentence: 'not carried out again, since the run goes back' },
  'approval-asked': { from: ['pending', 'failed'], to: 'awaiting-approval', sentence: 'waits for an approval' },
  approved: { from: ['awaiting-approval'], to: 'succeeded', sentence: 'approved' },
  rejected: { from: ['awaiting-approval'], to: 'failed', sentence: 'rejected' },
  'undo-may-start': { from: any, to: 'undoing', sentence: 'may be undone' },
  'undo-must-wait': { from: any, to: 'same', sentence: 'must not be undone: a condition does not hold' },
  'undo-started': { from: any, to: 'undoing', sentence: 'being undone on {node}, attempt {attempt}' },
  'undo-told': { from: ['undoing'], to: 'same', sentence: 'the undo ended on {node}' },
  'undo-verified': { from: ['undoing'], to: 'same', sentence: 'the undo left things as they must be' },
  'undo-not-verified': { from: ['undoing'], to: 'same', sentence: 'the undo did not leave things as they must be' },
  undone: { from: any, to: 'undone', sentence: 'undone' },
  'nothing-to-undo': { from: any, to: 'same', sentence: 'nothing to undo' },
  'told-late': { from: any, to: 'same', sentence: 'an outcome came after the attempt was settled; kept as evidence' },
} as const satisfies Record<string, Transition>;

export type TransitionName = keyof typeof transitions;

/** The status after a transition. Throws when the table does not have the move: a fold must not guess. */
export function move(from: PlanItemStatus, name: TransitionName, item: string): PlanItemStatus {
  const row: Transition = transitions[name];
  if (!row.from.includes(from)) throw new Error(`item ${item} is ${from}; ${name} cannot follow`);
  return row.to === 'same' ? from : row.to;
}
