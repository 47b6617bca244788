import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Action } from '../../../shared/actions/action.ts';
import { validateAction, validateActionTemplate } from '../../../shared/actions/constraints.ts';

const refused = (action: unknown, field: RegExp) => {
  const result = validateAction(action as Action);
  assert.ok(!result.ok, JSON.stringify(action));
  assert.equal(result.failure.code, 'bad-input');
  assert.match(result.failure.message, field);
};
const accepted = (action: Action) => assert.deepEqual(validateAction(action), { ok: true, value: action });
const sha256 = 'ab'.repeat(32);

describe('Constraints of actions', () => {
  it('accept what plans really say', () => {
    accepted({ kind: 'stopUnits', units: ['ft-main-server', 'postgresql@15-main', 'elasticsearch.service'] });
    accepted({ kind: 'readVersion', file: '/opt/flotomate/main-server/VERSION', pattern: '^(\\d+)' });
    accepted({ kind: 'readObserverLog', logs: '/opt/HA/logs/ha_*.log', busyPatterns: [' x '], quietForMs: 5000 });
    accepted({ kind: 'countRows', database: 'd', tables: ['apolo.request'], snapshot: '5:9:6,7', fromLsn: '0/1A' });
    accepted({
      kind: 'runInstaller',
      name: 'MotadataServiceOpsCommonUpgrade_V870',
      sha256,
      progressPattern: '(\\d+)%',
    });
    accepted({ kind: 'readDisk', paths: ['/', '/opt'] });
    accepted({ kind: 'readUrl', url: 'http://10.77.0.10/api/tickets?subject=a%20b', headers: [] });
  });

  it('refuse names that try to be options', () => {
    refused({ kind: 'stopUnits', units: ['--now'] }, /stopUnits\.units\.0/);
    refused({ kind: 'findRows', database: '-c', table: 't', column: 'c', value: '' }, /database/);
    refused({ kind: 'runInstaller', name: '-x', sha256 }, /name/);
  });

  it('refuse to ask a hook with another word than verify: it might change something', () => {
    accepted({ kind: 'readHook', hook: 'vm-snapshot', args: ['verify', 'n1', 'baton-upgrade-1'] });
    refused({ kind: 'readHook', hook: 'vm-snapshot', args: ['remove', 'n1', 'baton-upgrade-1'] }, /readHook\.args/);
    refused({ kind: 'readHook', hook: 'vm-snapshot', args: [] }, /readHook\.args/);
    refused({ kind: 'readHook', hook: '../sh', args: ['verify'] }, /readHook\.hook/);
  });

  it('refuse paths that climb, and names that are paths', () => {
    refused({ kind: 'readFile', path: '/opt/../etc/shadow' }, /path/);
    refused({ kind: 'readFile', path: 'etc/shadow' }, /path/);
    refused({ kind: 'readFile', path: '/opt//x' }, /path/);
    refused({ kind: 'readFile', path: '/opt/x\u0000y' }, /path/);
    refused({ kind: 'readFile', path: '/opt/x\ny' }, /path/);
    refused({ kind: 'readRelease', name: '../x', sha256 }, /name/);
    refused({ kind: 'readObserverLog', logs: '/opt/*/x.log', busyPatterns: [], quietForMs: 1 }, /logs/);
    refused({ kind: 'readObserverLog', logs: '/opt/../x*', busyPatterns: [], quietForMs: 1 }, /logs/);
    refused({ kind: 'readObserverLog', logs: '/opt/*a*b*', busyPatterns: [], quietForMs: 1 }, /logs/);
    accepted({ kind: 'readObserverLog', logs: '/opt/*a*', busyPatterns: [], quietForMs: 1 });
  });

  it('refuse code in names, wildcards of systemctl, and other protocols', () => {
    refused({ kind: 'stopUnits', units: ['ft-*'] }, /units/);
    refused({ kind: 'stopUnits', units: ['a; reboot'] }, /units/);
    refused({ kind: 'countRows', database: 'd', tables: ['a"; DROP TABLE b; --'] }, /tables/);
    refused({ kind: 'countRows', database: 'd', tables: ['a'], snapshot: "1:2:'" }, /snapshot/);
    refused({ kind: 'readUrl', url: 'file:///etc/shadow', headers: [] }, /url/);
    refused({ kind: 'readUrl', url: 'http://a:b@c/', headers: [] }, /url/);
    refused({ kind: 'readUrl', url: 'http://c/', headers: [{ name: 'X', value: 'a\r\nEvil: b' }] }, /headers/);
  });

  it('refuse settings that a shell would read more into, and passwords in connection parameters', () => {
    const path = '/opt/HA/conf/ha.conf';
    const set = (name: string, value: string): Action => ({ kind: 'setValues', path, values: [{ name, value }] });
    accepted(set('DATABASE_UNIT', 'postgresql@17-main'));
    for (const value of ['$(reboot)', 'a b', 'a;b', '`id`', '"', 'a\nb', 'postgresql@{major}-main'])
      refused(set('DATABASE_UNIT', value), /setValues\.values\.0\.value/);
    for (const name of ['PATH', 'LD_PRELOAD', 'BASH_ENV', 'JAVA_TOOL_OPTIONS'])
      refused(set(name, '/tmp/planted'), /setValues\.values\.0\.name/);
    accepted(set('PATH_OF_DATABASE', '/var/lib/postgresql'));
    refused(set('A=B', '1'), /name/);
    assert.ok(validateActionTemplate(set('DATABASE_UNIT', '{{unit}}')).ok);

    const source = { address: '10.0.0.1', port: 5432, user: 'replicator', passFile: '', options: '' };
    const copy = (more: object) =>
      ({
        ...{ kind: 'copyServer', major: 17, name: 'main', source, asStandby: true, slot: 'n2', applicationName: 'n2' },
        ...{ keep: true, run: 'db-upgrade-1', ...more },
      }) as Action;
    accepted(copy({}));
    accepted(copy({ source: { ...source, options: 'sslmode=verify-full sslrootcert=/etc/ca.pem' }, slot: '' }));
    refused(copy({ source: { ...source, options: 'password=x' } }), /options/);
    refused(copy({ source: { ...source, options: "host='x'" } }), /options/);
    refused(copy({ source: { ...source, address: '-oProxyCommand=x' } }), /address/);
    refused(copy({ source: { ...source, passFile: 'pgpass' } }), /passFile/);
    refused(copy({ slot: "n2'; DROP" }), /slot/);
    refused(copy({ name: '../main' }), /name/);
    refused({ kind: 'runHaScript', script: '../master.sh' }, /script/);
    refused({ kind: 'mergeFiles', root: '/opt/filedb', from: '-e' }, /from/);
  });

  it('refuse unknown kinds, unknown and missing fields', () => {
    refused({ kind: 'runShell', line: 'reboot' }, /runShell/);
    refused({ kind: 'readNode', extra: 1 }, /extra/i);
    refused({ kind: 'stopUnits' }, /units/);
    refused(undefined, /action/);
  });

  it('allow bindings only in templates', () => {
    const action: Action = { kind: 'readUrl', url: 'http://c/api/{{ticket}}', headers: [], valueAt: '/id' };
    const counted: Action = { kind: 'countRows', database: 'd', tables: ['t'], snapshot: '{{snapshot}}' };
    assert.ok(validateActionTemplate(action).ok);
    assert.ok(validateActionTemplate(counted).ok);
    refused(counted, /snapshot/);
    assert.ok(!validateActionTemplate({ kind: 'stopUnits', units: ['--now'] }).ok);
  });

  it('never let a path out of its folder or a control character in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const path = `/opt/${text}`;
        if (!validateAction({ kind: 'readFile', path }).ok) return;
        assert.equal(new URL(`file://${encodeURI(path).replace(/[?#]/g, '_')}`).pathname.startsWith('/opt/'), true);
        assert.doesNotMatch(path, /\/\.\.(\/|$)/);
        assert.doesNotMatch(path, /\p{Cc}/u);
      }),
    );
  });
});
