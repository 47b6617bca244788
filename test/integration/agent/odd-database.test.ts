// Readings of a real server that has been set up to answer oddly, by an agent whose own surroundings are odd too: another
// language, a psqlrc that prints and changes things, options of libpq. What is read must be the same.
import assert from 'node:assert/strict';
import { chown, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { createReadingAgent, type ReadingAgent } from './reading-agent.ts';

const programs = '/usr/lib/postgresql';
const port = 54_329;
const odd = {
  ...{ LANG: 'de_DE.UTF-8', LC_ALL: 'ja_JP.UTF-8', LANGUAGE: 'fr', LC_NUMERIC: 'fr_FR.UTF-8', TZ: 'Asia/Kathmandu' },
  ...{ PGOPTIONS: '-c default_transaction_read_only=on', PGDATABASE: 'nowhere', PGHOST: '192.0.2.1', PGUSER: 'nobody' },
};
const oddSettings = [
  "datestyle = 'German, DMY'",
  "intervalstyle = 'sql_standard'",
  "search_path = 'shadow'",
  "timezone = 'Asia/Kathmandu'",
  "bytea_output = 'escape'",
  'extra_float_digits = -15',
  "client_encoding = 'LATIN1'",
];

describe('A database that answers oddly', function () {
  this.timeout(120_000);
  let folder: string;
  let bin: string;
  let agent: ReadingAgent;
  const found = new Map<string, string | undefined>();
  const asPostgres = async (...argv: string[]) =>
    await execa('runuser', ['-u', 'postgres', '--', ...argv], {
      ...{ cwd: '/', extendEnv: false, env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C.UTF-8' } },
    });
  const sql = async (statement: string) =>
    await asPostgres('psql', '-X', '-h', folder, '-p', String(port), '-d', 'postgres', '-qc', statement);

  before(async function () {
    const major = (await readdir(programs).catch(() => [])).sort((a, b) => Number(a) - Number(b)).at(-1);
    if (major === undefined) return this.skip();
    bin = join(programs, major, 'bin');
    folder = await mkdtemp(join(tmpdir(), 'baton-odd-'));
    const { stdout } = await execa('id', ['-u', 'postgres']);
    await chown(folder, Number(stdout), 0);
    await asPostgres(
      join(bin, 'initdb'),
      '-D',
      join(folder, 'data'),
      '-A',
      'peer',
      '-N',
      '-E',
      'UTF8',
      '--locale',
      'C.UTF-8',
    );
    const options = `-p ${port} -k ${folder} -c listen_addresses= -c fsync=off`;
    await asPostgres(
      join(bin, 'pg_ctl'),
      '-w',
      '-D',
      join(folder, 'data'),
      '-o',
      options,
      '-l',
      join(folder, 'log'),
      'start',
    );
    await sql(
      "CREATE SCHEMA apolo; CREATE TABLE apolo.request (subject text); INSERT INTO apolo.request VALUES ('größer')",
    );
    await sql(
      "CREATE SCHEMA shadow; CREATE FUNCTION shadow.pg_is_in_recovery() RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    );
    for (const setting of oddSettings) await sql(`ALTER ROLE postgres SET ${setting}`);
    await mkdir(join(folder, 'home'));
    await writeFile(
      join(folder, 'home/psqlrc'),
      "\\echo hello\n\\timing on\n\\pset format html\n\\set ON_ERROR_STOP 0\nSELECT 'odd';\n",
    );
    const settings = { ...odd, PSQLRC: join(folder, 'home/psqlrc'), HOME: join(folder, 'home') };
    for (const [name, value] of Object.entries(settings)) {
      found.set(name, process.env[name]);
      process.env[name] = value;
    }
    agent = await createReadingAgent(
      `database: { names: [postgres], user: postgres, socketDirectory: ${folder}, port: ${port} }\n`,
    );
  });
  after(async () => {
    for (const [name, value] of found) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    if (folder === undefined) return;
    await asPostgres(join(bin, 'pg_ctl'), '-m', 'immediate', '-D', join(folder, 'data'), 'stop');
    await agent.remove();
    await rm(folder, { recursive: true, force: true });
  });

  it('is told as what it is, counted and searched', async () => {
    const state = await agent.read({ kind: 'readReplication', database: 'postgres' });
    assert.deepEqual([state.inRecovery, state.acceptsWrites, state.timeline, state.clients], [false, true, 1, []]);
    assert.match(state.lsn, /^[0-9A-F]+\/[0-9A-F]+$/);
    const { tables } = await agent.read({ kind: 'countRows', database: 'postgres', tables: ['apolo.request'] });
    assert.deepEqual(tables, [{ table: 'apolo.request', rows: 1 }]);
    const where = { database: 'postgres', table: 'apolo.request', column: 'subject' };
    assert.equal((await agent.read({ kind: 'findRows', ...where, value: 'größer' })).rows, 1);
    assert.equal((await agent.read({ kind: 'findRows', ...where, value: "' OR 1=1" })).rows, 0);
    const { schemaDigest, writtenDigest } = await agent.read({ kind: 'readDatabaseState', database: 'postgres' });
    assert.match(`${schemaDigest} ${writtenDigest}`, /^[0-9a-f]{64} [0-9a-f]{32}$/);
  });

  it('tells its rules and roles, and no password', async () => {
    await sql("SET password_encryption = 'md5'; CREATE ROLE old LOGIN SUPERUSER PASSWORD 'topsecret'");
    await sql("CREATE ROLE app LOGIN PASSWORD 'topsecret'");
    const rules = [
      'local all all peer',
      'host all all 0.0.0.0 0.0.0.0 trust',
      'host all app ::/0 ldap ldapserver=x ldapbasedn=y ldapbinddn=z ldapbindpasswd=topsecret',
      'host all all 10.0.0.0/8 nonsense',
    ];
    await asPostgres('sh', '-c', 'printf "%s\\n" "$@" > "$0"', join(folder, 'data/pg_hba.conf'), ...rules);
    const access = await agent.read({ kind: 'readAccess', database: 'postgres' });
    assert.deepEqual(
      access.rules.map(({ address, method, error }) => [address, method, error === '']),
      [
        ['', 'peer', true],
        ['0.0.0.0/0', 'trust', true],
        ['::/0', 'ldap', true],
        ['', '', false],
      ],
    );
    const roles = access.roles.map(({ name, superuser, password }) => [name, superuser, password]);
    assert.deepEqual(roles, [
      ['app', false, 'scram'],
      ['old', true, 'md5'],
      ['postgres', true, 'none'],
    ]);
    assert.doesNotMatch(JSON.stringify(access), /topsecret|SCRAM-SHA|md5[0-9a-f]{8}/);
  });
});
