import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { type Action, type ActionKind, actionClasses } from '../../../shared/actions/action.ts';
import type { NodeProfile } from '../../../shared/actions/command.ts';
import { commandsOf, printCommands } from '../../../shared/actions/commands.ts';
import { shellLine } from '../../../shared/actions/shell-quote.ts';
import { countRowsSql } from '../../../shared/actions/sql.ts';

const profile: NodeProfile = {
  platform: 'debian',
  psql: '/usr/bin/psql',
  databaseUser: 'postgres',
  databaseSocket: '/var/run/postgresql',
  databasePort: 5432,
  releaseDirectory: '/var/lib/baton-agent/releases',
  localUnits: [],
  outputDirectory: '/var/lib/baton-agent/units',
  databasePrograms: '/usr/lib/postgresql/{major}/bin',
  hooksDirectory: '/etc/baton/hooks',
  queriesDirectory: '/etc/baton/queries',
  haDirectory: '/opt/HA',
};
const context = { key: { run: 'r1', step: 'master.install', phase: 'do', attempt: 1 }, timeoutMs: 60_000 } as const;
const sha256 = 'ab'.repeat(32);
const print = (action: Action, more: Partial<NodeProfile> = {}) =>
  printCommands(action, { ...profile, ...more }, context);

/** Without the readings. */
const acts = (action: Action, more: Partial<NodeProfile> = {}) =>
  print(action, more).filter((line) => !line.startsWith('systemctl show'));

describe('Command lines of actions', () => {
  it('exist for every kind of action', () => {
    const texts = { units: ['u'], paths: ['/p'], tables: ['t'], headers: [], busyPatterns: [], expectStatus: [] };
    const rest = {
      file: '/f',
      path: '/p',
      root: '/r',
      name: 'n',
      sha256,
      url: 'http://u/',
      method: 'GET',
      body: '',
      table: 't',
      column: 'c',
      ...{
        directory: '/d',
        backup: 'b',
        part: 'application',
        excludes: [],
        parity: [],
        queries: [],
        jobs: 1,
        pins: ['b'],
        parts: ['database'],
      },
      ...{ database: 'd', aside: 'baton-aside-r', hook: 'h', args: [] },
      ...{ names: ['A'], values: [{ name: 'A', value: '1' }], from: '192.0.2.1', script: 'master.sh', slot: 's' },
      ...{ errorLogs: ['/e'], mixedLogs: ['/m*'] },
      ...{ packages: ['p'], programs: ['tar'], targets: [{ address: '192.0.2.1', port: 22 }], ports: [5432] },
      ...{ address: '192.0.2.1', transport: 'ssh', port: 22, entries: 10, excludes: [] },
      ...{ source: { address: '192.0.2.1', port: 5432, user: 'u', passFile: '/p', options: '' }, asStandby: true },
    };
    for (const kind of Object.keys(actionClasses) as ActionKind[])
      assert.notEqual(
        print({ kind, ...texts, ...rest, pattern: 'p', content: 'c', logs: '/l*' } as never).length,
        0,
        kind,
      );
  });

  it('stop the services of the guide one after another and look at them', () => {
    const lines = print({ kind: 'stopUnits', units: ['ft-main-server', 'ft-analytics-server'] });
    assert.deepEqual(lines.slice(0, 2), ['systemctl stop ft-main-server', 'systemctl stop ft-analytics-server']);
    assert.match(lines[2] ?? '', /^systemctl show .*ft-main-server ft-analytics-server$/);
  });

  it('mask where systemctl can, and one layer above where the unit’s own file is in the way', () => {
    const suspend: Action = { kind: 'suspendFailover', units: ['ha'], leaseMs: 1000 };
    assert.deepEqual(print(suspend).slice(1, 3), ['systemctl stop ha', 'systemctl mask ha']);
    assert.deepEqual(print(suspend, { localUnits: ['ha.service'] }).slice(1, 5), [
      'systemctl stop ha',
      'mkdir -p /etc/systemd/system.control',
      'ln -sfn /dev/null /etc/systemd/system.control/ha.service',
      'systemctl daemon-reload',
    ]);
    assert.deepEqual(acts({ kind: 'armFailover', units: ['ha'] }).slice(0, 2), [
      'systemctl unmask ha',
      'systemctl start ha',
    ]);
    assert.deepEqual(acts({ kind: 'armFailover', units: ['ha'] }, { localUnits: ['ha'] }).slice(0, 3), [
      'rm -f /etc/systemd/system.control/ha.service',
      'systemctl daemon-reload',
      'systemctl start ha',
    ]);
  });

  it('start an installer as a unit named after the key, with its limit and without input', () => {
    const [sum = '', start = ''] = print({ kind: 'runInstaller', name: 'X_V870', sha256 });
    assert.equal(sum, `sha256sum /var/lib/baton-agent/releases/abababababab/X_V870`);
    for (const part of ['--unit=baton-r1-master.install-do-1.service', 'RuntimeMaxSec=60000ms', 'StandardInput=null'])
      assert.ok(start.includes(part), part);
    // systemd would take it for a variable of its own.
    assert.ok(!start.includes('$' + '{'), start);
  });

  it('name the token’s file and never hold its place', () => {
    const [line] = print({
      kind: 'readUrl',
      url: 'http://p/',
      headers: [{ name: 'Authorization', value: ['Bearer $', '{token}'].join('') }],
      tokenFile: '/etc/baton/token',
    });
    assert.match(line ?? '', /'Authorization: Bearer '"\$\(cat \/etc\/baton\/token\)"/);
  });

  it('print words so that a shell reads them back', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string().filter((text) => !text.includes('\0')),
          { minLength: 1, maxLength: 4 },
        ),
        (words) => {
          const read = execFileSync('sh', ['-c', `printf '%s\\0' ${shellLine(words)}`], { encoding: 'utf8' });
          assert.deepEqual(read.split('\0').slice(0, -1), words);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('print what a program is executed with, its input too', () => {
    const action: Action = {
      kind: 'findRows',
      database: 'd',
      table: 'apolo.request',
      column: 'subject',
      value: "it's",
    };
    const command = commandsOf(action, profile, context)[0];
    assert.ok(command?.by === 'program');
    assert.ok(command.argv.includes("value=it's"));
    assert.match(command.input ?? '', /"apolo"\."request".*"subject"::text = :'value'/);
    assert.match(print(action)[0] ?? '', /<<'SQL'\n.*\nSQL$/s);
  });

  it('leave out of a count what the snapshot does not see, around the end of 32 bits', () => {
    const sql = countRowsSql(['t'], `4294967290:${2n ** 32n + 5n}:4294967294,${2n ** 32n + 2n}`);
    assert.match(sql, /- 5 \+ 4294967296, 4294967296\) >= \(SELECT .* - 4294967301\)/);
    assert.match(sql, /NOT IN \(4294967294, 2\)/);
    assert.doesNotMatch(countRowsSql(['t']), /xmin::text/);
  });
});
