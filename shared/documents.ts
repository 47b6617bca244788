// The JSON documents of `--json` and of the operator's service: a contract with scripts. Times are ISO 8601 in UTC,
// durations ms, sizes bytes. Grow by adding fields; a changed meaning is a new `schema`.
import type { Failure } from './failures.ts';

export type RunStatusText =
  | 'running'
  | 'halted'
  | 'awaiting-operator'
  | 'succeeded'
  | 'failed'
  | 'rolled-back'
  | 'aborted'
  | 'scheduled';
export type FailoverText = 'armed' | 'suspended' | 'unknown';

export interface VersionDocument {
  schema: 1;
  version: string;
  coordinator: string;
  epoch: number;
}

export interface NodeDocument {
  name: string;
  role: string;
  joined: boolean;
  connected: boolean;
  revoked: boolean;
  hold: boolean;
  agentVersion: string;
  lastSeenAt: string;
  /** Why its agent is not served. */
  refusal?: string;
  /** Two agents used its certificate at the same time: when that was last seen, and from where. */
  contested?: { at: string; from: string[] };
}
export interface NodesDocument {
  schema: 1;
  nodes: NodeDocument[];
}
export interface NodeAddedDocument {
  schema: 1;
  name: string;
  role: string;
  token: string;
  expiresAt: string;
  /** To be run as root on the node. */
  joinLine: string;
}

export interface ClusterAppliedDocument {
  schema: 1;
  cluster: string;
  dryRun: boolean;
  changed: boolean;
  warnings: string[];
}
export interface ClusterNodeDocument {
  name: string;
  address: string;
  role: string;
  /** What its database is now: primary, standby, none or unknown. */
  is: string;
  /** running, streaming, stopped, … */
  state: string;
  lagBytes?: number;
  version: string;
  agent: 'connected' | 'disconnected' | 'not served' | 'revoked' | 'not joined' | 'on hold';
  /** Why its agent is not served. */
  refusal?: string;
}
export interface ClusterDocument {
  schema: 1;
  cluster: string;
  flavor: string;
  nodes: ClusterNodeDocument[];
  failover: FailoverDocument;
  portal: { url: string; status: number; version: string; elapsedMs: number };
  /** Run that holds the cluster. */
  run?: string;
}
export interface ClustersDocument {
  schema: 1;
  clusters: { cluster: string; flavor: string; nodes: string[]; appliedAt: string }[];
}
export interface FailoverDocument {
  schema: 1;
  state: FailoverText;
  since?: string;
  deadline?: string;
  run?: string;
  message: string;
}

export interface CheckResultDocument {
  id: string;
  title: string;
  node: string;
  section: string;
  severity: string;
  limit: string;
  reading: string;
  verdict: 'pass' | 'warn' | 'fail' | 'unknown';
  remedy: string;
  /** Which of several that the cluster file names. */
  about?: string;
  /** What was measured, where a later check compares with it. */
  measure?: { value: number; unit: string; of?: string };
  /** It had failed, and an operator has accepted that, for this reason. */
  accepted?: string;
}
export interface CheckDocument {
  schema: 1;
  cluster: string;
  /** True on the last message. */
  complete: boolean;
  verdict: 'pass' | 'warn' | 'fail' | 'unknown';
  checks: CheckResultDocument[];
}

export interface ReleaseDocument {
  schema: 1;
  name: string;
  sha256: string;
  sizeBytes: number;
  /** Read from its name, such as 8.7.0; empty when the name has none. */
  version: string;
}

export type PlanItemStatus =
  | 'pending'
  | 'reading'
  | 'running'
  | 'verifying'
  | 'succeeded'
  | 'failed'
  | 'unknown'
  | 'awaiting-approval'
  | 'undoing'
  | 'undone'
  | 'skipped';

