// The key `backup:` of the cluster file, and when its schedule is due.
import assert from 'node:assert/strict';
import { isSchedule, nextTime, timesBetween } from '../../../coordinator/cluster/backup-schedule.ts';
import { clusterWarnings, parseCluster } from '../../../coordinator/cluster/parse.ts';

const file = (backup: string) => `cluster: lab
nodes:
  n1: { address: 10.77.0.11, role: master }
  n2: { address: 10.77.0.12, role: standby }
  n3: { address: 10.77.0.13, role: observer }
application:
  version: { file: /opt/v, pattern: '^(.+)$' }
  portal: { url: 'http://10.77.0.10/' }
backup: ${backup}
`;

const told = (backup: string) => {
  const result = parseCluster(file(backup), 'c.yaml');
  assert.ok(result.ok, result.ok ? '' : result.failure.message);
  return result.value;
};
const fault = (backup: string): string => {
  const result = parseCluster(file(backup), 'c.yaml');
  assert.ok(!result.ok, `it was accepted: ${backup}`);
  assert.equal(result.failure.code, 'bad-input');
  return result.failure.message;
};

describe('backups in the cluster file', () => {
  it('have defaults for everything but snapshots and schedule', () => {
    assert.deepEqual(told('{}').backup, {
      directory: '/var/backups/baton',
      application: ['/opt/flotomate'],
      excludes: [],
      configuration: ['/etc/nginx'],
      databaseJobs: 2,
      trialRestore: false,
      keep: 3,
      maxAgeMs: 14_400_000,
      verifiedWithinMs: 604_800_000,
    });
  });

  it('are as they were written', () => {
    const { backup } = told(
      "{ directory: /b, application: [/opt/a, /opt/c], exclude: [/opt/a/logs], configuration: [], database: { jobs: 8 }, trialRestore: true, keep: 1, maxAge: 30m, verifiedWithin: 48h, snapshots: { node: n3 }, schedule: { cron: '*/5 2 * * sat', timezone: Europe/Berlin } }",
    );
    assert.deepEqual(backup, {
      directory: '/b',
      application: ['/opt/a', '/opt/c'],
      excludes: ['/opt/a/logs'],
      configuration: [],
      databaseJobs: 8,
      trialRestore: true,
      keep: 1,
      maxAgeMs: 1_800_000,
      verifiedWithinMs: 172_800_000,
      snapshots: { hook: 'vm-snapshot', node: 'n3', timeoutMs: 1_800_000 },
      schedule: { cron: '*/5 2 * * sat', timezone: 'Europe/Berlin' },
    });
  });

  for (const [what, backup, says] of [
    [
      'a directory inside of what is backed up',
      '{ directory: /opt/flotomate/backups }',
      /:9:\d+: backup\.directory: .*must not lie in each other/,
    ],
    [
      'a directory inside of the files',
      '{ application: [/opt/x], directory: /opt/flotomate/main-server/filedb/b }',
      /filedb, which is backed up/,
    ],
    ['a directory around what is backed up', '{ directory: /opt }', /must not lie in each other/],
    ['a relative directory', '{ directory: backups }', /must be an absolute path/],
    [
      'an exclusion that excludes nothing',
      '{ exclude: [/opt/flotomatic/logs] }',
      /backup\.exclude\.0: .*does not lie below \/opt\/flotomate/,
    ],
    ['an exclusion of everything', '{ exclude: [/opt/flotomate] }', /does not lie below/],
    ['no application', '{ application: [] }', /at least one path/],
    ['a tree below another', '{ application: [/opt/a, /opt/a/b] }', /lies below another/],
    ['a path twice', '{ configuration: [/etc/nginx, /etc/nginx] }', /different paths/],
    ['no backup to keep', '{ keep: 0 }', /must be 1 to 100/],
    ['too many jobs', '{ database: { jobs: 99 } }', /must be 1 to 32/],
    ['a snapshot by an unknown node', '{ snapshots: { hook: vm-snapshot, node: n9 } }', /there is no node n9/],
    ['a hook with a path', '{ snapshots: { hook: ../sh, node: n3 } }', /snapshots.hook: must be the name of a hook/],
    ['no snapshots without a reason', '{ snapshots: { none: "no" } }', /must say why/],
    ['snapshots that are neither', '{ snapshots: yes }', /hook: vm-snapshot, node: NODE/],
    ['a schedule of six fields', "{ schedule: { cron: '0 30 0 * * *', timezone: UTC } }", /minute, hour, day, month/],
    ['a schedule that never comes', "{ schedule: { cron: '0 0 30 2 *', timezone: UTC } }", /come to pass/],
    ['a time zone that is none', "{ schedule: { cron: '0 0 * * *', timezone: Asia/Nowhere } }", /must be a time zone/],
    ['a schedule without a time zone', "{ schedule: { cron: '0 0 * * *' } }", /schedule\.timezone/],
    ['an unknown key', '{ retention: 3 }', /there is no such key/],
  ] as const)
    it(`refuse ${what}`, () => assert.match(fault(backup), says));

  it('are warned about where there are no snapshots on purpose', () => {
    const warnings = clusterWarnings(told("{ snapshots: { none: 'the hypervisor has no room' } }"));
    assert.deepEqual(warnings, ['backup.snapshots: none, because the hypervisor has no room (deviation)']);
  });
});

describe('backup schedule', () => {
  const nightly = { cron: '30 0 * * *', timezone: 'Asia/Kolkata' };
  const at = (text: string) => Date.parse(text);
  const iso = (timeMs: number | undefined) => (timeMs === undefined ? undefined : new Date(timeMs).toISOString());

  it('is read in its time zone', () => {
    assert.equal(iso(nextTime(nightly, at('2026-11-22T06:00:00Z'))), '2026-11-22T19:00:00.000Z');
  });

  it('has each time once: the moment itself counts as passed', () => {
    const due = at('2026-11-22T19:00:00Z');
    assert.deepEqual(timesBetween(nightly, due - 1, due, 9), [due]);
    assert.deepEqual(timesBetween(nightly, due, due + 1000, 9), []);
    assert.deepEqual(timesBetween(nightly, due - 1000, due - 1, 9), []);
  });

  it('gives the newest of very many', () => {
    const often = { cron: '* * * * *', timezone: 'UTC' };
    const times = timesBetween(often, at('2020-01-01T00:00:00Z'), at('2026-01-01T00:00:30Z'), 3);
    assert.deepEqual(times.map(iso), [
      '2025-12-31T23:58:00.000Z',
      '2025-12-31T23:59:00.000Z',
      '2026-01-01T00:00:00.000Z',
    ]);
  });

  it('keeps to wall clocks that change twice a year, an hour that comes twice counting once', () => {
    const berlin = { cron: '30 2 * * *', timezone: 'Europe/Berlin' };
    const times = timesBetween(berlin, at('2026-10-23T12:00:00Z'), at('2026-10-26T12:00:00Z'), 9);
    assert.deepEqual(times.map(iso), [
      '2026-10-24T00:30:00.000Z',
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
  });

  it('is no schedule where it is no cron', () => {
    for (const text of ['', '@daily', 'every night', '0 0 * *', '61 0 * * *', '0 0 30 2 *'])
      assert.equal(isSchedule(text), false, text);
    assert.equal(isSchedule('0 0 29 2 *'), true);
  });
});
