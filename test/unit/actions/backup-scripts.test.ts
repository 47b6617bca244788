import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActionOf } from '../../../shared/actions/action.ts';
import { printCommands } from '../../../shared/actions/commands.ts';
import { validateAction, validateActionTemplate } from '../../../shared/actions/constraints.ts';
import { isJob, jobEndOf } from '../../../shared/actions/jobs/job.ts';
import { asideName } from '../../../shared/actions/jobs/places.ts';
import { type ScriptAction, scriptOf } from '../../../shared/actions/jobs/scripts.ts';
import { profile } from '../plans/compiled.ts';

const at = { directory: '/var/backups/baton', backup: 'upgrade-1a2b3c4d' };
const files: ActionOf<'backUpFiles'> = {
  ...{ kind: 'backUpFiles', ...at, part: 'application' },
  ...{ paths: ['/opt/flo tomate', "/opt/it's"], excludes: ['/opt/flo tomate/logs'], units: ['ft-main-server'] },
};
const aside = asideName('rollback-5e6f');
const actions: ScriptAction[] = [
  files,
  { kind: 'backUpDatabase', ...at, database: 'flotoitsmdb', jobs: 2, parity: ['apolo.request'] },
  { kind: 'verifyBackup', ...at, part: 'application', trialRestore: false },
  { kind: 'verifyBackup', ...at, part: 'database', trialRestore: true },
  { kind: 'pruneBackups', directory: at.directory, keep: 3, pins: [at.backup], parts: ['application'] },
  { kind: 'restoreFiles', ...at, part: 'files', excludes: [] },
  { kind: 'restoreDatabase', ...at, database: 'flotoitsmdb', jobs: 2, aside },
  { kind: 'returnDatabase', database: 'flotoitsmdb', aside },
  { kind: 'dropDatabase', database: aside },
];
const scriptFor = (action: ScriptAction, more = {}) => scriptOf(action, { ...profile, ...more }, '/var/job');
const context = { key: { run: 'r1', step: 'back-up', phase: 'do', attempt: 1 }, timeoutMs: 60_000 } as const;

