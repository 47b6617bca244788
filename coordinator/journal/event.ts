// Everything that a run's journal can say. Events are facts in the past tense; the state is their fold.
import type { Action } from '../../shared/actions/action.ts';
import type { RunStatusText } from '../../shared/documents.ts';
import type { Phase } from '../../shared/key.ts';
import type { LedgerMark } from '../../shared/ledger-mark.ts';
import type { Outcome } from '../../shared/outcome.ts';
import type { CheckResult } from '../checks/check.ts';

export type RunStatus = RunStatusText;

export type Decision = 'retry' | 'adopt' | 'abort' | 'rollback' | 'recover' | 'approve' | 'reject' | 'pause' | 'resume';

/** The run that a `rollback` hands a cluster over to, with all that its start needs: whoever leads then can begin it. */
export interface Successor {
  run: string;
  plan: string;
  planHash: string;
  planArtefact: string;
  parameters: Record<string, unknown>;
  operator: string;
  requestId: string;
  change: string;
  reason: string;
  /** The newest event of the run that is rolled back when this plan was made from it. */
  seen?: number;
}

/** Why a run stands still: what an operator needs to know (I5). */
export interface Halt {
  item: string;
  reason:
    | 'gate-failed'
    | 'step-failed'
    | 'step-unknown'
    | 'postcondition-failed'
    | 'undo-failed'
    | 'approval'
    | 'paused'
    | 'window'
    | 'evidence-contradicts'
    | 'restored-state'
    | 'rejected';
  message: string;
  /** Findings or last output. */
  evidence: string;
  checks: CheckResult[];
}

export type RunFact =
  | {
      type: 'RunStarted';
      cluster: string;
      plan: string;
      planHash: string;
      /** SHA-256 of the stored artefact: the compiled plan with its command lines. */
      planArtefact: string;
      parameters: Record<string, unknown>;
      operator: string;
      requestId: string;
      change: string;
      reason: string;
      /** A schedule has started it: nobody waits for it, so it never waits for anybody. */
      isUnattended?: true;
      /** The run that it took the cluster over from, as that one stood: the cluster was being changed already. */
      after?: string;
    }
  /** A new leader took over; everything not settled is asked again under its epoch. */
  | { type: 'LeaderChanged'; coordinator: string }
  /** A gate, a step's `before`, a postcondition or an undo's condition was read (only decisive readings are journaled). */
  | {
      type: 'ChecksRead';
      item: string;
      of: 'gate' | 'before' | 'then' | 'undo-before' | 'undo-then';
      passed: boolean;
      results: CheckResult[];
    }
  /** The intent: durable before the command goes out. `action` has its bindings filled in. */
  | {
      type: 'StepStarted';
      item: string;
      phase: Phase;
      attempt: number;
      node: string;
      action: Action;
      timeoutMs: number;
      /** Of the node, as last known: only this ledger can say later that the attempt was never begun. */
      ledger?: LedgerMark;
    }
  | { type: 'OutcomeRecorded'; item: string; phase: Phase; attempt: number; outcome: Outcome; late: boolean }
  /** The agent wrote a tombstone for the key and nothing of it runs. */
  | { type: 'AttemptSettled'; item: string; phase: Phase; attempt: number }
  /** Its postcondition holds: the item is done. */
  | { type: 'ItemSucceeded'; item: string; adopted: boolean }
  | { type: 'ItemUndone'; item: string; how: 'undone' | 'nothing-to-undo'; note: string }
  | { type: 'RunHalted'; halt: Halt; status: 'halted' | 'awaiting-operator' }
  | {
      type: 'OperatorDecided';
      decision: Decision;
      operator: string;
      item: string;
      reason: string;
      requestId: string;
      /** Of a `retry`: earlier items that are carried out again first. */
      redo?: string[];
      /** Ledgers by node that are others than the run has worked with: the operator has looked at those nodes. */
      ledgers?: Record<string, string>;
      /** Of a `rollback` or a `recover`. */
      successor?: Successor;
    }
  /** The meter's observation of the portal, final or up to a halt. */
  | {
      type: 'PortalMetered';
      downMs: number;
      longestMs: number;
      unobservedMs: number;
      samples: number;
      failures: number;
      intervals: { fromMs: number; toMs: number }[];
      artefact: string;
    }
  | {
      type: 'RunEnded';
      status: 'succeeded' | 'failed' | 'aborted' | 'rolled-back';
      message: string;
      failoverArmed: 'armed' | 'suspended' | 'unknown';
      /** The run that takes the cluster over, together with the suspension. */
      successor?: string;
    };

/** An event as it is stored: canonical JSON, at most 256 kB, chained by `previous`. */
export interface RunEvent {
  schema: 1;
  /** UUID, also the message id. */
  id: string;
  run: string;
  /** Its own sequence in the run's stream, from 1. */
  sequence: number;
  /** SHA-256 of the previous event's bytes; 64 zeros for the first. */
  previous: string;
  /** Of the coordinator that appended it. */
  epoch: number;
  /** Wall clock that the decision was made with. */
  atMs: number;
  fact: RunFact;
}

/** In the cluster's stream; its compare-and-set is the cluster's lock. */
export type ClusterFact =
  /** `after`: the run that holds the cluster until this very entry, so that it is free at no moment. */
  | { type: 'RunOpened'; run: string; plan: string; operator: string; epoch: number; atMs: number; after?: string }
  | { type: 'RunClosed'; run: string; status: RunStatus; epoch: number; atMs: number };