export interface PlanItemDocument {
  id: string;
  kind: 'gate' | 'step' | 'approval';
  phase: string;
  title: string;
  section: string;
  deviation?: string;
  node: string;
  /** Exact command lines, in order; of a gate those of its readings. */
  commands: string[];
  /** What must hold afterwards, in words. */
  postcondition: string[];
  until: string;
  timeoutMs: number;
  undo: string;
  undoCommands: string[];
  pointOfNoReturn?: string;
  takesPortalDown: boolean;
  predictedMs: number;
  /** Checks of a gate that an operator accepts even if they fail. */
  accepted?: { check: string; reason: string }[];
}
export interface PlanDocument {
  schema: 1;
  cluster: string;
  plan: string;
  hash: string;
  parameters: Record<string, unknown>;
  predicted: { durationMs: number; outageMs: number; suspensionMs: number };
  predictedFrom?: { runs: number };
  /** What carrying it out costs, a sentence each, as read when it was compiled. */
  costs?: string[];
  items: PlanItemDocument[];
}

export interface RunStepDocument {
  id: string;
  kind: 'gate' | 'step' | 'approval';
  phase: string;
  title: string;
  node: string;
  status: PlanItemStatus;
  attempts: number;
  startedAt?: string;
  elapsedMs?: number;
  /** What the agent executed. */
  commands: string[];
  failure?: Failure;
  checks: CheckResultDocument[];
}
export interface NextCommandDocument {
  command: string;
  consequence: string;
}
export interface HaltDocument {
  item: string;
  reason: string;
  message: string;
  evidence: string;
  /** What runs and what is down, as last read. */
  runsNow: string[];
  downNow: string[];
  evidenceAt: string[];
}
export interface PortalMeterDocument {
  downMs: number;
  longestMs: number;
  unobservedMs: number;
  samples: number;
  failures: number;
  /** Monotonic offsets from the first sample. */
  intervals: { fromMs: number; toMs: number }[];
}
export interface RunDocument {
  schema: 1;
  id: string;
  cluster: string;
  plan: string;
  planHash: string;
  parameters: Record<string, unknown>;
  status: RunStatusText;
  operator: string;
  startedAt: string;
  endedAt?: string;
  message: string;
  failover: FailoverText;
  steps: RunStepDocument[];
  halt?: HaltDocument;
  next: NextCommandDocument[];
  portal?: PortalMeterDocument;
  /** The run that goes, or went, back from this one; `status` is `rolled-back` once it has done so. */
  rolledBackBy?: string;
  /** Of a rollback: the run that it goes back from. */
  rollbackOf?: string;
  /** Newest event. */
  head: { sequence: number; hash: string };
}
export interface RunSummaryDocument {
  id: string;
  cluster: string;
  plan: string;
  status: RunStatusText;
  operator: string;
  startedAt: string;
  endedAt?: string;
  message: string;
  /** Of a run that starts, or was to start, at a time of its own. */
  scheduledFor?: string;
  rolledBackBy?: string;
  rollbackOf?: string;
}
export interface RunsDocument {
  schema: 1;
  runs: RunSummaryDocument[];
}
export interface RunStartedDocument {
  schema: 1;
  run: string;
}

/** One message of `run watch`. Exactly one of event, progress, run is there; `run` is the last one. */
export interface WatchDocument {
  schema: 1;
  sequence: number;
  at: string;
  /** A journaled event: its type, the item that it is about, and a sentence. */
  event?: { type: string; item: string; phase: string; node: string; status?: PlanItemStatus; sentence: string };
  /** Droppable. */
  progress?: { item: string; percent?: number; line: string; elapsedMs: number };
  /** Droppable: what keeps the run from going on by itself just now; empty once that is over. */
  notice?: string;
  run?: RunDocument;
}

export interface LogChunkDocument {
  schema: 1;
  item: string;
  node: string;
  text: string;
}

export interface ExportLineDocument {
  /** An event's stored bytes as text; the last line has count and head instead, or the damage that the lines end before. */
  event?: string;
  count?: number;
  head?: { sequence: number; hash: string };
  damage?: { sequence: number; message: string };
}