describe('Scripts of backups', () => {
  it('are such as bash reads, and are printed as they are executed', () => {
    for (const action of actions) {
      execFileSync('bash', ['-n'], { input: scriptFor(action) });
      assert.ok(isJob(action));
      const folder = `${profile.outputDirectory}/baton-r1-back-up-do-1`;
      const [write = '', start = ''] = printCommands(action, profile, context);
      assert.equal(write, `cat >${folder}/job.sh <<'JOB'\n${scriptOf(action, profile, folder)}JOB`);
      assert.ok(start.endsWith(`/status /bin/bash -euo pipefail ${folder}/job.sh`), start);
      assert.ok(!start.includes('$' + '{'), start);
    }
  });

  it('write a part beside its place, and find the programs of the server’s own version on each platform', () => {
    assert.match(scriptFor(files), /^partial=\/var\/backups\/baton\/upgrade-1a2b3c4d\/application\.partial$/m);
    assert.match(scriptFor(files), /^paths=\('\/opt\/flo tomate' '\/opt\/it'\\''s'\)$/m);
    assert.doesNotMatch(scriptFor(files), /--selinux/);
    assert.match(scriptFor(files, { platform: 'rhel' }), /--selinux/);
    const dump = actions[1] as ScriptAction;
    assert.match(scriptFor(dump), /bin=\/usr\/lib\/postgresql\/\$1\/bin;/);
    assert.match(scriptFor(dump, { databasePrograms: '/usr/pgsql-{major}/bin' }), /bin=\/usr\/pgsql-\$1\/bin;/);
    assert.match(scriptFor(dump, { databasePrograms: '' }), /bin=\/usr\/lib\/postgresql\/\$1\/bin;/);
  });

  it('change no tree before every sum was read and everything is unpacked', () => {
    const lines = scriptFor(actions[5] as ScriptAction).split('\n');
    const first = (pattern: RegExp) => lines.findIndex((line) => pattern.test(line));
    assert.ok(first(/sha256sum --check/) < first(/tar --extract/));
    assert.ok(first(/tar --extract/) < first(/^\s*rsync /));
  });

  it('say why they end: what is to be backed up is not there', () => {
    const folder = mkdtempSync(join(tmpdir(), 'baton-script-'));
    try {
      const action = {
        ...files,
        directory: join(folder, 'backups'),
        paths: [folder, join(folder, 'none')],
        excludes: [],
      };
      const script = scriptOf(action, profile, folder);
      assert.throws(
        () => execFileSync('bash', ['-euo', 'pipefail', '-c', script], { stdio: 'pipe', encoding: 'utf8' }),
        (error: { status: number; stderr: string }) =>
          error.status === 66 && error.stderr.trim() === `there is no ${folder}/none on this node`,
      );
      assert.ok(!existsSync(action.directory));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('Fields of backups', () => {
  const isRefused = (action: object, field: RegExp) => {
    const result = validateAction(action as never);
    assert.ok(!result.ok, JSON.stringify(action));
    assert.match(result.failure.message, field);
  };

  it('restore beside the present database, leave alone what was restored before, and go on where none is left', () => {
    const lines = scriptFor(actions.find(({ kind }) => kind === 'restoreDatabase') as ScriptAction).split('\n');
    const said = (present: 0 | 1, kept: 0 | 1) =>
      execFileSync('bash', ['-euo', 'pipefail'], {
        encoding: 'utf8',
        input: [
          'database=d aside=kept held=held restoring=half server=() bin=/bin part=/part',
          `has() { [[ $1 == d ]] && echo ${present} || echo ${kept}; }`,
          'give_back() { :; }; renamed() { echo "$1>$2"; }; swap() { echo "SWAP $2"; }; fail() { echo "FAIL $*"; exit 9; }',
          'sql() { :; }; as_database() { :; }; number_in() { echo 1; }; cat() { echo 1; }; stat() { echo 1000000000; }; rm() { :; }; sync() { :; }',
          ...lines.slice(
            lines.findIndex((line) => line.startsWith('present=')),
            lines.indexOf('  echo "restoring $database beside the present one"') + 1,
          ),
          'fi',
        ].join('\n'),
      })
        .split('\n')
        .filter((line) => /^(?:SWAP|FAIL|restoring|d was)/.test(line));
    const restored = 'restoring d beside the present one';
    assert.deepEqual(said(1, 0), ['SWAP d>held', 'SWAP d>half held>d', restored]);
    assert.deepEqual(said(1, 1), [
      'd was restored before and stays: what may have been written into it since is not dropped',
    ]);
    assert.match(said(0, 1)[0] ?? '', /^SWAP kept>d ALTER DATABASE "d" ALLOW_CONNECTIONS true;$/);
    assert.deepEqual(said(0, 0), ['SWAP d>half ', restored]);
  });

  it('have what stands before the application read its configuration again, and fail where it cannot', () => {
    const back = (part: string) => scriptFor({ kind: 'restoreFiles', ...at, part, excludes: [] } as ScriptAction);
    assert.doesNotMatch(back('application'), /try-reload/);
    const lines = back('configuration').split('\n');
    const end = lines.slice(lines.indexOf('systemctl daemon-reload'));
    const run = (paths: string, systemctl = 'echo "$*"') =>
      execFileSync('bash', ['-euo', 'pipefail'], {
        encoding: 'utf8',
        input: [`paths=(${paths})`, `systemctl() { ${systemctl}; }`, ...end.slice(0, end.indexOf('done') + 1)].join(
          '\n',
        ),
      });
    assert.equal(run('/opt/HA/conf /etc/nginxx'), 'daemon-reload\n');
    assert.match(
      run('/opt/HA/conf /etc/nginx/conf.d /etc/nginx/nginx.conf /etc/haproxy'),
      /^daemon-reload\nnginx .*\ntry-reload-or-restart -- nginx\nhaproxy .*\ntry-reload-or-restart -- haproxy\n$/,
    );
    assert.throws(() => run('/etc/nginx', '[[ $1 == daemon-reload ]]'));
  });

  it('may hold bindings in a plan only', () => {
    const action = {
      kind: 'restoreDatabase' as const,
      ...at,
      backup: '{{of}}',
      database: 'd',
      jobs: 1,
      aside: asideName('{{run}}'),
    };
    assert.ok(validateActionTemplate(action).ok);
    isRefused(action, /restoreDatabase\.backup.*restoreDatabase\.aside/);
    for (const each of actions) assert.ok(validateAction(each).ok, each.kind);
  });

  it('never lead out of the folder, nor mean more than themselves to a program', () => {
    isRefused({ ...files, backup: '../x' }, /backup/);
    isRefused({ ...files, backup: '-x' }, /backup/);
    isRefused({ ...files, part: '../etc' }, /part/);
    isRefused({ ...files, part: 'database' }, /part/);
    isRefused({ ...files, directory: '/var/../etc' }, /directory/);
    isRefused({ ...files, excludes: ['/opt/*'] }, /excludes/);
    isRefused({ ...files, excludes: ['/opt/a\nb'] }, /excludes/);
    isRefused({ ...files, paths: ['/opt', '/opt/flotomate'] }, /paths.*within one another/);
    isRefused({ ...files, paths: ['/opt', '/opt'] }, /paths.*within one another/);
    isRefused({ ...files, paths: [] }, /paths/);
    isRefused({ kind: 'runHook', hook: '../../bin/sh', args: [] }, /hook/);
    isRefused({ kind: 'runHook', hook: 'x', args: ['a\nb'] }, /args/);
  });

  it('name no database to be dropped that was not set aside', () => {
    for (const database of ['flotoitsmdb', 'postgres', 'baton-aside-', 'baton-aside-A', 'x-baton-aside-r1'])
      isRefused({ kind: 'dropDatabase', database }, /dropDatabase\.database/);
    isRefused({ kind: 'returnDatabase', database: 'flotoitsmdb', aside: 'postgres' }, /aside/);
  });
});

describe('The end of a job in an answer', () => {
  const job = { exitCode: 0, elapsedMs: 1, logFile: '/l', logBytes: 1, lastLines: '', unit: 'u' };
  it('is found whichever kind it is, and nowhere else', () => {
    assert.equal(jobEndOf({ kind: 'runInstaller', ...job })?.logFile, '/l');
    assert.equal(jobEndOf({ kind: 'dropDatabase', database: 'd', job })?.logFile, '/l');
    assert.equal(jobEndOf({ kind: 'dropDatabase', database: 'd' }), undefined);
    assert.equal(jobEndOf({ kind: 'stopUnits', units: [] }), undefined);
  });
});
