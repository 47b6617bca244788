// Real servers of two nodes: fenced, copied in both directions, made anew of a backup; killed in the middle and repeated.
import assert from 'node:assert/strict';
import type { Action, ActionOf } from '../../shared/actions/action.ts';
import { type Key, unitOfKey } from '../../shared/key.ts';
import { type NodeAgent, startNodeAgent, state } from './agent-node.ts';
import { lab, onNode, waitFor } from './lab.ts';

const database = 'flotoitsmdb';
const directory = '/var/tmp/baton-server-backups';
const versions = '/var/lib/postgresql/15';
const passFile = '/var/lib/postgresql/.pgpass';
const wrongFile = '/var/lib/postgresql/.wrong';
const policyIn = (subnet: string): string => `
database: { names: [${database}], restore: true, upgrade: true, copyFrom: ['${subnet}.11', '${subnet}.12'] }
backups: { directory: ${directory}, restore: true }
`;

const sql = (on: string, statement: string, name = database) =>
  onNode(on, `cd / && runuser -u postgres -- psql -X -q -A -t -v ON_ERROR_STOP=1 -d ${name} -c "${statement}"`);
const content = (on: string) =>
  sql(on, "SELECT count(*) || ' ' || md5(string_agg(t::text, '' ORDER BY id)) FROM apolo.request t");
const insert = (subject: string) => sql('n1', `INSERT INTO apolo.request (subject) VALUES ('${subject}') RETURNING id`);
const streams = (slot = 'n2') =>
  sql(
    'n1',
    `SELECT concat_ws(' ', s.active::text, r.application_name, r.state) FROM pg_replication_slots s JOIN pg_stat_replication r ON r.pid = s.active_pid WHERE slot_name = '${slot}'`,
    'postgres',
  );
const folders = (on: string) => onNode(on, `ls ${versions} `);
const identity = () => sql('n1', 'SELECT system_identifier FROM pg_control_system()', 'postgres');
/** As the observer asks: somebody else, from another machine. */
const askFrom = async (on: string) =>
  await onNode('n3', `psql -X -A -t -h ${on} -U ha_observer -d postgres -c 'SELECT 1' 2>&1 || true`);

