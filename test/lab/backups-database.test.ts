import assert from 'node:assert/strict';
import type { Action } from '../../shared/actions/action.ts';
import { heldName, restoringName } from '../../shared/actions/jobs/places.ts';
import { type Key, unitOfKey } from '../../shared/key.ts';
import { type NodeAgent, startNodeAgent, state } from './agent-node.ts';
import { lab, onNode, waitFor } from './lab.ts';

const node = 'n1';
const directory = '/var/tmp/baton-backups';
const database = 'batontrial';
const aside = 'baton-aside-r1';
const held = heldName(database);
const restoring = restoringName(database);
const policy = `
database: { names: [${database}], restore: true }
backups: { directory: ${directory}, restore: true }
`;

const psql = (on: string, name: string, sql: string) =>
  onNode(on, `cd / && runuser -u postgres -- psql -X -q -A -t -v ON_ERROR_STOP=1 -d ${name} -c "${sql}"`);
const content = (name = database, on = node) =>
  psql(on, name, "SELECT count(*) || ' ' || md5(string_agg(t::text, '' ORDER BY id)) FROM apolo.request t");
/** What pg_database and others say of it beside its name. */
const properties = () =>
  psql(
    node,
    'postgres',
    "SELECT pg_get_userbyid(datdba), datacl, shobj_description(d.oid, 'pg_database'), datconnlimit, datallowconn, datcollate, " +
      '(SELECT string_agg(setrole::regrole || s.setconfig::text, chr(32) ORDER BY setrole) FROM pg_db_role_setting s WHERE setdatabase = d.oid) ' +
      `FROM pg_database d WHERE datname = '${database}'`,
  );
const databases = () =>
  psql(
    node,
    'postgres',
    `SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname LIKE 'baton%'`,
  );

