import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printCommands } from '../../../shared/actions/commands.ts';
import { isJob } from '../../../shared/actions/jobs/job.ts';
import { type ScriptAction, scriptOf } from '../../../shared/actions/jobs/scripts.ts';
import { profile } from '../plans/compiled.ts';
import { nodeOfFiles } from './server-node.ts';

const at = { from: 15, to: 17, name: 'main' };
const upgrade = (mode: string, run = 'db-upgrade-1a2b'): ScriptAction => ({
  ...{ kind: 'upgradeServer', ...at, mode, jobs: 2, run },
});
const one = { major: 17, name: 'main' };
const actions: ScriptAction[] = [
  { kind: 'recordServer', record: 'r1', database: 'flotoitsmdb', parity: ['apolo.request'], queries: ['open-tickets'] },
  { kind: 'checkServerUpgrade', ...at, mode: 'copy' },
  upgrade('copy'),
  upgrade('link'),
  { kind: 'stopServer', ...one },
  { kind: 'startServer', ...one, analyze: true },
  { kind: 'returnServer', ...at },
  { kind: 'analyzeServer', ...one, jobs: 2 },
  { kind: 'dropServer', ...one },
];
const platforms = [{}, { platform: 'rhel', databasePrograms: '/usr/pgsql-{major}/bin' }];

