// What the agent must never forget: attempts and how they ended, tombstones, the highest epoch, the newest journal head of
// each run, closed runs, hold. Decides nothing; every change is on disk when a call returns.
import type { Action } from '../../shared/actions/action.ts';
import { jobKinds } from '../../shared/actions/jobs/job.ts';
import { formatKey, type Key, parseKey } from '../../shared/key.ts';
import type { Outcome } from '../../shared/outcome.ts';
import type { LedgerFile } from './ledger-file.ts';

export interface Head {
  sequence: number;
  hash: string;
}

export interface Attempt {
  key: Key;
  /** Absent where only a tombstone was written. */
  payloadHash?: string;
  action?: Action;
  timeoutMs: number;
  startedAtMs: number;
  outcome?: Outcome;
  /** The ledger's counter when the outcome was written. */
  outcomeCounter: number;
  isJournaled: boolean;
  isSettled: boolean;
}

export interface Ledger {
  readonly file: LedgerFile;
  highestEpoch(): number;
  /** Remembers an epoch when it is the highest so far; false when a higher one is known. */
  acceptEpoch(epoch: number): boolean;
  headOf(run: string): Head | undefined;
  noteHead(run: string, head: Head): void;
  /** The newest heads of runs that are open here. */
  openHeads(): { run: string; head: Head }[];
  /** The newest heads of the runs that were closed here last. */
  closedHeads(): { run: string; head: Head }[];
  isClosed(run: string): boolean;
  attempt(key: Key): Attempt | undefined;
  /** Keys of all attempts that are not forgotten. */
  known(): Key[];
  /** Written before anything of the attempt starts, together with the head that its command told, where that is newer. */
  begin(attempt: {
    key: Key;
    head?: Head | undefined;
    payloadHash: string;
    action: Action;
    timeoutMs: number;
    epoch: number;
    startedAtMs: number;
  }): void;
  /** Once only: a second outcome of a key is not taken. Answers with the one that counts. */
  finish(key: Key, outcome: Outcome): { outcome: Outcome; counter: number };
  settle(key: Key, epoch: number, nowMs: number): void;
  journaled(key: Key): void;
  /** Outcomes that the coordinator has not confirmed, oldest first. */
  outbox(): Attempt[];
  /** Attempts that were begun and have no outcome. */
  unfinished(): Attempt[];
  /** Attempts of transient units whose outcome is journaled and whose unit systemd may still have. */
  uncollected(): Attempt[];
  collected(key: Key): void;
  /** The attempt that ended last, also after its run was closed. */
  lastFinished(): { key: string; outcome: Outcome } | undefined;
  /** Forgets a run's attempts and remembers that it is closed; what still runs or has a unit stays until it is over. */
  closeRun(run: string, nowMs: number): void;
  /**
   * The node joins an authority, known by its pin: the ledger gets another name. Epochs and runs of another authority, as
   * the ledger or the node's identity knows it, mean nothing there: the highest epoch is forgotten and all runs are closed.
   * What still runs is seen to its end.
   */
  join(pin: string, pinOfIdentity: string | undefined, nowMs: number): void;
  heldSinceMs(): number | undefined;
  setHold(sinceMs: number | undefined): void;
}

type Row = Record<string, unknown>;

/** Of an attempt whose transient unit systemd may still have. */
const jobs = jobKinds.map((kind) => `'${kind}'`).join(', ');
const hasUnit = `coalesce(json_extract(action, '$.kind') IN (${jobs}) AND collected = 0, 0)`;

/** Of closed runs as many as a coordinator may have forgotten the end of. */
const closedHeadsMax = 20;

