import assert from 'node:assert/strict';
import type { Action, AnswerOf } from '../../shared/actions/action.ts';
import { type Key, unitOfKey } from '../../shared/key.ts';
import { type NodeAgent, startNodeAgent, state } from './agent-node.ts';
import { lab, onNode } from './lab.ts';

const node = 'n1';
const name = 'batontrial';
const port = 5499;
const queries = '/etc/baton-test/queries';
const policy = `
database: { names: [${name}], port: ${port}, upgrade: true, queriesDirectory: ${queries}, queries: [open-tickets] }
`;
const from = 15;
const to = 17;
const majors = { from, to, name };
/** Every phase takes its time; these also tell each way of killing it apart. Minutes, so not a part of every build. */
const everyPhase = process.env.BATON_EVERY_PHASE === '1';

const psql = (sql: string, database = name) =>
  onNode(
    node,
    `cd / && runuser -u postgres -- psql -X -q -A -t -v ON_ERROR_STOP=1 -p ${port} -d ${database} -c "${sql}"`,
  );
const content = () => psql("SELECT count(*) || ' ' || md5(string_agg(r::text, '' ORDER BY id)) FROM apolo.request r");
const conf = (major: number) => `/etc/postgresql/${major}/${name}`;
const data = (major: number) => `/var/lib/postgresql/${major}/${name}`;

/** A server of its own beside the one in service, with something of all that must be carried over. */
const make = `
export LANG=C.UTF-8
for m in ${from} ${to}; do systemctl stop postgresql@$m-${name}; rm -rf /etc/postgresql/$m/${name} /var/lib/postgresql/$m/${name}; done 2>/dev/null
rm -rf ${state}/servers
pg_createcluster ${from} ${name} --port ${port} --locale C.UTF-8 --start-conf auto -- --data-checksums >/dev/null
printf 'old_snapshot_threshold = 60min\\nwork_mem = 7MB\\nautovacuum = off\\n' >${conf(from)}/conf.d/trial.conf
chown postgres ${conf(from)}/conf.d/trial.conf
echo 'host all batonowner 127.0.0.1/32 scram-sha-256' >>${conf(from)}/pg_hba.conf
mkdir -p ${queries} && echo "SELECT count(*) FROM apolo.request WHERE subject <> 'x'" >${queries}/open-tickets.sql
systemctl start postgresql@${from}-${name}
cd / && runuser -u postgres -- psql -X -q -p ${port} -v ON_ERROR_STOP=1 <<'SQL'
CREATE ROLE batonowner LOGIN PASSWORD 'trialsecret';
CREATE DATABASE ${name} OWNER batonowner;
ALTER ROLE batonowner IN DATABASE ${name} SET work_mem = '9MB';
ALTER SYSTEM SET log_statement = 'ddl';
\\c ${name}
CREATE EXTENSION pg_stat_statements;
CREATE SCHEMA apolo AUTHORIZATION batonowner;
CREATE TABLE apolo.request (id serial PRIMARY KEY, subject text, at timestamptz DEFAULT '2026-01-01', price float8);
ALTER TABLE apolo.request OWNER TO batonowner;
GRANT ALL ON apolo.request TO PUBLIC;
CREATE VIEW apolo.open AS SELECT r.id, r.subject FROM apolo.request r;
INSERT INTO apolo.request (subject, price) SELECT md5(i::text), i / 3.0 FROM generate_series(1, 20000) i;
SQL
`;