describe('Scripts of PostgreSQL servers', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'baton-servers-'));
    for (const major of [15, 17]) {
      mkdirSync(join(root, `bin-${major}/bin`), { recursive: true });
      for (const program of ['postgres', 'pg_upgrade', 'vacuumdb'])
        writeFileSync(join(root, `bin-${major}/bin/${program}`), '#!/bin/sh\n', { mode: 0o755 });
    }
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const of = (file: string, major = 15) => join(root, `${major}/main/${file}`);
  const write = (file: string, text: string, major = 15) => writeFileSync(of(file, major), `${text}\n`);
  const read = (file: string, major = 15) =>
    existsSync(of(file, major)) ? readFileSync(of(file, major), 'utf8').trim() : undefined;
  const have = (major: number, port: number, control = 'shut down|3') => {
    mkdirSync(of('global', major), { recursive: true });
    write('PG_VERSION', String(major), major);
    write('port', String(port), major);
    write('global/pg_control', control, major);
  };
  /** Runs a script on the node of files; what it says and how it ends. */
  const run = (action: ScriptAction, more = '') => {
    const here = {
      ...profile,
      outputDirectory: join(root, 'state/units'),
      databasePrograms: `${root}/bin-{major}/bin`,
    };
    const lines = scriptOf(action, here, join(root, 'job')).split('\n');
    const begins = lines.findIndex((line) => line.startsWith('install -d -m 0700 "$state"'));
    const input = [`root=${root}`, ...lines.slice(0, begins + 1)];
    const rest = lines.slice(begins + 1);
    // After the last function, so that these stand for them.
    const acts = rest.findIndex((line) => /^(?:from=|use_server )/.test(line));
    input.push(...rest.slice(0, acts), nodeOfFiles, more, ...rest.slice(acts));
    const { status, stdout, stderr } = spawnSync('bash', ['-euo', 'pipefail'], {
      input: input.join('\n'),
      encoding: 'utf8',
    });
    return {
      status,
      acts: stdout.split('\n').filter((line) => /^[A-Z]{4,} /.test(line)),
      said: stderr.trim().split('\n').at(-1) ?? '',
    };
  };

  it('are such as bash reads on each platform, and are printed as they are executed', () => {
    const context = { key: { run: 'r1', step: 'upgrade', phase: 'do', attempt: 1 }, timeoutMs: 60_000 } as const;
    for (const more of platforms)
      for (const action of actions) {
        const here = { ...profile, ...more };
        const folder = `${profile.outputDirectory}/baton-r1-upgrade-do-1`;
        const script = scriptOf(action, here, folder);
        execFileSync('bash', ['-n'], { input: script });
        assert.ok(isJob(action));
        assert.equal(printCommands(action, here, context)[0], `cat >${folder}/job.sh <<'JOB'\n${script}JOB`);
      }
    for (const action of [{ kind: 'readServers' }, { kind: 'compareServer', record: 'r1', database: 'd' }] as const) {
      const [line = ''] = printCommands(action, profile, context);
      execFileSync('bash', ['-n'], { input: line.split("<<'SQL'\n")[1]?.replace(/\nSQL$/, '') ?? '' });
    }
  });

  it('upgrade, start and give back; by copy what was started is kept, by link it is no way back', () => {
    for (const mode of ['copy', 'link']) {
      have(15, 5432);
      const first = run(upgrade(mode));
      assert.equal(first.status, 0, first.said);
      assert.match(first.acts.join(), mode === 'link' ? /^UPGRADE .* --link$/ : /^UPGRADE (?!.*--link)/);
      assert.deepEqual(
        [read('port'), read('boot'), read('port', 17), read('boot', 17)],
        ['5434', 'disabled', '5432', 'manual'],
      );
      assert.equal(JSON.parse(read('baton-upgraded.json', 17) ?? '').run, 'db-upgrade-1a2b');
      assert.deepEqual(run(upgrade(mode)).acts, [], 'done is done');

      const started = run({ kind: 'startServer', ...one, analyze: false });
      assert.deepEqual([started.status, started.acts, read('boot', 17)], [0, ['START 17'], 'auto']);
      assert.equal(existsSync(of('baton-spent')), mode === 'link');
      const back = run({ kind: 'returnServer', ...at });
      if (mode === 'link') {
        assert.deepEqual([back.status, back.acts], [70, []]);
        assert.match(back.said, /spent: .*restore from the standby's server or from the run's backup/);
        continue;
      }
      assert.deepEqual([back.status, back.acts], [0, ['STOP 17', 'START 15']], back.said);
      assert.deepEqual(
        [read('port'), read('boot'), read('port', 17), read('boot', 17)],
        ['5432', 'auto', '5433', 'disabled'],
      );
      const late = run(upgrade(mode));
      assert.equal(`${late.status} ${late.acts}`, '70 ');
      assert.match(late.said, /both may hold what the other lacks/);
      rmSync(join(root, '15'), { recursive: true });
      rmSync(join(root, '17'), { recursive: true });
    }
  });

  it('begin anew what is half made, and give the old one its control file back', () => {
    have(15, 5432);
    // As a kill leaves it while files are linked.
    have(17, 5433);
    rmSync(of('global/pg_control', 17));
    write('global/pg_control.old', 'shut down|3');
    rmSync(of('global/pg_control'));
    mkdirSync(join(root, 'state/servers'), { recursive: true });
    writeFileSync(join(root, 'state/servers/making-17-main'), 'any-run\n');
    const start = run({ kind: 'startServer', ...one, analyze: false });
    assert.equal(`${start.status} ${start.acts}`, '70 ');
    assert.match(start.said, /half made/);
    const again = run(upgrade('copy'));
    assert.deepEqual([again.status, again.acts.length, again.acts[0]?.split(' ')[0]], [0, 1, 'UPGRADE'], again.said);
    assert.equal(read('global/pg_control'), 'shut down|3', 'nothing had to recover');
    assert.ok(!existsSync(join(root, 'state/servers/making-17-main')));
    writeFileSync(join(root, 'state/servers/making-17-main'), 'any-run\n');
    rmSync(of('baton-upgraded.json', 17));
    assert.deepEqual(run({ kind: 'returnServer', ...at }).acts, ['START 15']);
    assert.ok(!existsSync(of('', 17)) && !existsSync(join(root, 'state/servers/making-17-main')));
  });

  it('go on where the removal of what was never started was killed', () => {
    have(15, 5432);
    assert.equal(run(upgrade('link')).status, 0);
    const back: ScriptAction = { kind: 'returnServer', ...at };
    const killed = run(back, `remove_server() { rm "$data/${'baton-upgraded.json'}" "$data/PG_VERSION"; kill -9 $$; }`);
    assert.ok(killed.status === null && existsSync(of('global/pg_control', 17)));
    assert.deepEqual(run(back).acts, ['START 15']);
    assert.ok(!existsSync(of('', 17)));
    assert.equal(read('global/pg_control'), 'in production|9');
  });

  it('know one that is whole where the end of its upgrade was killed, and one whose removal has begun', () => {
    have(15, 5432);
    assert.equal(run(upgrade('link')).status, 0);
    const making = join(root, 'state/servers/making-17-main');
    writeFileSync(making, 'db-upgrade-1a2b\n');
    const again = run(upgrade('link'));
    assert.deepEqual([again.status, again.acts], [0, []], again.said);
    assert.ok(!existsSync(making));
    writeFileSync(making, 'undo\n');
    rmSync(of('global/pg_control', 17));
    const anew = run(upgrade('link'));
    assert.deepEqual([anew.status, anew.acts.length], [0, 1], anew.said);
    assert.deepEqual(run({ kind: 'startServer', ...one, analyze: false }).acts, ['START 17']);
  });

  it('leave nothing behind where pg_upgrade fails, and recover first what was killed', () => {
    have(15, 5432, 'in production|3');
    const failed = run(upgrade('link'), 'fails=1');
    assert.equal(failed.status, 1);
    assert.equal(failed.acts[0], 'RECOVER 15');
    assert.ok(!existsSync(of('', 17)), 'the new one is gone');
    assert.deepEqual([read('port'), read('global/pg_control')], ['5432', 'shut down|8']);
    assert.ok(!existsSync(join(root, 'state/servers/making-17-main')));
  });

  it('remember what is half made where it cannot be removed', () => {
    have(15, 5432);
    const failed = run(upgrade('copy'), 'fails=1; as_database() { [[ $1 != rm || $* != *17/main ]] && "$@"; }');
    assert.equal(failed.status, 1);
    assert.ok(existsSync(of('', 17)) && existsSync(join(root, 'state/servers/making-17-main')));
    assert.equal(run(upgrade('copy')).status, 0, 'a repetition begins anew');
  });

  it('write down no secret, and nothing of a query that fails', () => {
    const queries = join(root, 'queries');
    mkdirSync(queries);
    for (const [name, text] of [
      [join(queries, 'open-tickets.sql'), 'SELECT 1'],
      [join(root, 'database'), 'flotoitsmdb'],
      [join(root, 'queries.list'), 'open-tickets'],
    ] as const)
      writeFileSync(name, `${text}\n`);
    const action: ScriptAction = {
      ...{ kind: 'recordServer', record: 'r1', database: 'flotoitsmdb', parity: [], queries: ['open-tickets'] },
    };
    const lines = scriptOf(action, { ...profile, queriesDirectory: queries }, root).split('\n');
    const functions = lines
      .slice(
        0,
        lines.findIndex((line) => line.startsWith('record=')),
      )
      .filter((line) => !line.startsWith('install -d'))
      .map((line) => line.replace('$1/queries', '$1/queries.list'));
    const facts = (ask: string) =>
      spawnSync('bash', ['-euo', 'pipefail'], {
        input: [...functions, 'as_database() { "$@"; }', `ask() { ${ask}; }`, `facts ${root} 1`].join('\n'),
        encoding: 'utf8',
      });
    const answering = facts('[[ $* != *-f* ]] || echo 7');
    assert.match(answering.stdout, /^answer of open-tickets\t#[0-9a-f]{64}$/m);
    assert.equal(answering.status, 0);
    assert.equal(facts('[[ $* != *-f* ]]').status, 1);
    const secrets = facts(
      `[[ $* != *pg_db_role_setting* ]] || printf 'settings of role r\\tapp.jwt_secret=hidden, work_mem=1\\n'`,
    );
    assert.match(secrets.stdout, /^settings of role r\t#[0-9a-f]{64}$/m);
  });

  it('touch no server that another run or somebody else has made, and none that is a standby', () => {
    have(15, 5432);
    have(17, 5433);
    const strange = run(upgrade('copy'));
    assert.equal(strange.status, 70);
    assert.match(strange.said, /which this run has not made; look at what it holds.*pg_dropcluster/);
    write('baton-upgraded.json', '{"run": "db-upgrade-old", "from": "15", "mode": "copy", "checkpoint": "3"}', 17);
    assert.match(run(upgrade('copy')).said, /baton run finalize db-upgrade-old removes it/);
    assert.equal(read('port', 17), '5433');
    rmSync(join(root, '17'), { recursive: true });
    write('standby.signal', '');
    assert.match(run(upgrade('copy')).said, /is a standby, which cannot be upgraded/);
    rmSync(of('standby.signal'));
    assert.match(
      run(upgrade('copy'), 'free=1000').said,
      /needs \d+ bytes beside .*, 1000 are free; nothing was changed/,
    );
    assert.equal(run(upgrade('copy')).status, 0);
  });

  it('count a server as not started that did not come to write anything', () => {
    have(15, 5432);
    assert.equal(run(upgrade('link')).status, 0);
    assert.equal(run({ kind: 'startServer', ...one, analyze: false }, 'fails=1').status, 1);
    assert.ok(!existsSync(of('baton-started', 17)) && !existsSync(of('baton-spent')));
    assert.deepEqual(run({ kind: 'returnServer', ...at }).acts, ['START 15']);
    assert.ok(!existsSync(of('', 17)), 'never started, it holds nothing that the old one lacks');

    run({ kind: 'stopServer', major: 15, name: 'main' });
    assert.equal(run(upgrade('link')).status, 0);
    // By hand, past Baton.
    write('global/pg_control', 'in production|5', 17);
    assert.match(run({ kind: 'returnServer', ...at }).said, /is spent/);
    write('port', '5433', 17);
    write('global/pg_control', 'shut down|7', 17);
    assert.equal(run({ kind: 'dropServer', ...one }).status, 0);
    assert.match(run({ kind: 'startServer', major: 15, name: 'main', analyze: false }).said, /is spent/);
  });

  it('remove no server that runs or is in service, and what others have left beside it only with it', () => {
    have(17, 5432);
    mkdirSync(join(root, '17/main.baton-aside-r1'));
    const drop: ScriptAction = { kind: 'dropServer', ...one };
    assert.match(run(drop).said, /is the one in service/);
    write('port', '5433', 17);
    write('running', '', 17);
    assert.match(run(drop).said, /is running; nothing was removed/);
    assert.ok(existsSync(join(root, '17/main.baton-aside-r1')));
    rmSync(of('running', 17));
    assert.equal(run(drop).status, 0);
    assert.ok(!existsSync(of('', 17)) && !existsSync(join(root, '17/main.baton-aside-r1')));
    assert.equal(run(drop).status, 0, 'gone is gone');

    // Killed while it was removed: what is left says nothing of its port any more, and would count as in service.
    have(17, 5433);
    const killed = run(drop, 'remove_server() { rm "$data/port"; kill -9 $$; }');
    assert.ok(killed.status === null && existsSync(of('', 17)));
    assert.equal(run(drop).status, 0);
    assert.ok(!existsSync(of('', 17)));
  });
});
