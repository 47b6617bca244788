// What the rest of the coordinator may ask of the agents. The implementation goes over the bus, since the stream of a
// node may end at another coordinator.
import type { Action } from '../../shared/actions/action.ts';
import type { Result } from '../../shared/failures.ts';
import type { Key } from '../../shared/key.ts';
import type { LedgerMark } from '../../shared/ledger-mark.ts';
import type { Outcome } from '../../shared/outcome.ts';
import type { NodePresence, ReadAction, ReadingResult } from '../checks/check.ts';
import type { HeldHead } from './held-heads.ts';

export interface Head {
  sequence: number;
  hash: string;
}

export interface StepCommand {
  key: Key;
  epoch: number;
  head: Head;
  action: Action;
  timeoutMs: number;
  /** The node's at the intent: another one begins nothing. */
  ledger?: LedgerMark;
}

export type KeyStanding =
  | { status: 'absent' | 'running' | 'settling' | 'closed' }
  /** With its outcome where it had been begun before, and ended. */
  | { status: 'settled'; outcome?: Outcome }
  | { status: 'finished'; outcome: Outcome };

export interface StepProgress {
  key: Key;
  percent?: number;
  line: string;
  outputBytes: number;
}

export interface Fleet {
  /** Hands the command to the node's agent. `ok` only says that it was put on the stream. */
  send(node: string, command: StepCommand): Promise<Result<void>>;
  read(node: string, action: ReadAction, timeoutMs: number): Promise<ReadingResult>;
  /** What the agent's ledger says of a key. */
  ask(node: string, key: Key, epoch: number): Promise<Result<KeyStanding>>;
  /** Writes a tombstone; `settled` when nothing of the key runs. */
  settle(node: string, key: Key, epoch: number, head: Head): Promise<Result<KeyStanding>>;
  /** The outcome is in the journal: the agent may forget it and collect its unit. */
  confirm(node: string, key: Key): Promise<void>;
  closeRun(node: string, run: string): Promise<void>;
  renewSuspension(node: string, run: string, leaseMs: number, epoch: number): Promise<void>;
  presence(): Promise<NodePresence[]>;
  /** Heads of open runs' journals, as the agents have last told what they hold. */
  heldHeads(): Promise<Result<HeldHead[]>>;
  /** Outcomes as agents report them, again and again until confirmed. Returns how to stop listening. */
  onOutcome(listener: (node: string, key: Key, outcome: Outcome) => void): () => void;
  onProgress(listener: (node: string, progress: StepProgress) => void): () => void;
  /** A node's stream was opened, refused or lost. */
  onPresence(listener: (presence: NodePresence) => void): () => void;
}
