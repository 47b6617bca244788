// What readQuery asks the server, answered by a stand-in of `runuser` that tells what it was asked.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readQueryScript } from '../../../shared/actions/read-query.ts';
import { profile } from '../plans/compiled.ts';

describe('readQuery', () => {
  let folder: string;
  const queries = () => join(folder, 'queries');
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'baton-query-'));
    mkdirSync(queries(), { mode: 0o755 });
    writeFileSync(join(queries(), 'open-tickets.sql'), "SELECT 'a''b';\n", { mode: 0o644 });
    writeFileSync(join(folder, 'runuser'), '#!/bin/sh\nprintf "%s\\n" "$@"; cat\n', { mode: 0o755 });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const ask = (query = 'open-tickets') => {
    const action = { kind: 'readQuery', database: 'd', query } as const;
    const input = readQueryScript(action, { ...profile, queriesDirectory: queries() }, 15_000);
    return spawnSync('bash', ['-euo', 'pipefail'], {
      env: { ...process.env, PATH: `${folder}:${process.env.PATH}` },
      input,
      encoding: 'utf8',
    });
  };

  it('asks the file as it stands, read-only, in time, as the database user and without its settings', () => {
    const { status, stdout } = ask();
    assert.equal(status, 0);
    const lines = stdout.split('\n');
    assert.deepEqual(lines.slice(0, 3), ['-u', 'postgres', '--']);
    assert.ok(lines.includes('-X') && lines.includes('-w'));
    assert.match(stdout, /PGOPTIONS=.*default_transaction_read_only=on.*statement_timeout=15000/);
    assert.equal(lines.at(-2), "SELECT 'a''b';");
  });

  it('asks nothing that others may have written, and says which file', () => {
    chmodSync(join(queries(), 'open-tickets.sql'), 0o666);
    const { status, stdout, stderr } = ask();
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /open-tickets\.sql must be there, belong to root/);
    chmodSync(join(queries(), 'open-tickets.sql'), 0o644);
    chmodSync(queries(), 0o777);
    assert.equal(ask().status, 1);
  });

  it('asks nothing where there is no such file', () => {
    const { status, stdout } = ask('closed-tickets');
    assert.deepEqual([status, stdout], [1, '']);
  });
});
