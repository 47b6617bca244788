// What the live view knows of a run: the run's document, folded with what the stream tells. Pure.
import type { PlanItemStatus, RunDocument, RunStepDocument, WatchDocument } from '../../../shared/documents.ts';

export interface ItemView extends RunStepDocument {
  /** Newest word of a running item. */
  progress?: { percent?: number; line: string };
}

export interface RunView {
  run: RunDocument;
  items: ItemView[];
  /** What the viewer itself has to say, such as that the coordinator is out of reach. */
  notice: string;
}

export function viewOf(run: RunDocument): RunView {
  return { run, items: run.steps, notice: '' };
}

const active: readonly PlanItemStatus[] = ['reading', 'running', 'verifying', 'undoing'];
const settled: readonly PlanItemStatus[] = ['succeeded', 'undone', 'skipped'];

export const isActive = (status: PlanItemStatus): boolean => active.includes(status);
export const isSettled = (status: PlanItemStatus): boolean => settled.includes(status);

/** The view after one more message. */
export function applyWatch(view: RunView, message: WatchDocument): RunView {
  const { event, progress, run } = message;
  if (run) return { ...viewOf(run), notice: view.notice };
  if (event?.status !== undefined) {
    const status = event.status;
    return change(view, event.item, (item) => withStatus(item, status, message.at));
  }
  // Progress is droppable and may come late.
  if (progress && view.items.some((item) => item.id === progress.item && !isSettled(item.status)))
    return change(view, progress.item, (item) => ({
      ...item,
      progress: {
        line: progress.line || (item.progress?.line ?? ''),
        ...(progress.percent === undefined ? percentOf(item) : { percent: progress.percent }),
      },
      startedAt: item.startedAt ?? message.at,
    }));
  return view;
}

function percentOf(item: ItemView): { percent?: number } {
  return item.progress?.percent === undefined ? {} : { percent: item.progress.percent };
}

function withStatus(item: ItemView, status: PlanItemStatus, at: string): ItemView {
  const { progress: _, elapsedMs, ...rest } = item;
  const next: ItemView = { ...rest, status };
  if (isActive(status)) {
    // A new attempt starts the clock again; reading, running and verifying belong to one.
    if (!isActive(item.status) || next.startedAt === undefined) next.startedAt = at;
    return next;
  }
  // Later readings of an item that is done say the same status again; its time is over.
  if (!isActive(item.status)) return elapsedMs === undefined ? next : { ...next, elapsedMs };
  if (next.startedAt !== undefined) next.elapsedMs = Math.max(0, Date.parse(at) - Date.parse(next.startedAt));
  return next;
}

function change(view: RunView, id: string, by: (item: ItemView) => ItemView): RunView {
  return { ...view, items: view.items.map((item) => (item.id === id ? by(item) : item)) };
}

export interface PhaseView {
  phase: string;
  items: ItemView[];
}
