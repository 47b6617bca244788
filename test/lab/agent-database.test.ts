import assert from 'node:assert/strict';
import type { AnswerOf } from '../../shared/actions/action.ts';
import { type NodeAgent, startNodeAgent } from './agent-node.ts';
import { lab, onNode } from './lab.ts';

const database = 'flotoitsmdb';
const policy = `database: { names: [${database}] }\n`;
const table = 'public.baton_probe';

describe('Counting rows on a primary and its standby', function () {
  this.timeout(120_000);
  let primary: NodeAgent;
  let standby: NodeAgent;
  const sql = (statement: string) =>
    onNode('n1', `cd / && runuser -u postgres -- psql -XqtA -d ${database} -c "${statement}"`);

  before(async () => {
    await lab('heal');
    await lab('reset');
    primary = await startNodeAgent('n1', policy);
    standby = await startNodeAgent('n2', policy);
    await sql(`CREATE TABLE ${table} (id serial, name text)`);
    await sql(`INSERT INTO ${table} (name) SELECT 'seeded' FROM generate_series(1, 5000)`);
  });
  after(async () => {
    await sql(`DROP TABLE ${table}`);
    await primary.remove();
    await standby.remove();
  });

  const count = async (agent: NodeAgent, of?: AnswerOf<'countRows'>): Promise<AnswerOf<'countRows'>> => {
    const { answer, failure } = await agent.coordinator.read(
      { kind: 'countRows', database, tables: [table], ...(of ? { snapshot: of.snapshot, fromLsn: of.lsn } : {}) },
      20_000,
    );
    assert.ok(answer?.kind === 'countRows', failure?.message ?? '');
    return answer;
  };
  const rows = (counted: AnswerOf<'countRows'>) => counted.tables[0]?.rows ?? Number.NaN;

  it('gives equal numbers at one position while rows are written', async () => {
    const writer = sql(
      `DO \\$\\$ BEGIN FOR i IN 1..2500 LOOP INSERT INTO ${table} (name) VALUES ('new'); COMMIT; PERFORM pg_sleep(0.002); END LOOP; END \\$\\$`,
    );
    const seen = new Set<number>();
    for (let look = 0; look < 8; look += 1) {
      const first = await count(primary);
      const there = await count(standby, first);
      const last = await count(primary, first);
      assert.deepEqual([rows(there), rows(last)], [rows(first), rows(first)], first.snapshot);
      assert.equal(there.inRecovery, true);
      seen.add(rows(first));
    }
    await writer;
    assert.ok(seen.size > 4, `rows were written meanwhile: ${[...seen]}`);
  });

  it('leaves out what a transaction that was running in the snapshot commits later', async () => {
    const running = sql(`BEGIN; INSERT INTO ${table} (name) VALUES ('late'); SELECT pg_sleep(3); COMMIT`);
    for (
      let look = 0;
      look < 50 && (await sql(`SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'`)) === '0';
      look += 1
    );
    await sql(`INSERT INTO ${table} (name) VALUES ('early')`);
    const first = await count(primary);
    await running;
    await sql(`INSERT INTO ${table} (name) VALUES ('later')`);
    assert.match(first.snapshot, /:\d+:\d+/, 'one transaction runs in it');
    assert.equal(rows(await count(standby, first)), rows(first));
    assert.equal(rows(await count(primary, first)), rows(first));
    assert.equal(rows(await count(primary)), rows(first) + 2);
  });

  it('tells that a row is gone', async () => {
    const first = await count(primary);
    await sql(`DELETE FROM ${table} WHERE id = 7`);
    assert.equal(rows(await count(primary, first)), rows(first) - 1);
  });

  it('waits for the position and gives up in time', async () => {
    const { failure } = await standby.coordinator.read(
      { kind: 'countRows', database, tables: [table], snapshot: '1:1:', fromLsn: 'FFFF/0' },
      2000,
    );
    assert.equal(failure?.code, 'timeout');
  });

  it('reads what each side is, and finds a row by any text', async () => {
    const read = async (agent: NodeAgent) => {
      const { answer, failure } = await agent.coordinator.read({ kind: 'readReplication', database });
      assert.ok(answer?.kind === 'readReplication', failure?.message ?? '');
      return answer;
    };
    const [master, slave] = [await read(primary), await read(standby)];
    assert.deepEqual(
      [master.inRecovery, master.acceptsWrites, slave.inRecovery, slave.receiverStatus],
      [false, true, true, 'streaming'],
    );
    assert.equal(master.clients[0]?.state, 'streaming');
    assert.equal(master.timeline, slave.timeline);
    const value = `it's "quoted" \\ and :'value'`;
    await onNode(
      'n1',
      `cd / && printf '%s' "INSERT INTO ${table} (name) VALUES (:'v')" | runuser -u postgres -- psql -Xq -d ${database} -v v="it's \\"quoted\\" \\\\ and :'value'"`,
    );
    const { answer } = await primary.coordinator.read({ kind: 'findRows', database, table, column: 'name', value });
    assert.equal(answer?.kind === 'findRows' && answer.rows, 1);
    const facts = await primary.coordinator.read({ kind: 'readNode' });
    assert.equal(facts.answer?.kind === 'readNode' && facts.answer.postgresqlMajor, 15);
    const other = await primary.coordinator.read({ kind: 'readReplication', database: 'template1' });
    assert.equal(other.failure?.code, 'refused-by-policy');
  });
});
