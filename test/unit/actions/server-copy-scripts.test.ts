// Scripts of whole servers: what bash makes of them on both platforms, and what is asked before anything is changed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActionOf } from '../../../shared/actions/action.ts';
import { mergeWords } from '../../../shared/actions/jobs/merge-files.ts';
import { type ScriptAction, scriptOf } from '../../../shared/actions/jobs/scripts.ts';
import { profile } from '../plans/compiled.ts';

const source = { address: '192.0.2.1', port: 5432, user: 'replicator', passFile: '', options: '' };
const copy: ActionOf<'copyServer'> = {
  ...{ kind: 'copyServer', major: 77, name: 'main', source, asStandby: true, slot: 'n2', applicationName: 'n2' },
  ...{ keep: true, run: 'recover-1' },
};
const actions: ScriptAction[] = [
  copy,
  { ...copy, asStandby: false, keep: false },
  {
    ...{
      kind: 'restoreServer',
      directory: '/d',
      backup: 'b',
      database: 'd',
      major: 77,
      name: 'main',
      jobs: 2,
      run: 'r',
    },
  },
  { kind: 'fenceServer' },
  { kind: 'unfenceServer' },
  { kind: 'createSlot', slot: 'n2' },
  { kind: 'dropAsides', run: 'recover-1' },
  { kind: 'mergeFiles', root: '/opt/filedb', from: '192.0.2.1' },
  { kind: 'runHaScript', script: 'master.sh' },
];