describe('PostgreSQL servers on a real machine', function () {
  this.timeout(everyPhase ? 3_600_000 : 300_000);
  let agent: NodeAgent;
  // systemd remembers the units of an earlier run of these tests.
  const run = `r${Date.now().toString(36)}`;
  let attempts = 0;
  const key = (step: string): Key => {
    attempts += 1;
    return { run, step, phase: 'do', attempt: attempts };
  };
  const record: Action = {
    kind: 'recordServer',
    record: run,
    database: name,
    parity: ['apolo.request'],
    queries: ['open-tickets'],
  };
  const check = (mode: string): Action => ({ kind: 'checkServerUpgrade', ...majors, mode });
  const upgrade = (mode: string, by = run): Action => ({ kind: 'upgradeServer', ...majors, mode, jobs: 2, run: by });
  const giveBack: Action = { kind: 'returnServer', ...majors };
  const stop = (major: number): Action => ({ kind: 'stopServer', major, name });
  const start = (major: number): Action => ({ kind: 'startServer', major, name, analyze: true });
  const drop = (major: number): Action => ({ kind: 'dropServer', major, name });
  const act = (step: string, action: Action) => agent.act(key(step), action, 180_000);
  const succeed = async (step: string, action: Action) => {
    const outcome = await act(step, action);
    assert.equal(outcome.verdict, 'succeeded', JSON.stringify(outcome.failure));
    return outcome;
  };
  const refused = async (step: string, action: Action, message: RegExp) => {
    const outcome = await act(step, action);
    assert.equal(outcome.failure?.code, 'not-in-state', JSON.stringify(outcome.failure));
    assert.match(outcome.failure.message, message);
  };
  const read = async <K extends 'readServers' | 'compareServer'>(
    action: Action & { kind: K },
  ): Promise<AnswerOf<K>> => {
    const { answer, failure } = await agent.coordinator.read(action, 120_000);
    assert.ok(answer?.kind === action.kind, JSON.stringify(failure));
    return answer as AnswerOf<K>;
  };
  const compare = () => read({ kind: 'compareServer', record: run, database: name });
  /** `15 running 5499 auto`, of this test's servers, the older one first. */
  const servers = async (): Promise<string[]> =>
    (await read({ kind: 'readServers' })).servers
      .filter((server) => server.name === name)
      .map(({ major, isRunning, port: at, startsAtBoot, isSpent, wasStarted, upgradedBy }) =>
        [
          major,
          isRunning ? 'running' : 'stopped',
          ...(at === port ? ['in service'] : []),
          ...(startsAtBoot ? ['at boot'] : []),
          ...(isSpent ? ['spent'] : []),
          ...(upgradedBy === run ? ['made'] : []),
          ...(wasStarted ? ['started'] : []),
        ].join(' '),
      );
  /** Ends the unit of an action the hard way, as soon as its output says something. */
  const killedAt = async (said: string, action: Action): Promise<string> => {
    const killed = key('killed');
    const unit = unitOfKey(killed);
    const log = `${state}/units/${unit.replace('.service', '')}/output.log`;
    const kill = onNode(
      node,
      `timeout 120 sh -c 'until grep -q "^${said}" ${log} 2>/dev/null; do :; done'; systemctl kill --signal=KILL ${unit} || true`,
    );
    agent.coordinator.command(killed, action, { timeoutMs: 180_000 });
    await kill;
    return (await agent.coordinator.outcomeOf(killed, 180_000)).failure?.code ?? 'succeeded';
  };
  const asBefore = [`${from} running in service at boot`];

  before(async () => {
    await lab('heal');
    // A machine that is busy upgrading must not be taken for one that is gone.
    await onNode('n3', 'systemctl stop ha');
    agent = await startNodeAgent(node, policy);
    await onNode(node, make);
  });
  after(async () => {
    try {
      for (const major of [from, to])
        await onNode(node, `systemctl stop postgresql@${major}-${name}; rm -rf ${conf(major)} ${data(major)}`);
      await onNode(
        node,
        `rmdir /etc/postgresql/${to} /var/lib/postgresql/${to} || true; rm -rf ${queries}; systemctl daemon-reload`,
      );
    } finally {
      await agent.remove();
      await onNode('n3', 'systemctl start ha');
    }
  });

  it('are compared with what was written down: every difference is found, no secret is told', async () => {
    await succeed('record', record);
    const same = await compare();
    assert.deepEqual([same.differences, same.expected], [[], []]);
    assert.ok(same.facts > 40, `${same.facts} facts`);
    await onNode(
      node,
      `echo 'host all all 192.0.2.0/24 trust' >>${conf(from)}/pg_hba.conf; sed -i s/7MB/8MB/ ${conf(from)}/conf.d/trial.conf`,
    );
    await psql(
      "CREATE ROLE stranger; ALTER ROLE batonowner PASSWORD 'anothersecret'; CREATE EXTENSION pg_trgm; " +
        "UPDATE apolo.request SET subject = 'x' WHERE id = 1; CREATE INDEX planted ON apolo.request (subject)",
    );
    const found = await compare();
    for (const sentence of [
      /^pg_hba rule \d+ was not there before; it is host all all 192\.0\.2\.0\/24 trust$/,
      /^setting work_mem: 8MB, before 7MB$/,
      /^role stranger was not there before/,
      /^password of role batonowner differs$/,
      /^extension pg_trgm in batontrial was not there before/,
      /^content of apolo\.request differs$/,
      /^indexes of schema apolo in batontrial: 2, .*before 1,/,
      /^answer of open-tickets differs$/,
    ])
      assert.ok(
        found.differences.some((difference) => sentence.test(difference)),
        `${sentence} in ${found.differences.join('\n')}`,
      );
    assert.doesNotMatch(JSON.stringify(found), /SCRAM|secret/);
    const structure = await read({ kind: 'compareServer', record: run, database: name, withoutContent: true });
    assert.ok(
      structure.facts < found.facts && !structure.differences.some((one) => /^(content|answer|rows)/.test(one)),
    );
    assert.equal(await onNode(node, `stat -c '%a %U' ${state}/servers`), '700 root');
    const other = await agent.coordinator.read({ kind: 'compareServer', record: 'none', database: name }, 60_000);
    assert.equal(other.failure?.code, 'not-found', JSON.stringify(other));
    await onNode(node, make);
  });

  it('are refused by pg_upgrade in its own words, and nothing of the trial stays', async () => {
    await succeed('record', record);
    await psql('CREATE TABLE apolo.incompatible (handler regproc)');
    await refused('check', check('copy'), /apolo\.incompatible\.handler/);
    assert.equal(await onNode(node, `ls /var/lib/postgresql/${to} 2>/dev/null || true`), '');
    assert.deepEqual(await servers(), asBefore);
    await psql('DROP TABLE apolo.incompatible');
    await succeed('check-again', check('link'));
    assert.equal(await onNode(node, `ls /var/lib/postgresql/${to} 2>/dev/null || true`), '');
    assert.deepEqual((await compare()).differences, []);
  });

  it('share their files from the upgrade by link on: killed meanwhile the old one serves again, after the start never', async () => {
    const before = await content();
    await succeed('stop', stop(from));
    assert.deepEqual(await servers(), [`${from} stopped in service`]);
    assert.equal(await killedAt('Linking user', upgrade('link')), 'command-killed');
    await refused('start-half', start(to), /half made/);
    await succeed('return', giveBack);
    assert.deepEqual(await servers(), asBefore);
    assert.equal(await content(), before);

    await succeed('upgrade', upgrade('link'));
    await succeed('upgrade-again', upgrade('link'));
    assert.deepEqual(await servers(), [`${from} stopped`, `${to} stopped in service made`]);
    await refused('start-old', start(from), /no control file/);
    await succeed('start', start(to));
    assert.deepEqual(await servers(), [`${from} stopped spent`, `${to} running in service at boot made started`]);
    assert.equal(await content(), before);
    const compared = await compare();
    assert.deepEqual(compared.differences, []);
    assert.ok(compared.expected.some((one) => one.startsWith('setting old_snapshot_threshold is not known')));
    for (const [step, action] of Object.entries({
      return: giveBack,
      start: start(from),
      upgrade: upgrade('link', 'other'),
    }))
      await refused(`spent-${step}`, action, /spent|shared|which the run/);
    await refused('drop-new', drop(to), /running/);
    await succeed('drop', drop(from));
    assert.deepEqual(await servers(), [`${to} running in service at boot made started`]);
    assert.equal(await content(), before);
    await succeed('analyze', { kind: 'analyzeServer', major: to, name, jobs: 2 });
  });

  if (everyPhase)
    it('are upgraded whatever phase is killed, and the way back stays open until it is gone', async () => {
      await onNode(node, make);
      await succeed('record', record);
      const before = await content();
      const ends: string[] = [];
      for (const mode of ['copy', 'link'])
        for (const said of [
          ...[
            'stopping',
            'making',
            'upgrading',
            'Creating dump of database',
            'Setting next transaction',
            'Restoring database',
          ],
          ...(mode === 'copy' ? ['Copying user'] : ['Adding', 'Linking user']),
          ...['Sync data', 'handing over'],
        ]) {
          ends.push(`${said} ${await killedAt(said, upgrade(mode))}`);
          const kills = [`${from} stopped`, `${from} stopped in service`, `${from} running in service`, ...asBefore];
          assert.ok(kills.includes((await servers())[0] ?? ''), `${said}: ${await servers()}`);
          if (said === 'making' || said === 'Sync data') await succeed('return', giveBack);
          else await succeed('upgrade', upgrade(mode));
          await succeed('return-again', giveBack);
          assert.deepEqual(await servers(), asBefore, `${mode}, killed at ${said}`);
          assert.equal(await content(), before, `${mode}, killed at ${said}`);
        }
      console.log(ends.join('\n'));
      assert.ok(ends.filter((end) => end.endsWith('command-killed')).length > ends.length - 4, ends.join('\n'));

      await succeed('upgrade', upgrade('copy'));
      await succeed('start', start(to));
      assert.deepEqual((await compare()).differences, []);
      await psql("INSERT INTO apolo.request (subject) VALUES ('since')");
      await succeed('return', giveBack);
      assert.deepEqual(await servers(), [...asBefore, `${to} stopped made started`]);
      assert.equal(await content(), before);
      await refused('upgrade-late', upgrade('copy'), /both may hold what the other lacks/);
      await refused('upgrade-other', upgrade('copy', 'other'), /baton run finalize/);
      await refused('check-other', check('copy'), /already/);
      assert.deepEqual(await servers(), [...asBefore, `${to} stopped made started`]);
      await succeed('drop', drop(to));
      await succeed('drop-again', drop(to));
      assert.deepEqual(await servers(), asBefore);
      await refused('drop-old', drop(from), /running/);
      assert.deepEqual((await compare()).differences, []);
    });
});