describe('Backups of a database on a real machine', function () {
  this.timeout(300_000);
  let agent: NodeAgent;
  // systemd remembers the units of an earlier run of these tests.
  const run = `r${Date.now().toString(36)}`;
  let attempts = 0;
  const key = (step: string): Key => {
    attempts += 1;
    return { run, step, phase: 'do', attempt: attempts };
  };
  const at = (backup: string) => ({ directory, backup });
  const backUp = (backup: string): Action => ({
    ...{ kind: 'backUpDatabase', ...at(backup), database, jobs: 2, parity: ['apolo.request', 'apolo.task'] },
  });
  const verify = (backup: string, trialRestore = false): Action => ({
    ...{ kind: 'verifyBackup', ...at(backup), part: 'database', trialRestore },
  });
  const restore = (backup: string): Action => ({
    ...{ kind: 'restoreDatabase', ...at(backup), database, jobs: 2, aside },
  });
  const giveBack: Action = { kind: 'returnDatabase', database, aside };
  const act = (step: string, action: Action, timeoutMs = 120_000) => agent.act(key(step), action, timeoutMs);
  const succeed = async (step: string, action: Action) => {
    const outcome = await act(step, action);
    assert.equal(outcome.verdict, 'succeeded', JSON.stringify(outcome.failure));
    return outcome;
  };
  /** Ends the unit of an action the hard way, as soon as its output says something. */
  const killedAt = async (said: string, action: Action): Promise<string> => {
    const killed = key('killed');
    const unit = unitOfKey(killed);
    const log = `${state}/units/${unit.replace('.service', '')}/output.log`;
    const kill = onNode(
      node,
      `timeout 60 sh -c 'until grep -q "^${said}" ${log} 2>/dev/null; do :; done'; systemctl kill --signal=KILL ${unit} || true`,
    );
    agent.coordinator.command(killed, action, { timeoutMs: 120_000 });
    await kill;
    return (await agent.coordinator.outcomeOf(killed, 120_000)).failure?.code ?? 'succeeded';
  };

  const clear = async () => {
    await onNode(node, `umount -l ${directory} 2>/dev/null; rm -rf ${directory}`);
    for (const name of [database, aside, held, restoring])
      await psql(node, 'postgres', `DROP DATABASE IF EXISTS \\"${name}\\" WITH (FORCE)`);
    await psql(node, 'postgres', 'DROP ROLE IF EXISTS batonowner');
  };

  before(async () => {
    await lab('heal');
    // A machine that is busy restoring must not be taken for one that is gone.
    await onNode('n3', 'systemctl stop ha');
    agent = await startNodeAgent(node, policy);
  });
  after(async () => {
    try {
      await clear();
    } finally {
      await agent.remove();
      await onNode('n3', 'systemctl start ha');
    }
  });
  beforeEach(async () => {
    await clear();
    await psql(node, 'postgres', "CREATE ROLE batonowner LOGIN PASSWORD 'secret'");
    await psql(node, 'postgres', `CREATE DATABASE ${database} OWNER batonowner`);
    await psql(
      node,
      'postgres',
      `ALTER DATABASE ${database} SET work_mem = '7MB'; ALTER ROLE batonowner IN DATABASE ${database} SET work_mem = '9MB'; ` +
        `REVOKE ALL ON DATABASE ${database} FROM PUBLIC; COMMENT ON DATABASE ${database} IS 'tickets'`,
    );
    await psql(
      node,
      database,
      'CREATE SCHEMA apolo AUTHORIZATION batonowner; CREATE TABLE apolo.task (id int); ' +
        'CREATE TABLE apolo.request (id int PRIMARY KEY, subject text); ALTER TABLE apolo.request OWNER TO batonowner; ' +
        'INSERT INTO apolo.request SELECT i, md5(i::text) || md5((i * 7)::text) FROM generate_series(1, 60000) i',
    );
  });

  it('hold one snapshot, roles, settings and rows, and pass a trial in a scratch server of which nothing stays', async () => {
    const outcome = await succeed('back-up', backUp('run-1'));
    assert.ok(outcome.answer?.kind === 'backUpDatabase' && outcome.answer.complete);
    assert.deepEqual(outcome.answer.rows, [
      { table: 'apolo.request', rows: 60_000 },
      { table: 'apolo.task', rows: 0 },
    ]);
    const part = `${directory}/run-1/database`;
    assert.match(await onNode(node, `cat ${part}/globals.sql`), /CREATE ROLE batonowner/);
    assert.equal(await onNode(node, `stat -c '%a %U' ${part}/globals.sql`), '600 root');
    assert.match(await onNode(node, `tar -tf ${part}/settings.tar`), /pg_hba\.conf/);
    assert.doesNotMatch(JSON.stringify(outcome), /SCRAM|secret/);

    const tried = await succeed('verify', verify('run-1', true));
    assert.ok(tried.answer?.kind === 'verifyBackup' && tried.answer.trialRestored && tried.answer.verifiedAtMs);
    const nothingStays = async () => {
      assert.equal(await onNode(node, `ls -d /run/baton-trial ${part}.trial 2>/dev/null || true`), '');
      assert.equal(await onNode(node, 'ps ax -o args | grep "^[^ ]*postgres -D .*[t]rial" || true'), '');
    };
    await nothingStays();
    await killedAt('restoring it into', verify('run-1', true));
    await nothingStays();
    await succeed('verify-again', verify('run-1', true));
    await nothingStays();
  });

  it('come back as they were, what was there since is kept aside, and the standby follows', async () => {
    const before = await content();
    await succeed('back-up', backUp('run-2'));
    await psql(
      node,
      database,
      "INSERT INTO apolo.request SELECT i, 'since' FROM generate_series(100001, 100031) i; DROP TABLE apolo.task",
    );
    const since = await content();
    const was = await properties();
    const outcome = await succeed('restore', restore('run-2'));
    assert.equal(await properties(), was);
    assert.match(was, /tickets.*7MB.*9MB/);
    assert.ok(outcome.answer?.kind === 'restoreDatabase' && outcome.answer.rows[0]?.rows === 60_000);
    assert.equal(await content(), before);
    assert.equal(
      await psql(node, database, "SELECT tableowner FROM pg_tables WHERE tablename = 'request'"),
      'batonowner',
    );
    assert.equal(
      await psql(node, 'postgres', `SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '${database}'`),
      'batonowner',
    );
    await waitFor('the standby has it', async () => (await content(database, 'n2').catch(() => '')) === before);
    await succeed('restore-again', restore('run-2'));
    assert.equal(await content(), before);

    await psql(node, database, "INSERT INTO apolo.request VALUES (70000, 'after')");
    const after = await content();
    const late = await act('restore-late', restore('run-2'));
    assert.equal(late.failure?.code, 'not-in-state', JSON.stringify(late.failure));
    assert.match(late.failure.message, /apolo\.request has 60001 rows instead of 60000/);
    assert.equal(await content(), after, 'what was written after a restore is dropped by no other attempt');

    await succeed('return', giveBack);
    await succeed('return-again', giveBack);
    assert.equal(`${await databases()}: ${await content()}`, `${database}: ${since}`);
    await succeed('restore-once-more', restore('run-2'));
    await succeed('drop', { kind: 'dropDatabase', database: aside });
    await succeed('drop-again', { kind: 'dropDatabase', database: aside });
    assert.equal(`${await databases()}: ${await content()}`, `${database}: ${before}`);
    const other = await act('drop-other', { kind: 'dropDatabase', database } as Action);
    assert.equal(`${other.verdict} ${other.failure?.code}`, 'refused bad-input');
  });

  it('lose nothing when a restore is killed anywhere and repeated', async () => {
    const before = await content();
    await succeed('back-up', backUp('run-3'));
    await psql(node, database, "INSERT INTO apolo.request SELECT i, 'since' FROM generate_series(100001, 100031) i");
    const since = await content();
    const ends: string[] = [];
    for (const said of ['making', 'restoring', 'analyzing', 'counting rows$', 'setting']) {
      ends.push(await killedAt(said, restore('run-3')));
      const there = (await databases()).split(' ');
      const whole = [aside, held, database].find((name) => there.includes(name)) ?? 'none';
      if (whole === aside) {
        await psql(node, 'postgres', `ALTER DATABASE \\"${aside}\\" ALLOW_CONNECTIONS true`);
        assert.equal(await content(), before, `killed at ${said}: only what is whole takes its place`);
      }
      assert.equal(await content(whole), since, `killed at ${said}: ${there}`);
      if (said !== 'restoring') continue;
      await succeed('return', giveBack);
      assert.equal(`${await databases()}: ${await content()}`, `${database}: ${since}`);
    }
    assert.ok(ends.includes('command-killed'), ends.join());
    await succeed('restore', restore('run-3'));
    assert.equal(await content(), before);
    await succeed('return', giveBack);
    assert.equal(await content(), since);
  });

  it('are refused where they are damaged, of another database, or where this is no primary: nothing is renamed', async () => {
    const before = await content();
    await succeed('back-up', backUp('run-4'));
    const dump = await onNode(node, `ls -S ${directory}/run-4/database/dump/*.gz | head -n 1`);
    await onNode(node, `printf X | dd of=${dump} bs=1 seek=5000 conv=notrunc 2>/dev/null`);
    for (const [step, action] of Object.entries({ verify: verify('run-4'), restore: restore('run-4') })) {
      const outcome = await act(step, action);
      assert.equal(outcome.failure?.code, 'damaged', JSON.stringify(outcome.failure));
      assert.match(outcome.failure.message, /dump\/\d+\.dat\.gz/);
    }
    assert.equal((await act('none', restore('run-none'))).failure?.code, 'not-found');
    assert.equal(`${await databases()}: ${await content()}`, `${database}: ${before}`);

    const standby = await startNodeAgent('n2', policy);
    try {
      await onNode('n2', `mkdir -p -m 0711 ${directory}/run-5`);
      await succeed('back-up', backUp('run-5'));
      await onNode(
        node,
        `tar -C ${directory}/run-5 -cf /var/tmp/baton-part.tar database && base64 -w0 /var/tmp/baton-part.tar > /var/tmp/baton-part`,
      );
      const packed = await onNode(node, 'cat /var/tmp/baton-part; rm /var/tmp/baton-part*');
      for (let from = 0; from < packed.length; from += 100_000)
        await onNode('n2', `printf %s '${packed.slice(from, from + 100_000)}' >> /var/tmp/baton-part`);
      await onNode('n2', `base64 -d /var/tmp/baton-part | tar -x -C ${directory}/run-5; rm /var/tmp/baton-part`);
      const outcome = await standby.act(key('standby'), restore('run-5'), 60_000);
      assert.equal(outcome.failure?.code, 'not-in-state', JSON.stringify(outcome.failure));
      assert.match(outcome.failure.message, /not the primary; nothing was changed/);
    } finally {
      await onNode('n2', `rm -rf ${directory}`);
      await standby.remove();
    }
  });

  it('cannot be restored, or find no room: each is its own message', async () => {
    await onNode(node, `mkdir -p -m 0711 ${directory} && mount -t tmpfs -o mode=0711,size=1m tmpfs ${directory}`);
    const full = await act('full', backUp('run-6'));
    assert.equal(full.failure?.code, 'no-space', JSON.stringify(full.failure));
    assert.equal(await onNode(node, `find ${directory} -mindepth 2`), '');
    await onNode(node, `mount -o remount,size=30m ${directory}`);
    await succeed('back-up', backUp('run-6'));
    const noRoom = await act('trial-full', verify('run-6', true));
    assert.equal(noRoom.failure?.code, 'no-space', JSON.stringify(noRoom.failure));
    await onNode(node, `umount ${directory}`);

    await psql(
      node,
      database,
      "CREATE FUNCTION apolo.good(int) RETURNS bool LANGUAGE sql AS 'SELECT true'; CREATE TABLE apolo.bad (n int CHECK (apolo.good(n))); " +
        "INSERT INTO apolo.bad VALUES (1); CREATE OR REPLACE FUNCTION apolo.good(int) RETURNS bool LANGUAGE sql AS 'SELECT false'",
    );
    await succeed('back-up', backUp('run-7'));
    await succeed('verify', verify('run-7'));
    const tried = await act('trial', verify('run-7', true));
    assert.equal(tried.verdict, 'failed', JSON.stringify(tried));
    assert.match(`${tried.failure?.message}\n${tried.failure?.evidence}`, /violates check constraint/);
    const before = await content();
    assert.equal((await act('restore', restore('run-7'))).verdict, 'failed');
    assert.equal(`${await databases()}: ${await content()}`, `${database}: ${before}`, 'nothing half restored stays');
    await succeed('return', giveBack);
    assert.equal(`${await databases()}: ${await content()}`, `${database}: ${before}`);
  });
});