describe('Servers of two nodes', function () {
  this.timeout(300_000);
  let agents: Record<'n1' | 'n2', NodeAgent>;
  let subnet: string;
  // systemd remembers the units of an earlier run of these tests.
  const run = `r${Date.now().toString(36)}`;
  let attempts = 0;
  const key = (step: string): Key => {
    attempts += 1;
    return { run, step, phase: 'do', attempt: attempts };
  };
  const act = (on: 'n1' | 'n2', action: Action) => agents[on].act(key('server'), action, 60_000);
  const succeed = async (on: 'n1' | 'n2', action: Action) => {
    const outcome = await act(on, action);
    assert.equal(outcome.verdict, 'succeeded', JSON.stringify(outcome.failure));
    return outcome.answer;
  };
  /** Refused before anything was changed: the same process works in the same folder. */
  const refuse = async (action: Action, code: string, why: RegExp) => {
    const before = await onNode('n2', `head -n 1 ${versions}/main/postmaster.pid; ls ${versions}`);
    const outcome = await act('n2', action);
    assert.equal(`${outcome.verdict} ${outcome.failure?.code}`, `failed ${code}`, JSON.stringify(outcome.failure));
    assert.match(outcome.failure?.message ?? '', why);
    assert.equal(await onNode('n2', `head -n 1 ${versions}/main/postmaster.pid; ls ${versions}`), before);
    assert.match(await streams(), /streaming/);
  };
  /** Ends the unit of an action the hard way as soon as its output says something. */
  const killedAt = async (on: 'n1' | 'n2', said: string, action: Action): Promise<string> => {
    const killed = key('killed');
    const unit = unitOfKey(killed);
    const log = `${state}/units/${unit.replace('.service', '')}/output.log`;
    const kill = onNode(
      on,
      `timeout 60 sh -c 'until grep -q "^${said}" ${log} 2>/dev/null; do :; done'; systemctl kill --signal=KILL ${unit} || true`,
    );
    agents[on].coordinator.command(killed, action, { timeoutMs: 60_000 });
    await kill;
    return (await agents[on].coordinator.outcomeOf(killed, 90_000)).failure?.code ?? 'succeeded';
  };
  const copy = (from: string, more: Partial<ActionOf<'copyServer'>> = {}): ActionOf<'copyServer'> => ({
    ...{ kind: 'copyServer', major: 15, name: 'main', asStandby: true, slot: 'n2', applicationName: 'n2', keep: true },
    source: { address: `${subnet}.1${from}`, port: 5432, user: 'replicator', passFile, options: '' },
    run: 'recover-1',
    ...more,
  });
  const clear = () =>
    Promise.all(['n1', 'n2'].map((node) => onNode(node, `rm -rf ${directory} ${versions}/main.baton-* ${wrongFile}`)));

  before(async () => {
    await lab('heal');
    subnet = /subnet (\d+\.\d+\.\d+)\.0/.exec(await lab('status'))?.[1] ?? '';
    await onNode('n3', 'systemctl stop ha');
    const policy = policyIn(subnet);
    agents = { n1: await startNodeAgent('n1', policy), n2: await startNodeAgent('n2', policy) };
    await clear();
  });
  after(async () => {
    try {
      await clear();
    } finally {
      for (const agent of Object.values(agents)) await agent.remove();
      await onNode('n3', 'systemctl start ha');
    }
  });

  it('let in nobody else while they are fenced, also after a restart, and follow all the same', async () => {
    const session = onNode('n3', "psql -h n2 -U ha_observer -d postgres -c 'SELECT pg_sleep(100)' 2>&1 || true");
    await waitFor(
      'somebody else is there',
      async () =>
        (await sql('n2', "SELECT count(*) FROM pg_stat_activity WHERE usename = 'ha_observer'", 'postgres')) === '1',
    );
    const rules = await onNode('n2', 'cat /etc/postgresql/15/main/pg_hba.conf');
    await succeed('n2', { kind: 'fenceServer' });
    assert.match(await session, /terminating connection/);
    assert.match(await askFrom('n2'), /no pg_hba\.conf entry/);
    const fenced = await succeed('n2', { kind: 'fenceServer' });
    assert.ok(
      fenced?.kind === 'fenceServer' && fenced.servers.some((server) => server.major === 15 && server.isFenced),
    );
    await onNode('n2', 'systemctl restart postgresql@15-main');
    assert.match(await askFrom('n2'), /no pg_hba\.conf entry/);
    const row = await insert('while fenced');
    await waitFor(
      'what the primary writes arrives',
      async () => (await sql('n2', `SELECT count(*) FROM apolo.request WHERE id = ${row}`)) === '1',
    );
    await succeed('n2', { kind: 'unfenceServer' });
    await succeed('n2', { kind: 'unfenceServer' });
    assert.equal(await askFrom('n2'), '1');
    assert.equal(await onNode('n2', 'cat /etc/postgresql/15/main/pg_hba.conf'), rules);
  });

  it('are left alone by a copy that the source does not allow, of which there is no slot, or beside another one', async () => {
    await onNode(
      'n2',
      `sed s/replicator:.*/replicator:wrong/ ${passFile} >${wrongFile} && chmod 600 ${wrongFile} && chown postgres ${wrongFile}`,
    );
    const { source } = copy('1');
    assert.ok(source);
    const wrong = { source: { ...source, passFile: wrongFile } };
    await refuse(copy('1', wrong), 'unreachable', /nothing was changed: .*password authentication failed/);
    await refuse(copy('1', { source: { ...source, passFile: '/none' } }), 'not-found', /pass file \/none/);
    await refuse(copy('1', { slot: 'none' }), 'not-in-state', /no replication slot none on .*nothing was changed/);
    await refuse(copy('1', { major: 17 }), 'not-in-state', /PostgreSQL 15 main serves at port 5432: .*stopped before/);
    await refuse(copy('1', { source: { ...source, port: 5999 } }), 'unreachable', /nothing was changed/);
  });

  it('are made anew of a backup, whole or not at all', async () => {
    await succeed('n1', {
      ...{ kind: 'backUpDatabase', directory, backup: 'backup-1', database, jobs: 2, parity: ['apolo.request'] },
    });
    const before = await content('n1');
    await insert('since');
    const since = await content('n1');
    const former = await identity();
    const restore: Action = {
      ...{
        kind: 'restoreServer',
        directory,
        backup: 'backup-1',
        database,
        major: 15,
        name: 'main',
        jobs: 2,
        run: 'recover-1',
      },
    };
    assert.equal(await killedAt('n1', 'restoring flotoitsmdb', restore), 'command-killed');
    await onNode('n1', 'systemctl start postgresql@15-main');
    assert.equal(
      `${await identity()} ${await content('n1')}`,
      `${former} ${since}`,
      'nothing is replaced by half of it',
    );
    await killedAt('n1', 'setting aside', restore);
    await succeed('n1', restore);
    assert.notEqual(await identity(), former);
    assert.equal(await content('n1'), before);
    assert.match(await folders('n1'), /^main\nmain\.baton-aside-recover-1$/);
    assert.match(await onNode('n1', `cat ${versions}/main.baton-aside-recover-1/global/pg_control | wc -c`), /^8192/);
    assert.equal(await sql('n1', "SELECT setting FROM pg_settings WHERE name = 'wal_keep_size'", 'postgres'), '128');

    const row = await insert('after');
    await succeed('n1', restore);
    assert.equal(
      await sql('n1', `SELECT count(*) FROM apolo.request WHERE id = ${row}`),
      '1',
      'not restored over again',
    );
  });

  it('become a standby of another one that streams through its slot, however often the copy was killed', async () => {
    await succeed('n1', { kind: 'createSlot', slot: 'n2' });
    await succeed('n1', { kind: 'createSlot', slot: 'n2' });
    const ends: string[] = [];
    for (const said of ['copying', 'setting aside', 'starting']) ends.push(await killedAt('n2', said, copy('1')));
    assert.ok(ends.includes('command-killed'), ends.join());
    await succeed('n2', copy('1'));
    assert.equal(await streams(), 'true n2 streaming');
    assert.match(await folders('n2'), /^main\nmain\.baton-aside-recover-1$/);
    await insert('streamed');
    const now = await content('n1');
    await waitFor('the copy has it', async () => (await content('n2')) === now);
    assert.equal(await onNode('n2', `ls ${versions}/main/baton-* 2>/dev/null || true`), '');

    const asides = async () => {
      const { answer } = await agents.n2.coordinator.read({ kind: 'readServers' }, 30_000);
      return answer?.kind === 'readServers' ? answer.asides.map((one) => `${one.major} ${one.name} ${one.run}`) : [];
    };
    assert.deepEqual(await asides(), ['15 main recover-1']);
    await succeed('n2', { kind: 'dropAsides', run: 'recover' });
    assert.deepEqual(await asides(), ['15 main recover-1'], 'only what has exactly that name is removed');
    await succeed('n2', { kind: 'dropAsides', run: 'recover-1' });
    assert.deepEqual(await asides(), []);
    assert.equal(await folders('n2'), 'main');
  });

  it('become a primary of their own, of a timeline of their own, as a copy of a standby', async () => {
    const now = await content('n2');
    const primary = copy('2', { asStandby: false, slot: '', applicationName: '', keep: false });
    await killedAt('n1', 'starting', primary);
    const answer = await succeed('n1', primary);
    const server = answer?.kind === 'copyServer' ? answer.servers.find((one) => one.major === 15) : undefined;
    assert.deepEqual([server?.isRunning, server?.inRecovery, server?.port], [true, false, 5432]);
    assert.equal(await content('n1'), now);
    assert.equal(await sql('n1', 'SELECT timeline_id > 1 FROM pg_control_checkpoint()', 'postgres'), 't');
    assert.equal(await sql('n1', "SELECT setting FROM pg_settings WHERE name = 'primary_conninfo'", 'postgres'), '');
    await succeed('n1', { kind: 'createSlot', slot: 'n2' });
    await waitFor('the standby follows it', async () => (await streams()) === 'true n2 streaming');
  });
});