export function ledgerOf(file: LedgerFile): Ledger {
  const attempts = (where: string, ...values: (string | number)[]) =>
    (file.sql(`SELECT * FROM attempts ${where}`).all(...values) as Row[]).map(attemptOf);
  const heads = (where: string) =>
    (file.sql(`SELECT * FROM runs ${where}`).all() as Row[]).map((row) => ({
      run: String(row.run),
      head: { sequence: Number(row.head_sequence), hash: String(row.head_hash) },
    }));
  const highestEpoch = () => Number(file.fact('highest_epoch') ?? 0);
  const close = (run: string, nowMs: number) => {
    file
      .sql(
        `INSERT INTO runs (run, head_sequence, head_hash, closed_at_ms) VALUES (?, 0, '', ?)
         ON CONFLICT (run) DO UPDATE SET closed_at_ms = excluded.closed_at_ms`,
      )
      .run(run, nowMs);
    file.sql('UPDATE attempts SET outcome_journaled = 1 WHERE run = ? AND outcome IS NOT NULL').run(run);
    file
      .sql(`DELETE FROM attempts WHERE run = ? AND (payload_hash IS NULL OR outcome IS NOT NULL) AND NOT (${hasUnit})`)
      .run(run);
  };
  const headOf = (run: string) => {
    const row = file.sql('SELECT head_sequence, head_hash FROM runs WHERE run = ?').get(run);
    return row && { sequence: Number(row.head_sequence), hash: String(row.head_hash) };
  };
  const isNewer = (run: string, head: Head) => head.sequence > (headOf(run)?.sequence ?? -1);
  return {
    file,
    highestEpoch,
    acceptEpoch(epoch) {
      const highest = highestEpoch();
      if (epoch > highest) file.change(() => file.setFact('highest_epoch', epoch));
      return epoch >= highest;
    },
    headOf,
    noteHead(run, head) {
      if (isNewer(run, head)) file.change(() => putHead(file, run, head));
    },
    openHeads: () => heads('WHERE closed_at_ms IS NULL ORDER BY run'),
    closedHeads: () => heads(`WHERE closed_at_ms IS NOT NULL ORDER BY closed_at_ms DESC LIMIT ${closedHeadsMax}`),
    isClosed: (run) => file.sql('SELECT 1 FROM runs WHERE run = ? AND closed_at_ms IS NOT NULL').get(run) !== undefined,
    attempt: (key) => attempts('WHERE key = ?', formatKey(key))[0],
    known: () => attempts('').map(({ key }) => key),
    begin({ key, head, payloadHash, action, timeoutMs, epoch, startedAtMs }) {
      file.change(() => {
        if (head !== undefined && isNewer(key.run, head)) putHead(file, key.run, head);
        file
          .sql(
            'INSERT INTO attempts (key, run, payload_hash, action, timeout_ms, epoch, started_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)',
          )
          .run(formatKey(key), key.run, payloadHash, JSON.stringify(action), timeoutMs, epoch, startedAtMs);
      });
    },
    finish(key, outcome) {
      const known = this.attempt(key);
      if (known?.outcome !== undefined) return { outcome: known.outcome, counter: known.outcomeCounter };
      return file.change((counter) => {
        file
          .sql('UPDATE attempts SET outcome = ?, outcome_counter = ? WHERE key = ? AND outcome IS NULL')
          .run(JSON.stringify(outcome), counter, formatKey(key));
        file.setFact(
          'last_finished',
          JSON.stringify({ key: formatKey(key), outcome: { ...outcome, answer: undefined } }),
        );
        // Its run is over: nobody will confirm it.
        if (this.isClosed(key.run))
          file.sql('UPDATE attempts SET outcome_journaled = 1 WHERE key = ?').run(formatKey(key));
        return { outcome, counter };
      });
    },
    settle(key, epoch, nowMs) {
      file.change(() =>
        file
          .sql(
            `INSERT INTO attempts (key, run, epoch, settled_at_ms) VALUES (?, ?, ?, ?)
             ON CONFLICT (key) DO UPDATE SET settled_at_ms = coalesce(settled_at_ms, excluded.settled_at_ms)`,
          )
          .run(formatKey(key), key.run, epoch, nowMs),
      );
    },
    journaled(key) {
      if (this.attempt(key)?.isJournaled !== false) return;
      file.change(() =>
        file.sql('UPDATE attempts SET outcome_journaled = 1 WHERE key = ? AND outcome IS NOT NULL').run(formatKey(key)),
      );
    },
    outbox: () => attempts('WHERE outcome IS NOT NULL AND outcome_journaled = 0 ORDER BY outcome_counter'),
    unfinished: () => attempts('WHERE payload_hash IS NOT NULL AND outcome IS NULL ORDER BY started_at_ms'),
    uncollected: () => attempts(`WHERE outcome_journaled = 1 AND ${hasUnit}`),
    collected(key) {
      file.change(() => {
        file.sql('UPDATE attempts SET collected = 1 WHERE key = ?').run(formatKey(key));
        if (this.isClosed(key.run)) file.sql('DELETE FROM attempts WHERE key = ?').run(formatKey(key));
      });
    },
    lastFinished() {
      const text = file.fact('last_finished');
      return text === undefined ? undefined : (JSON.parse(String(text)) as { key: string; outcome: Outcome });
    },
    closeRun(run, nowMs) {
      if (this.isClosed(run)) return;
      file.change(() => close(run, nowMs));
    },
    join(pin, pinOfIdentity, nowMs) {
      file.renewGeneration(() => {
        const former = [file.fact('authority'), pinOfIdentity].filter((one) => one !== undefined);
        file.setFact('authority', pin);
        if (former.every((one) => one === pin)) return;
        file.setFact('highest_epoch', undefined);
        const open = file
          .sql(
            `SELECT run FROM runs WHERE closed_at_ms IS NULL
             UNION SELECT run FROM attempts WHERE run NOT IN (SELECT run FROM runs WHERE closed_at_ms IS NOT NULL)`,
          )
          .all() as Row[];
        for (const { run } of open) close(String(run), nowMs);
      });
    },
    heldSinceMs: () => file.fact('held_since_ms') as number | undefined,
    setHold: (sinceMs) => file.change(() => file.setFact('held_since_ms', sinceMs)),
  };
}

function putHead(file: LedgerFile, run: string, head: Head): void {
  file
    .sql(
      `INSERT INTO runs (run, head_sequence, head_hash) VALUES (?, ?, ?)
       ON CONFLICT (run) DO UPDATE SET head_sequence = excluded.head_sequence, head_hash = excluded.head_hash`,
    )
    .run(run, head.sequence, head.hash);
}

function attemptOf(row: Row): Attempt {
  const text = (name: string) => (row[name] === null ? undefined : String(row[name]));
  const key = parseKey(String(row.key));
  if (key === undefined) throw new Error(`the ledger holds the malformed key ${String(row.key)}`);
  const payloadHash = text('payload_hash');
  const action = text('action');
  const outcome = text('outcome');
  return {
    key,
    ...(payloadHash === undefined ? {} : { payloadHash }),
    ...(action === undefined ? {} : { action: JSON.parse(action) as Action }),
    timeoutMs: Number(row.timeout_ms ?? 0),
    startedAtMs: Number(row.started_at_ms ?? 0),
    ...(outcome === undefined ? {} : { outcome: JSON.parse(outcome) as Outcome }),
    outcomeCounter: Number(row.outcome_counter ?? 0),
    isJournaled: row.outcome_journaled === 1,
    isSettled: row.settled_at_ms !== null,
  };
}