describe('Scripts that copy whole servers', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'baton-servers-'));
    mkdirSync(join(folder, '77'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  /** With a stand-in of `runuser`, which starts nothing, and programs of a version that no machine has. */
  const carryOut = (action: ScriptAction, answers: string) => {
    writeFileSync(join(folder, 'runuser'), `#!/bin/sh\necho "$*" >>${folder}/asked\ncase $* in\n${answers}\nesac\n`, {
      mode: 0o755,
    });
    for (const name of ['pg_basebackup', 'initdb', 'postgres', 'pg_restore'])
      writeFileSync(join(folder, '77', name), `#!/bin/sh\necho ${name} >>${folder}/started\n`, { mode: 0o755 });
    const script = scriptOf(action, { ...profile, databasePrograms: `${folder}/{major}` }, folder);
    const env = { PATH: `${folder}:${process.env.PATH}` };
    const ran = spawnSync('bash', ['-euo', 'pipefail', '-c', script], { env, encoding: 'utf8' });
    assert.ok(!existsSync(join(folder, 'started')), 'a program of the server was started');
    const asked = readFileSync(join(folder, 'asked'), 'utf8');
    assert.doesNotMatch(asked, /pg_basebackup -D|\bmv\b|rm -rf|initdb/, 'something was changed');
    return `${ran.status} ${ran.stderr.trim().split('\n').at(-1)}`;
  };
  const of = (version: number, slot: string) =>
    `*IDENTIFY_SYSTEM*) echo '7|1|0/0|' ;; *server_version_num*) echo ${version}0001 ;; *READ_REPLICATION_SLOT*) echo '${slot}' ;;`;

  it('are what bash understands, on Debian and on RHEL', () => {
    for (const platform of ['debian', 'rhel'])
      for (const action of actions) {
        const input = scriptOf(action, { ...profile, platform }, folder);
        const { stderr } = spawnSync('bash', ['-n'], { input, encoding: 'utf8' });
        assert.equal(stderr, '', `${platform}: ${action.kind}`);
      }
  });

  it('change nothing where the source refuses, is of another version, or has no slot', () => {
    const refusing = `*IDENTIFY_SYSTEM*) echo 'FATAL:  no pg_hba.conf entry' >&2; exit 2 ;;`;
    assert.match(
      carryOut(copy, refusing),
      /^69 .*does not let replicator copy it; nothing was changed: FATAL: +no pg_hba/,
    );
    assert.match(carryOut(copy, of(76, 'physical||')), /^70 .*has PostgreSQL 76, not 77; nothing was changed/);
    assert.match(carryOut(copy, of(77, '||')), /^70 there is no replication slot n2 on 192\.0\.2\.1 port 5432/);
    const planted = join(folder, 'planted');
    const hostile = `*IDENTIFY_SYSTEM*) echo 7 ;; *server_version_num*) echo 'x[$(touch ${planted})]' ;;`;
    assert.match(carryOut(copy, hostile), /^70 .*tells no version of PostgreSQL; nothing was changed/);
    assert.ok(!existsSync(planted), 'what the other node says was carried out');
    const unreadable = { ...copy, source: { ...source, passFile: '/none' } };
    assert.match(carryOut(unreadable, '*test*) exit 1 ;;'), /^66 the pass file \/none is not there for postgres/);
  });

  it('give libpq a path of a pass file as it is, whatever it holds', () => {
    const script = scriptOf({ ...copy, source: { ...source, passFile: `/a b/it's\\x` } }, profile, folder);
    const line = script.split('\n').find((one) => one.startsWith('source=')) ?? '';
    const { stdout } = spawnSync('bash', ['-c', `${line}; echo "$source"`], { encoding: 'utf8' });
    assert.match(stdout, / passfile='\/a b\/it\\'s\\\\x' application_name=n2\n$/);
  });

  it('tell a primary of its own nothing of a slot or a source to follow', () => {
    const script = scriptOf({ ...copy, asStandby: false }, profile, folder);
    assert.doesNotMatch(script, / -R| -S n2|application_name|READ_REPLICATION_SLOT/);
    assert.match(script, /pg_promote/);
  });

  it('read what programs say in one language, whatever the machine speaks; an HA script speaks its own', () => {
    for (const action of actions) {
      const [first] = scriptOf(action, profile, folder).split('\n');
      assert.equal(first === 'export LC_ALL=C.UTF-8', action.kind !== 'runHaScript', action.kind);
    }
  });

  it('refuse a server with tablespaces before anything is changed, and go on with one without', () => {
    const script = scriptOf(copy, profile, folder).split('\n');
    const line = script.find((one) => one.includes('has_tablespaces ||')) ?? '';
    assert.ok(script.indexOf(line) < script.findIndex((one) => one.trim() === 'make_place'));
    mkdirSync(join(folder, 'pg_tblspc'));
    const input = [
      ...script.filter((one) => /^(?:fail|has_tablespaces)\(\)/.test(one)),
      `data=${folder} major=77 name=main`,
      line,
      'echo on',
    ].join('\n');
    const ask = () => spawnSync('bash', ['-euo', 'pipefail'], { input, encoding: 'utf8' });
    assert.equal(ask().stdout, 'on\n');
    writeFileSync(join(folder, 'pg_tblspc/16384'), '');
    assert.equal(ask().status, 70);
    assert.match(ask().stderr, /has tablespaces.*nothing was changed/);
  });

  it('make a server of a backup with the locales that its database had, whoever provides them', () => {
    const script = scriptOf(actions[2] ?? copy, { ...profile, databasePrograms: `${folder}/{major}` }, folder).split(
      '\n',
    );
    const lines = script.map((line) => line.trim());
    const making = lines.slice(
      lines.findIndex((line) => line.startsWith('properties=')),
      lines.findIndex((line) => line.includes('$bin/initdb" -D')) + 1,
    );
    const given = (told: string): string => {
      writeFileSync(join(folder, '77/pg_restore'), `#!/bin/sh\necho "CREATE DATABASE d WITH ${told};"\n`, {
        mode: 0o755,
      });
      const { stderr, status } = spawnSync('bash', ['-euo', 'pipefail'], {
        input: [
          'as_database() { echo "$*" >&2; }',
          'control() { echo 1; }',
          `bin=${folder}/77 copy=/copy database_user=postgres`,
          ...making,
        ].join('\n'),
        encoding: 'utf8',
      });
      assert.equal(status, 0, stderr);
      return stderr.replace(/.*--encoding/s, '--encoding').trim();
    };
    const rest = '--no-sync --data-checksums';
    assert.match(
      given("TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = icu LOCALE = 'C.UTF-8' ICU_LOCALE = 'de-DE'"),
      new RegExp(`--encoding=UTF8 --locale=C.UTF-8 ${rest} --locale-provider=icu --icu-locale=de-DE `),
    );
    assert.match(
      given("ENCODING = 'UTF8' LOCALE_PROVIDER = builtin LOCALE = 'en_US.UTF-8' BUILTIN_LOCALE = 'C.UTF-8'"),
      new RegExp(`--locale=en_US.UTF-8 ${rest} --locale-provider=builtin --builtin-locale=C.UTF-8 `),
    );
    for (const told of ["LOCALE_PROVIDER = libc LOCALE = 'C'", "ENCODING = 'LATIN1' LC_COLLATE = 'C' LC_CTYPE = 'C'"])
      assert.doesNotMatch(given(told), /provider/);
  });

  it('go on where they were killed between the two renames of a swap', () => {
    const script = scriptOf(copy, profile, folder).split('\n');
    const functions = script.slice(
      0,
      script.findIndex((line) => line.startsWith('[[ -x $bin')),
    );
    const made = /made=(\S+)/.exec(script.join('\n'))?.[1] ?? '';
    mkdirSync(join(folder, 'main.baton-copy'));
    const end = (mark: string) => {
      writeFileSync(join(folder, 'main.baton-copy/baton-replaced'), `${mark}\n`);
      const places = `place=${folder}/main copy=${folder}/main.baton-copy data=${folder}/main`;
      const input = [...functions, 'as_database() { "$@"; }', places, 'end_swap; is_made'].join('\n');
      return spawnSync('bash', ['-euo', 'pipefail'], { input }).status;
    };
    assert.equal(end('of another one'), 1);
    assert.equal(end(made), 0);
    assert.ok(!existsSync(join(folder, 'main.baton-copy')));
  });

  it('bring files of another node, but nothing with a power of its own', () => {
    const [theirs, ours] = [join(folder, 'theirs'), join(folder, 'ours')];
    for (const path of [theirs, ours]) mkdirSync(path);
    const env = { PATH: `${process.env.PATH}:/usr/sbin` };
    writeFileSync(join(theirs, 'one'), 'content');
    chmodSync(join(theirs, 'one'), 0o6755);
    assert.equal(spawnSync('setcap', ['cap_net_raw+ep', join(theirs, 'one')], { env }).status, 0);
    spawnSync('mkfifo', [join(theirs, 'pipe')]);
    spawnSync('mknod', [join(theirs, 'null'), 'c', '1', '3']);
    const words = mergeWords({ root: ours, from: '192.0.2.1' });
    const [program = '', ...args] = words.map((word) => (word.startsWith('root@') ? `${theirs}/` : word));
    assert.equal(spawnSync(program, args).status, 0);
    assert.deepEqual(readdirSync(ours), ['one']);
    assert.equal(statSync(join(ours, 'one')).mode & 0o7777, 0o755);
    const powers = (of: string) => spawnSync('getcap', [join(of, 'one')], { env, encoding: 'utf8' }).stdout;
    assert.match(powers(theirs), /cap_net_raw/);
    assert.equal(powers(ours), '');
  });
});
