// Which actions are jobs: transient units named after the key, which outlive the agent and are followed again by the next
// one. One list, used wherever it matters whether an attempt may have such a unit.
import type { Action, ActionKind } from '../action.ts';

export const jobKinds = ['runInstaller'] as const satisfies ActionKind[];

export type JobKind = (typeof jobKinds)[number];
export type JobAction = Extract<Action, { kind: JobKind }>;

const known: ReadonlySet<string> = new Set(jobKinds);

export const isJobKind = (kind: string): kind is JobKind => known.has(kind);
export const isJob = (action: Action): action is JobAction => isJobKind(action.kind);
