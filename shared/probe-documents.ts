// The documents of probes and schedules; see documents.ts for what holds for all of them.
import type { CheckResultDocument } from './documents.ts';

export type Verdict = CheckResultDocument['verdict'];

/** One look at a whole cluster: every check of the preflight, as it was at that time. */
export interface ProbeDocument {
  schema: 1;
  /** The same request gives the same probe. */
  id: string;
  cluster: string;
  startedAt: string;
  elapsedMs: number;
  /** `schedule`, or the operator. */
  by: string;
  verdict: Verdict;
  checks: CheckResultDocument[];
  /** What is another than at the probe before. */
  changes: ProbeChangeDocument[];
  /** A run held the cluster meanwhile: what it had stopped is no fault. */
  run?: string;
}

export interface ProbeChangeDocument {
  id: string;
  title: string;
  node: string;
  /** `absent`: it was not looked at then, or is not any more. */
  from: Verdict | 'absent';
  to: Verdict | 'absent';
  reading: string;
}

/** `baton probes history --json`, oldest first. */
export interface ProbesDocument {
  schema: 1;
  cluster: string;
  probes: ProbeDocument[];
  /** Scheduled times without a probe, and why; the newest. */
  missed: { at: string; why: string }[];
  schedule?: ScheduleDocument;
}

export interface ScheduleDocument {
  cluster: string;
  what: 'backup' | 'probe';
  cron: string;
  timezone: string;
  nextAt?: string;
  last?: { at: string; id: string };
  /** Who added it; of a backup the cluster file says it. */
  addedBy?: string;
}

export interface SchedulesDocument {
  schema: 1;
  schedules: ScheduleDocument[];
}

export interface ScheduleChangedDocument {
  schema: 1;
  cluster: string;
  what: 'probe';
  changed: boolean;
}
