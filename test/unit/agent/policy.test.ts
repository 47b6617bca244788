import assert from 'node:assert/strict';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPolicy, policyReader } from '../../../agent/policy/load-policy.ts';
import { isAllowedUrl, refusalOf } from '../../../agent/policy/permit.ts';
import { type Policy, parsePolicy } from '../../../agent/policy/policy.ts';
import type { Action } from '../../../shared/actions/action.ts';

const parse = (text: string): Policy => {
  const policy = parsePolicy(text, '/etc/baton/agent.yaml');
  assert.ok(policy.ok, policy.ok ? '' : policy.failure.message);
  return policy.value;
};
const problem = (text: string): string => {
  const policy = parsePolicy(text, 'agent.yaml');
  assert.ok(!policy.ok);
  return policy.failure.message;
};

describe('The policy', () => {
  it('that is shipped can be read, and says what the guide needs', async () => {
    const policy = parse(await readFile('agent/policy/agent.yaml', 'utf8'));
    assert.equal(refusalOf({ kind: 'stopUnits', units: ['ft-main-server.service'] }, policy), undefined);
    assert.equal(refusalOf({ kind: 'suspendFailover', units: ['ha'], leaseMs: 1000 }, policy), undefined);
  });

  it('allows nothing when it is empty', () => {
    const policy = parse('');
    const sha256 = 'a'.repeat(64);
    const actions: Action[] = [
      { kind: 'stopUnits', units: ['ssh'] },
      { kind: 'suspendFailover', units: ['ha'], leaseMs: 1 },
      { kind: 'readFile', path: '/etc/shadow' },
      { kind: 'countRows', database: 'd', tables: ['t'] },
      { kind: 'runInstaller', name: 'x', sha256 },
      { kind: 'writeTestFile', path: '/tmp/x', content: '' },
      { kind: 'readUrl', url: 'http://x/', headers: [] },
    ];
    for (const action of actions) {
      const refusal = refusalOf(action, policy);
      assert.equal(refusal?.code, 'refused-by-policy', action.kind);
      assert.match(refusal.message, /allowed by \S+ in \/etc\/baton\/agent\.yaml/);
    }
  });

  it('lets only those queries be asked that it names, and only of its databases', () => {
    const some = parse('database: { names: [d], queries: [open-tickets] }');
    const ask: Action = { kind: 'readQuery', database: 'd', query: 'open-tickets' };
    assert.equal(refusalOf(ask, some), undefined);
    assert.match(refusalOf({ ...ask, query: 'passwords' }, some)?.message ?? '', /passwords .*database\.queries/);
    assert.match(refusalOf({ ...ask, database: 'e' }, some)?.message ?? '', /database\.names/);
    assert.equal(refusalOf(ask, parse(''))?.code, 'refused-by-policy');
  });

  it('lets a server be asked what it is wherever it may be asked for its database, and its contents nowhere else', () => {
    const ask: Action = { kind: 'readReplication', database: 'postgres' };
    const some = parse('database: { names: [d] }');
    assert.equal(refusalOf(ask, some), undefined);
    assert.match(refusalOf({ ...ask, database: 'e' }, some)?.message ?? '', /database\.names/);
    const count: Action = { kind: 'countRows', database: 'postgres', tables: ['a'] };
    for (const [action, policy] of [
      [ask, parse('')],
      [count, some],
    ] as const)
      assert.equal(refusalOf(action, policy)?.code, 'refused-by-policy', action.kind);
  });

  it('takes a unit with and without .service for the same', () => {
    const policy = parse('units: [nginx, postgresql@15-main.service]');
    assert.equal(refusalOf({ kind: 'stopUnits', units: ['nginx.service', 'postgresql@15-main'] }, policy), undefined);
    assert.ok(refusalOf({ kind: 'stopUnits', units: ['nginx.socket'] }, policy));
    assert.match(refusalOf({ kind: 'armFailover', units: ['nginx'] }, policy)?.message ?? '', /observerUnits/);
  });

  it('allows backups in its one folder and of its trees, and restoring only where it says so', () => {
    const at = { directory: '/var/backups/baton', backup: 'run-1' };
    const files: Action = {
      kind: 'backUpFiles',
      ...at,
      part: 'application',
      paths: ['/opt/a'],
      excludes: [],
      units: [],
    };
    const back: Action = { kind: 'restoreFiles', ...at, part: 'application', excludes: [] };
    const dump: Action = { kind: 'backUpDatabase', ...at, database: 'd', jobs: 1, parity: [] };
    const restore: Action = { kind: 'restoreDatabase', ...at, database: 'd', jobs: 1, aside: 'baton-aside-r1' };
    const drop: Action = { kind: 'dropDatabase', database: 'baton-aside-r1' };
    const hook: Action = { kind: 'runHook', hook: 'vm-snapshot', args: [] };
    const nothing = parse('');
    for (const action of [files, back, dump, restore, drop, hook, { kind: 'readBackups', ...at } as Action])
      assert.equal(refusalOf(action, nothing)?.code, 'refused-by-policy', action.kind);

    const some = parse(
      'backups: { directory: /var/backups/baton, paths: [/opt] }\ndatabase: { names: [d] }\nhooks: [vm-snapshot]',
    );
    for (const action of [files, dump, hook]) assert.equal(refusalOf(action, some), undefined, action.kind);
    assert.match(refusalOf({ ...files, paths: ['/opt/a', '/etc'] }, some)?.message ?? '', /\/etc .*backups\.paths/);
    assert.match(refusalOf({ ...files, directory: '/tmp' }, some)?.message ?? '', /backups\.directory/);
    assert.match(refusalOf({ ...dump, database: 'e' }, some)?.message ?? '', /database\.names/);
    assert.match(refusalOf(back, some)?.message ?? '', /backups\.restore/);
    for (const action of [restore, drop]) assert.match(refusalOf(action, some)?.message ?? '', /database\.restore/);

    const all = parse(
      'backups: { directory: /var/backups/baton, restore: true }\ndatabase: { names: [d], restore: true }',
    );
    for (const action of [back, restore, drop]) assert.equal(refusalOf(action, all), undefined, action.kind);
  });

  it('has a server copied from the nodes that it names, else from those that files come from, and no others', () => {
    const from = (address: string): Action => ({
      ...{ kind: 'copyServer', major: 17, name: 'main', asStandby: true, keep: false, run: 'r1' },
      source: { address, port: 5432, user: 'replicator', passFile: '', options: '' },
      ...{ slot: 'n2', applicationName: 'n2' },
    });
    const upgrade = 'database: { names: [d], upgrade: true';
    const files = 'mergeFiles: { root: /files, from: [10.0.0.2] }';
    const named = parse(`${upgrade}, copyFrom: [10.0.0.1] }\n${files}`);
    const unnamed = parse(`${upgrade} }\n${files}`);
    assert.equal(refusalOf(from('10.0.0.1'), named), undefined);
    assert.equal(refusalOf(from('10.0.0.2'), unnamed), undefined);
    for (const [address, policy] of [
      ['10.0.0.2', named],
      ['10.0.0.1', unnamed],
      ['10.0.0.1', parse(`${upgrade} }`)],
    ] as const)
      assert.match(refusalOf(from(address), policy)?.message ?? '', /10\.0\.0\.\d .*database\.copyFrom/);
    assert.match(refusalOf(from('10.0.0.1'), parse('database: { names: [d] }'))?.message ?? '', /database\.upgrade/);
  });

  it('tells and sets the settings that it names, and never what names a secret', () => {
    const read = (...names: string[]): Action => ({ kind: 'readValues', path: '/opt/ha.conf', names });
    const set = (name: string): Action => ({ kind: 'setValues', path: '/opt/ha.conf', values: [{ name, value: 'x' }] });
    const any = parse('ha: { settings: [/opt/ha.conf] }');
    const some = parse('ha: { settings: [{ file: /opt/ha.conf, names: [UNIT, DB_PASSWORD] }] }');
    for (const policy of [any, some])
      for (const action of [read('UNIT'), set('UNIT')]) assert.equal(refusalOf(action, policy), undefined);
    assert.equal(refusalOf(read('PGPASSFILE'), any), undefined, 'the name of a file is no secret');
    assert.match(refusalOf(read('UNIT', 'OTHER'), some)?.message ?? '', /OTHER of \/opt\/ha\.conf .*ha\.settings/);
    for (const policy of [any, some])
      for (const name of ['DB_PASSWORD', 'db.passwd', 'API_KEY', 'JWT_SECRET', 'GITHUB_TOKEN', 'PRIVATE_KEY'])
        for (const action of [read(name), set(name)])
          assert.match(refusalOf(action, policy)?.message ?? '', /never leaves this node/, name);
    assert.match(refusalOf({ ...read('UNIT'), path: '/opt/x' } as Action, any)?.message ?? '', /ha\.settings/);
  });

  it('allows paths below its folders only', () => {
    const policy = parse('paths: [/opt/HA/]');
    assert.equal(refusalOf({ kind: 'readFile', path: '/opt/HA/x' }, policy), undefined);
    assert.ok(refusalOf({ kind: 'readFile', path: '/opt/HAX' }, policy));
  });

  it('allows URLs of the same origin below its path only', () => {
    const policy = parse("urls: ['http://10.0.0.1/', 'https://portal/api']");
    assert.ok(isAllowedUrl('http://10.0.0.1/api/x?y=1', policy));
    assert.ok(isAllowedUrl('https://portal/api', policy));
    assert.ok(isAllowedUrl('https://portal/api/x', policy));
    for (const url of ['http://10.0.0.1:8080/', 'http://10.0.0.11/', 'https://portal/apix', 'http://portal/api'])
      assert.ok(!isAllowedUrl(url, policy), url);
  });

  it('says line and column of what is wrong', () => {
    assert.match(problem('units:\n  - nginx\n  - --now\n'), /^agent\.yaml:3:5: units\.1: /);
    assert.match(problem('installers: true\nunit: [a]\n'), /^agent\.yaml:2:1: unit: /);
    assert.match(problem('database:\n  names: [d]\n  port: 99999\n'), /^agent\.yaml:3:9: database\.port: /);
    assert.match(problem('units: [a\n'), /^agent\.yaml:\d+:\d+: /);
    assert.match(problem('units: [a]\nunits: [b]\n'), /^agent\.yaml:2:1: /);
    assert.match(problem('paths: [/opt/../etc]'), /paths\.0/);
    assert.match(
      problem('x: 1\nunits: [--now]\nhaDirectory: /opt\n'),
      /:1:1: x: .*\n.*:2:9: units\.0: .*\n.*:3:1: haDirectory: /,
    );
    assert.match(problem('units: [ssh\0]'), /not UTF-8/);
  });

  describe('in its file', () => {
    let folder: string;
    let file: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'baton-policy-'));
      file = join(folder, 'agent.yaml');
      await writeFile(file, 'installers: true\n', { mode: 0o600 });
    });
    afterEach(() => rm(folder, { recursive: true }));

    it('is taken when only root may write it', async () => {
      assert.ok((await loadPolicy(file)).ok);
    });
    it('read again and again is what it says by then, and refused as soon as others may write it', async () => {
      const read = policyReader(file);
      const first = await read();
      assert.ok(first.ok);
      assert.equal(await read(), first, 'the same text is not parsed again');
      await writeFile(file, `${await readFile(file, 'utf8')}\nhooksDirectory: /etc/baton/hooks\n`);
      const changed = await read();
      assert.equal(changed.ok && changed.value.hooksDirectory, '/etc/baton/hooks');
      await writeFile(file, 'no: policy');
      assert.equal((await read()).ok, false);
      await chmod(file, 0o622);
      assert.match(JSON.stringify(await read()), /chmod go-w/);
    });
    it('is refused when others may write it, or it is not root’s', async () => {
      await chmod(file, 0o620);
      assert.match(JSON.stringify(await loadPolicy(file)), /chmod go-w/);
      await chmod(file, 0o600);
      await chown(file, 1000, 0);
      assert.match(JSON.stringify(await loadPolicy(file)), /must belong to root/);
    });
    it('is refused when others may replace it', async () => {
      await chmod(folder, 0o777);
      assert.ok(!(await loadPolicy(file)).ok);
    });
    it('is refused when it is not there', async () => {
      await mkdir(join(folder, 'x'));
      const policy = await loadPolicy(join(folder, 'x/agent.yaml'));
      assert.ok(!policy.ok);
      assert.equal(policy.failure.code, 'not-found');
    });
  });
});
