// A plan is data: gates, steps and approvals in the order of the guide. Compiled, hashed and stored whole, so that a
// resumed run never depends on newer code.
import type { Action } from '../../shared/actions/action.ts';
import type { CheckRef, ReadAction } from '../checks/check.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Expected } from './expected.ts';

interface Item {
  /** Unique in the plan: [a-z0-9][a-z0-9.-]{0,79}. */
  id: string;
  /** Heading under which people see it: Preflight, Stage, Back up, Suspend failover, Master, Standby, Arm failover, Verify. */
  phase: string;
  title: string;
  /** The guide's section that it carries out, or "beyond the guide: why". */
  section: string;
  /** Where it deviates from the guide, and why. */
  deviation?: string;
}

/** A read-only condition: all checks pass, looked at again every `everyMs` for at most `withinMs`. */
export interface Gate extends Item {
  kind: 'gate';
  checks: CheckRef[];
  withinMs: number;
  everyMs: number;
  /** A pass older than this is read again before the next step. */
  holdsForMs: number;
  /** Every reading must pass for this long before the gate does; absent: one pass is enough. */
  steadyForMs?: number;
}

/** A value read just before a step starts and put in for `{{name}}` in the strings of its action. */
export interface Binding {
  name: string;
  node: string;
  read: ReadAction;
  /** Field of the answer. */
  field: string;
}

export interface Undo {
  title: string;
  action: Action;
  timeoutMs: number;
  /** Must pass before the undo starts (arming failover: the portal answers and replication streams). */
  before: CheckRef[];
  /** Must pass after it. */
  then: CheckRef[];
  thenWithinMs: number;
  /** Once this later step was begun nothing is undone here any more, for the reason that is told. */
  onlyBefore?: { step: string; because: string };
}

/** An act with its undo. */
export interface Step extends Item {
  kind: 'step';
  node: string;
  action: Action;
  bindings: Binding[];
  timeoutMs: number;
  /** Read just before the step starts, and again after every takeover, halt or retry. */
  before: CheckRef[];
  /** Postcondition, looked at until it passes or `thenWithinMs` is over. */
  then: CheckRef[];
  thenWithinMs: number;
  /** What it leads to may have been so before it: that it is so proves nothing of an attempt whose end nobody knows. */
  thenMayHoldBefore?: true;
  /** Id of the item until which the postcondition holds (that item ends it), or `end`. */
  until: string;
  /** Ids of earlier steps that an operator's `retry` of this one carries out again first (it may have started services). */
  redo?: string[];
  undo: Undo | { noUndo: string };
  /** What going back costs from here on; absent when going back is free. */
  pointOfNoReturn?: string;
  /** Touches only Baton's own files: a failure before the first step without this ends the run as `failed`. */
  isHarmless: boolean;
  /** From the start of this step to the end of the last one with true the portal is down. */
  takesPortalDown: boolean;
  predictedMs: number;
}

/** A human's yes. */
export interface Approval extends Item {
  kind: 'approval';
  question: string;
}

export type PlanItem = Gate | Step | Approval;

/**
 * Plain data. A compiled plan must not differ from one compilation to the next, so what is a run's own is put in by the
 * sequencer: `{{run}}` in any string of an action or of a check's params becomes the run's id, everywhere in the plan;
 * `{{name}}` in a step's action becomes the value of the step's binding of that name.
 */
export interface Plan {
  schema: 1;
  /** upgrade, db-upgrade, stage, backup, backup-verify, rollback, finalize, failover-suspend, failover-arm */
  name: string;
  cluster: Cluster;
  parameters: Record<string, unknown>;
  items: PlanItem[];
  predicted: { durationMs: number; outageMs: number; suspensionMs: number };
}

/** What `baton plan` shows: the plan, its hash, and for each item the exact command lines. */
export interface CompiledPlan {
  plan: Plan;
  hash: string;
  commands: Record<string, string[]>;
  undoCommands: Record<string, string[]>;
  /** What carrying it out costs, a sentence each, as read when it was compiled: no part of what the hash is of. */
  costs?: string[];
  /** How long this site's own runs of the plan have taken; no part of the hash either. */
  expected?: Expected;
}
