import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scriptOf } from '../../../shared/actions/jobs/scripts.ts';
import { readServersScript } from '../../../shared/actions/read-servers.ts';
import { profile } from '../plans/compiled.ts';

describe('Functions of scripts about PostgreSQL servers', () => {
  const library = scriptOf({ kind: 'stopServer', major: 15, name: 'main' }, profile, '/var/job').split('\n');
  const functions = library.slice(
    0,
    library.findIndex((line) => line.startsWith('install -d -m 0700')),
  );
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'baton-servers-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const write = (file: string, text: string) => writeFileSync(join(root, file), `${text}\n`);
  const read = (file: string) => readFileSync(join(root, file), 'utf8').trim();

  it('know a server by its process, and change a setting wherever it stands', () => {
    const bash = (line: string) =>
      execFileSync('bash', ['-euo', 'pipefail'], {
        input: [...functions, 'as_database() { "$@"; }', `data=${root} conf=${root} major=15 name=main`, line].join(
          '\n',
        ),
        encoding: 'utf8',
      }).trim();
    const process = spawn('sleep', ['60'], { cwd: root });
    try {
      write('postmaster.pid', `${process.pid}\n${root}`);
      assert.equal(bash('is_running && echo yes || echo no'), 'yes');
      write('postmaster.pid', `${globalThis.process.pid}\n${root}`);
      assert.equal(bash('is_running && echo yes || echo no'), 'no', 'a number may be another process’s by now');
    } finally {
      process.kill();
    }
    write('postgresql.conf', '#port = 1\nport = 5432 # of service\nwork_mem = 4MB\nport_of.mine 3');
    write('postgresql.auto.conf', "port = '6000'");
    bash('set_setting port 5433; set_setting max_connections 7');
    assert.equal(
      read('postgresql.conf'),
      '#port = 1\nport = 5433 # of service\nwork_mem = 4MB\nport_of.mine 3\nmax_connections = 7',
    );
    assert.equal(read('postgresql.auto.conf'), "port = '5433'");
    bash('set_setting port 5432');
    assert.equal(
      read('postgresql.conf'),
      '#port = 1\nport = 5432 # of service\nwork_mem = 4MB\nport_of.mine 3\nmax_connections = 7',
    );
    bash('set_setting work_mem 8MB');
    assert.match(read('postgresql.conf'), /^work_mem = '8MB'$/m);
  });

  it('change of how a server starts only the word, and leave what is said about it', () => {
    const said = '# auto: with the machine; manual: by hand\n# disabled: not at all\n\nauto';
    write('start.conf', said);
    const set = (to: string) =>
      execFileSync('bash', ['-euo', 'pipefail'], {
        input: [
          ...functions,
          'systemctl() { :; }',
          'as_database() { "$@"; }',
          `conf=${root}`,
          `set_boot ${to}; boot_of`,
        ].join('\n'),
        encoding: 'utf8',
      }).trim();
    for (const word of ['disabled', 'manual']) {
      assert.equal(set(word), word);
      assert.equal(read('start.conf'), said.replace(/auto$/, word));
    }
    assert.equal(set('auto'), 'auto');
    assert.equal(read('start.conf'), said);
    write('start.conf', '');
    assert.equal(set('manual'), 'manual');
  });

  it('configure the new version as the old one, at its own places and without what it does not know', () => {
    const file = join(root, 'old.conf');
    writeFileSync(
      file,
      [
        "data_directory = '/var/lib/postgresql/15/main'",
        "hba_file = '/etc/postgresql/15/main/pg_hba.conf' # here",
        "external_pid_file = '/var/run/postgresql/15-main.pid'",
        "cluster_name = '15/main'",
        "archive_command = 'cp %p /var/lib/postgresql/15/mainly/%f'",
        'old_snapshot_threshold = 60min',
        '#old_snapshot_threshold = 5',
        'old_snapshot_threshold_of.mine = 1',
        '',
      ].join('\n'),
    );
    const translated = execFileSync('bash', ['-euo', 'pipefail'], {
      input: [
        ...functions,
        'as_database() { "$@"; }',
        'from_major=15 from_name=main from_data=/var/lib/postgresql/15/main from_conf=/etc/postgresql/15/main unknown=old_snapshot_threshold',
        'major=17 name=main data=/var/lib/postgresql/17/main conf=/etc/postgresql/17/main',
        `translate ${file}`,
      ].join('\n'),
      encoding: 'utf8',
    });
    assert.deepEqual(translated.trim().split('\n'), [
      "data_directory = '/var/lib/postgresql/17/main'",
      "hba_file = '/etc/postgresql/17/main/pg_hba.conf' # here",
      "external_pid_file = '/var/run/postgresql/17-main.pid'",
      "cluster_name = '17/main'",
      "archive_command = 'cp %p /var/lib/postgresql/15/mainly/%f'",
      '#not known to PostgreSQL 17: old_snapshot_threshold = 60min',
      '#old_snapshot_threshold = 5',
      'old_snapshot_threshold_of.mine = 1',
    ]);
  });

  it('read as the database’s user: no link planted there has root read, or give away, what is root’s', () => {
    const nobody = 65_534;
    const conf = join(root, 'conf');
    const secret = join(root, 'secret');
    const folder = join(root, 'root-only');
    for (const path of [conf, join(conf, 'conf.d'), folder]) mkdirSync(path);
    writeFileSync(secret, 'port = 1\nsecret = here\n', { mode: 0o600 });
    writeFileSync(join(conf, 'postgresql.conf'), 'port = 5432\n');
    symlinkSync(secret, join(conf, 'conf.d/a.conf'));
    symlinkSync(folder, join(conf, 'empty'));
    for (const path of [conf, join(conf, 'conf.d'), join(conf, 'postgresql.conf')]) chownSync(path, nobody, nobody);
    chmodSync(root, 0o755);
    const bash = (line: string) =>
      spawnSync('bash', ['-euo', 'pipefail'], {
        input: [
          ...functions,
          'as_database() { runuser -u nobody -- "$@"; }',
          `database_user=nobody private=${conf} data=${root}/data conf=${conf} bin=/none major=15 name=main`,
          'from_major=14 from_name=main from_data=/d from_conf=/c unknown=',
          line,
        ].join('\n'),
      });
    for (const line of ['set_setting port 5433', 'rewrite "$conf/conf.d/a.conf" translate "$conf/conf.d/a.conf"']) {
      bash(line);
      assert.ok(lstatSync(join(conf, 'conf.d/a.conf')).isSymbolicLink(), line);
    }
    assert.notEqual(bash('rewrite "$conf/postgresql.conf" false').status, 0);
    assert.match(read('conf/postgresql.conf'), /^port = 543\d$/, 'what cannot be read is not taken for empty');
    bash('echo work_mem | unknown_of');
    assert.equal(statSync(folder).uid, 0);
  });

  it('wait for nothing that the database’s user has put in a file’s place, and take no folder’s name for two', () => {
    const bash = (line: string) =>
      spawnSync('bash', ['-euo', 'pipefail'], {
        input: [...functions, 'as_database() { "$@"; }', `data=${root} conf=${root}`, line].join('\n'),
        encoding: 'utf8',
        timeout: 20_000,
      });
    for (const file of ['postmaster.pid', 'start.conf', 'baton-upgraded.json'])
      assert.equal(spawnSync('mkfifo', [join(root, file)]).status, 0);
    const asked = bash(`is_running && echo runs || echo stopped; boot_of; mark_value baton-upgraded.json run`);
    assert.deepEqual([asked.status, asked.stdout], [0, 'stopped\n'], `${asked.signal} ${asked.stderr}`);
    rmSync(join(root, 'postmaster.pid'));
    write('postmaster.pid', '../../etc\n');
    assert.equal(bash('is_running && echo runs || echo stopped').stdout, 'stopped\n');
    const told = bash(`tell_server 15/main; tell_server $'15/x\\n../..'; tell_server 15/-x; tell_server '15/a b'`);
    assert.equal(told.stdout, '15 main\n');
  });

  it('keep of fenced access rules what lets in replication, alone or beside databases, and nothing else', () => {
    const script = scriptOf({ kind: 'fenceServer' }, profile, '/var/job').split('\n');
    const begins = script.findIndex((line) => line.includes('rules=$('));
    const length = script.slice(begins).findIndex((line) => line.includes('$unfenced.new'));
    const lines = script.slice(begins, begins + length + 1);
    write(
      'hba.new',
      [
        '# host all,replication all 0.0.0.0/0 trust',
        'local   all all peer',
        'host    replication     replicator      10.0.0.0/8      scram-sha-256',
        'host all,replication replicator 10.1.0.0/16 md5',
        'host app, replication  replicator 10.2.0.0/16 md5',
        'host "replication" all 10.3.0.0/16 md5',
        'host replication_of_mine all 10.4.0.0/16 md5',
        'host replication \\',
        '  replicator 10.5.0.0/16 md5',
      ].join('\n'),
    );
    const { stdout, stderr, status } = spawnSync('bash', ['-euo', 'pipefail'], {
      input: [
        'as_database() { "$@"; }',
        `database_user=postgres fenced='# Fenced' unfenced=${root}/hba`,
        ...lines,
        'echo "$rules"',
      ].join('\n'),
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    assert.deepEqual(
      stdout
        .trim()
        .split('\n')
        .slice(2)
        .map((line) => line.replaceAll(/ +/g, ' ')),
      [
        'host replication replicator 10.0.0.0/8 scram-sha-256',
        'host replication replicator 10.1.0.0/16 md5',
        'host replication replicator 10.2.0.0/16 md5',
        'host replication replicator 10.5.0.0/16 md5',
      ],
    );
  });

  it('tell the size of a tree in time: what is used of its disk where it cannot be gone through', () => {
    const script = readServersScript(profile).split('\n');
    const begins = script.findIndex((line) => line.startsWith('measure_until='));
    const ends = script.findIndex((line) => line.startsWith('data_bytes()') && script.indexOf(line) > begins);
    const sizes = script.slice(begins, script.lastIndexOf(script[ends] ?? '') + 1);
    const size = (before: string): number => {
      const { stdout, stderr, status } = spawnSync('bash', ['-euo', 'pipefail'], {
        input: [...sizes, before, `data=${root} major=15`, 'data_bytes'].join('\n'),
        encoding: 'utf8',
        timeout: 60_000,
      });
      assert.equal(status, 0, stderr);
      return Number(stdout.trim());
    };
    write('some', 'x'.repeat(5000));
    const exact = size('');
    assert.ok(exact >= 5000 && exact < 1_000_000, String(exact));
    mkdirSync(join(root, 'bin'));
    writeFileSync(join(root, 'bin/du'), '#!/bin/sh\necho "7 part"\nsleep 600\n', { mode: 0o755 });
    const { blocks, bfree, bsize } = statfsSync(root);
    const used = (blocks - bfree) * bsize;
    const late = size(`PATH=${root}/bin:$PATH measure_until=$((SECONDS + 1))`);
    assert.ok(late > used / 2 && late < used * 2, `${late}, used ${used}`);
    assert.ok(size('measure_until=0') > used / 2, 'no time is left');
  });
});
