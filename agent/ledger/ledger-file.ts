// The agent's memory: one SQLite file, every change synced to disk before the call returns. Its generation is a name given
// at its creation and at each joining, its counter only grows, so that a restored copy of the machine is noticed.
import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

const schema = `
  CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS runs (
    run TEXT PRIMARY KEY,
    head_sequence INTEGER NOT NULL,
    head_hash TEXT NOT NULL,
    closed_at_ms INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS attempts (
    key TEXT PRIMARY KEY,
    run TEXT NOT NULL,
    payload_hash TEXT,
    action TEXT,
    timeout_ms REAL,
    epoch INTEGER NOT NULL,
    started_at_ms INTEGER,
    outcome TEXT,
    outcome_counter INTEGER,
    outcome_journaled INTEGER NOT NULL DEFAULT 0,
    settled_at_ms INTEGER,
    collected INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS attempts_of_run ON attempts (run);
  CREATE TABLE IF NOT EXISTS suspension (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    record TEXT NOT NULL
  ) STRICT;
`;

export interface LedgerFile {
  /** Where it lies. */
  readonly folder: string;
  generation(): string;
  /**
   * Gives the ledger another name, so that what was asked of it under the old one is not begun under the new one; in the
   * same change, what is given along with it.
   */
  renewGeneration(alongWith?: () => void): void;
  counter(): number;
  /** A prepared statement, kept. */
  sql(text: string): StatementSync;
  /** All of `work` or nothing of it, on disk when this returns; the counter grows by one. */
  change<T>(work: (counter: number) => T): T;
  fact(name: string): string | number | undefined;
  setFact(name: string, value: string | number | undefined): void;
  close(): void;
}

export const ledgerPath = (stateDirectory: string): string => join(stateDirectory, 'ledger.sqlite');

/** Opens the ledger, making it where there is none. */
export function openLedgerFile(path: string): LedgerFile {
  const firstMade = mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(path, { timeout: 10_000 });
  let file: LedgerFile;
  try {
    file = ledgerFileOn(database);
  } catch (error) {
    database.close();
    throw error;
  }
  // SQLite syncs the files; the names of new ones are the folder's. An earlier process may have died just before this line.
  syncFolderNow(dirname(path));
  if (firstMade !== undefined)
    for (let made = dirname(path); made.length >= firstMade.length; made = dirname(made)) syncFolderNow(dirname(made));
  return file;
}

/** The ledger in an open database, its tables made where there are none. */
export function ledgerFileOn(database: DatabaseSync): LedgerFile {
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  database.exec(`BEGIN IMMEDIATE; ${schema} COMMIT;`);
  const put = database.prepare('INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING');
  put.run('generation', randomUUID());
  put.run('counter', 0);
  return fileOf(database);
}

/** Opens a ledger that is there for looking only: of a running agent, or of one that is down. */
export function openLedgerForReading(path: string): LedgerFile | undefined {
  return existsSync(path) ? fileOf(new DatabaseSync(path, { readOnly: true, timeout: 2000 })) : undefined;
}

/**
 * A ledger that nobody has open, as it was left; also where there is no room for the files beside it that reading makes
 * otherwise. Undefined where there is none; throws where its newest changes lie in such a file and cannot be read.
 */
export function openLedgerAsLeft(path: string): LedgerFile | undefined {
  if (!existsSync(path)) return undefined;
  const beside = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (beside > 0) return openLedgerForReading(path);
  const url = pathToFileURL(path);
  url.searchParams.set('immutable', '1');
  return fileOf(new DatabaseSync(url, { readOnly: true }));
}

function fileOf(database: DatabaseSync): LedgerFile {
  const statements = new Map<string, StatementSync>();
  const sql = (text: string) => {
    const known = statements.get(text) ?? database.prepare(text);
    statements.set(text, known);
    return known;
  };
  const fact = (name: string) =>
    sql('SELECT value FROM facts WHERE name = ?').get(name)?.value as string | number | undefined;
  const counter = () => Number(fact('counter') ?? 0);
  return {
    folder: dirname(database.location() ?? ''),
    // Read each time: joining anew changes it beside a running daemon.
    generation: () => String(fact('generation') ?? ''),
    renewGeneration(alongWith = () => undefined) {
      this.change(() => {
        this.setFact('generation', randomUUID());
        alongWith();
      });
    },
    counter,
    sql,
    fact,
    setFact(name, value) {
      if (value === undefined) sql('DELETE FROM facts WHERE name = ?').run(name);
      else
        sql(
          'INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
        ).run(name, value);
    },
    change(work) {
      database.exec('BEGIN IMMEDIATE');
      try {
        const next = counter() + 1;
        sql("UPDATE facts SET value = ? WHERE name = 'counter'").run(next);
        const result = work(next);
        database.exec('COMMIT');
        return result;
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => database.close(),
  };
}

function syncFolderNow(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
