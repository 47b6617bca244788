// What the judge reads of one cluster's history: the exported journals, the agents' ledgers, the nodes' own record of what
// was started on them, and how things stood at the end. Plain data, made by the simulation and by the lab alike; nothing
// of it comes from the sequencer.
import type { ExportLineDocument } from '../../../shared/documents.ts';

export interface JournalHead {
  run: string;
  sequence: number;
  hash: string;
}

/** One row of a ledger's `attempts`, as it is or as it was before its run was closed. */
export interface LedgerAttempt {
  /** run/step/(do|undo)/attempt */
  key: string;
  /** Absent where only a tombstone was written. */
  payloadHash?: string;
  epoch: number;
  verdict?: 'succeeded' | 'failed' | 'unknown';
  settled: boolean;
  /** What the row was whenever its machine was put back to an earlier copy. */
  before?: { verdict?: LedgerAttempt['verdict']; settled: boolean }[];
  /** Lost in that way: the ledger of today does not have it. */
  isLost?: boolean;
}

export interface LedgerEvidence {
  node: string;
  generation: string;
  counter: number;
  highestEpoch: number;
  heads: JournalHead[];
  closedRuns: string[];
  attempts: LedgerAttempt[];
  /** The rows that the agent deleted with their run are among `attempts`, as they were. */
  keepsClosed?: boolean;
}

/** Something that really began or ended on a node, in the order of the node's own record: an installer's log line. */
export interface NodeRecord {
  node: string;
  what: 'start' | 'end';
  /** Of the attempt that it belongs to; from the name of the transient unit where an installer wrote it. */
  key: string;
  /** Kind of the action. */
  kind: string;
  /** The epoch of the command that started it, where the record knows it. */
  epoch?: number;
  /** The highest epoch that had reached the node by then in whatever message, where the record knows it. */
  epochSeen?: number;
  /** How many events the journal of the key's run had at that moment, where the record knows it. */
  journaled?: number;
  /** Made when the journal had events that are gone, since the coordinator was put back afterwards. */
  isOfLostTime?: boolean;
  /** Whether the observer was active at that moment, where the record knows it. */
  observerActive?: boolean;
  /** With an active observer: how many events that journal had when it became active, where the record knows it. */
  observerActiveSince?: number;
}

/** What a node’s database became, in the order of the nodes’ own record. */
export interface DatabaseRecord {
  node: string;
  /** `primary`: clients may write to it; `fenced`: it would take writes, and no client reaches it. */
  is: 'primary' | 'fenced' | 'standby' | 'down';
  /** Of a standby: the node whose changes reach it from now on; absent while none do. */
  streamsFrom?: string;
  /** How many events each run’s journal had at that moment. */
  journaled: Record<string, number>;
}

export type LockRecord = { type: 'RunOpened'; run: string; after?: string } | { type: 'RunClosed'; run: string };

export interface Evidence {
  cluster: string;
  /** By run: the lines of `baton run export`. */
  journals: Record<string, ExportLineDocument[]>;
  /** By run: the compiled plan as it was stored, `{ plan, hash, commands, undoCommands }`. */
  plans: Record<string, { plan: EvidencePlan; hash: string }>;
  /** Heads that somebody was told of as journaled: ledgers, watchers. */
  acknowledged: JournalHead[];
  ledgers: LedgerEvidence[];
  /** In one order for all nodes. */
  records: NodeRecord[];
  /** The cluster's lock, in order; absent where it could not be read. */
  lock?: LockRecord[];
  /** How things stood when the evidence was taken, as the nodes say. */
  now: {
    failover: 'armed' | 'suspended' | 'unknown';
    /** Nodes whose database accepts writes. */
    writable: string[];
    portalAnswers: boolean;
  };
  /** Nodes, and `coordinator`, that were put back to an earlier copy on purpose: what is gone of theirs is excused. */
  restored?: string[];
  /** When machines were put back on purpose: how many events each run's journal had by then. */
  putBack?: { node: string; journaled: Record<string, number> }[];
  /** When the coordinator was put back on purpose: how many events each run's journal had in the copy. */
  coordinatorPutBack?: { journaled: Record<string, number> }[];
  /** Runs that were refused since their journal lacks what nodes hold, and that an operator has closed. */
  givenBack?: string[];
  /** Moments at which more than one database accepted writes, as the record of the nodes has them. */
  doublePrimaries: { atMs: number; nodes: string[] }[];
  /** What the databases became, where that was recorded moment by moment. */
  databases?: DatabaseRecord[];
}

/** The parts of a plan that the judge goes by. */
export interface EvidencePlan {
  name: string;
  items: {
    id: string;
    kind: 'gate' | 'approval' | 'step';
    node?: string;
    action?: { kind: string };
    before?: { check: string }[];
    then?: { check: string }[];
    until?: string;
    undo?: { action: { kind: string }; before: { check: string }[]; then: { check: string }[] } | { noUndo: string };
    isHarmless?: boolean;
    checks?: { check: string }[];
  }[];
}

/** An invariant that does not hold, with where to look. */
export interface Violation {
  invariant: 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8';
  run: string;
  message: string;
}
