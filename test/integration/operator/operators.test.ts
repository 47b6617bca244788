// Operators as people meet them: a real coordinator, the command line, and files with identities.
import assert from 'node:assert/strict';
import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endpointOf } from '../../../coordinator/cli/address.ts';
import { connectOperator, type OperatorClient } from '../../../coordinator/cli/client.ts';
import type { NodesDocument } from '../../../shared/documents.ts';
import type { Result } from '../../../shared/failures.ts';
import type { AuditDocument, OperatorsDocument } from '../../../shared/operator-documents.ts';
import { parseIdentity } from '../../../shared/security/identity-file.ts';
import { eventually, must } from '../bus/test-bus.ts';
import { baton } from '../cli/fake-operator.ts';
import { type CoordinatorProcess, startCoordinator } from './coordinator-process.ts';

const messageOf = (result: Result<unknown>): string => (result.ok ? '' : result.failure.message);

describe('operators', function () {
  this.timeout(120_000);
  let coordinator: CoordinatorProcess;
  let admin: OperatorClient;
  const clients: OperatorClient[] = [];
  const file = (name: string) => join(coordinator.folder, `${name}.pem`);
  const run = (words: string[], env: Record<string, string> = {}) => baton(coordinator.socketPath, words, env);
  const clientOf = (name: string, from: 'socket' | 'afar' = 'socket'): OperatorClient => {
    const { socketPath, address } = coordinator;
    const at = from === 'socket' ? `unix:${socketPath}` : `127.0.0.1:${address.port}`;
    const client = connectOperator(must(endpointOf({ address: at, identity: file(name) }, {})));
    clients.push(client);
    return client;
  };
  const add = async (name: string, role: string) => {
    const added = await run(['operator', 'add', name, '--role', role, '--output', file(name)]);
    assert.equal(added.exitCode, 0, added.stderr);
  };

  before(async () => {
    coordinator = await startCoordinator();
    admin = coordinator.client();
  });
  after(async () => {
    for (const client of clients) client.close();
    await coordinator.remove();
  });

  it('begin with root of the coordinator’s machine, an admin who needs no file to be named', async () => {
    const { operators } = must(await admin.call<OperatorsDocument>('listOperators', {}));
    assert.deepEqual(
      operators.map(({ name, role, revokedAt }) => ({ name, role, revokedAt })),
      [{ name: 'admin', role: 'admin', revokedAt: '' }],
    );
    assert.equal((await stat(coordinator.initialized.identity)).mode & 0o777, 0o600);
  });

  it('are added into a file that only its owner reads, and work on the socket and from afar', async () => {
    await add('alice', 'viewer');
    assert.equal((await stat(file('alice'))).mode & 0o777, 0o600);
    for (const from of ['socket', 'afar'] as const)
      must(await clientOf('alice', from).call<NodesDocument>('listNodes', {}));
    const listed = await run(['operator', 'ls'], { BATON_IDENTITY: file('alice') });
    assert.match(listed.stdout, /alice +\| viewer +\| [0-9a-f]{16} \| valid until .* admin/);
  });

  it('are refused what is not their role’s, with exit 2 and the words who changes that', async () => {
    const words = ['node', 'add', 'n1', '--role', 'master'];
    const refused = await run(words, { BATON_IDENTITY: file('alice') });
    assert.equal(refused.exitCode, 2);
    assert.match(
      refused.stderr,
      /AddNode is for the role admin, yours is viewer; an admin changes it: baton operator role/,
    );
  });

  it('get another role that counts from the next call on, over an open connection', async () => {
    const alice = clientOf('alice');
    const abort = { run: 'none', decision: 'abort', reason: '', requestId: 'request-1' };
    assert.match(messageOf(await alice.call('decideRun', abort)), /yours is viewer/);
    for (const [role, message] of [
      ['operator', /no run none/],
      ['approver', /run abort is for the role operator or admin, yours is approver/],
      ['admin', /no run none/],
    ] as const) {
      must(await admin.call('changeOperator', { name: 'alice', role }));
      assert.match(messageOf(await alice.call('decideRun', abort)), message, role);
    }
    const approve = { ...abort, decision: 'approve' };
    must(await admin.call('changeOperator', { name: 'alice', role: 'operator' }));
    assert.match(messageOf(await alice.call('decideRun', approve)), /run approve is for the role approver or admin/);
  });

  it('who are revoked are refused at once, on the connection that is open too', async () => {
    await add('bob', 'operator');
    const bob = clientOf('bob');
    const afar = clientOf('bob', 'afar');
    for (const client of [bob, afar]) must(await client.call('listNodes', {}));
    must(await admin.call('revokeOperator', { name: 'bob' }));
    assert.match(messageOf(await bob.call('listNodes', {})), /certificate of operator bob was revoked/);
    await eventually(async () => /revoked/.test(messageOf(await afar.call('listNodes', {}))), 'refused from afar');
    assert.match(messageOf(await admin.call('changeOperator', { name: 'bob', role: 'admin' })), /no operator bob/);
    await rm(file('bob'));
    await add('bob', 'viewer');
    must(await clientOf('bob').call('listNodes', {}));
  });

  it('are not added twice, nor over a file that is there, nor by a name of none', async () => {
    const again = await run(['operator', 'add', 'alice', '--role', 'admin', '--output', file('alice-2')]);
    assert.equal(again.exitCode, 2);
    assert.match(again.stderr, /alice is operator already; first: baton operator revoke alice/);
    await assert.rejects(stat(file('alice-2')), /ENOENT/);
    const over = await run(['operator', 'add', 'eve', '--role', 'admin', '--output', file('alice')]);
    assert.match(over.stderr, /EEXIST.*nobody was added/);
    assert.match(
      (await run(['operator', 'add', 'schedule', '--role', 'admin', '--output', file('s')])).stderr,
      /no name/,
    );
    const { operators } = must(await admin.call<OperatorsDocument>('listOperators', {}));
    assert.deepEqual(
      operators.map(({ name }) => name),
      ['admin', 'alice', 'bob'],
    );
  });

  it('always have an admin among them', async () => {
    assert.match(messageOf(await admin.call('revokeOperator', { name: 'admin' })), /admin is the only admin/);
    assert.match(messageOf(await admin.call('changeOperator', { name: 'admin', role: 'viewer' })), /only admin/);
    must(await admin.call('getVersion', {}));
  });

  it('stand in the audit with their certificates, refusals too, and anybody may see that nothing of it was changed', async () => {
    const { operators } = must(await admin.call<OperatorsDocument>('listOperators', {}));
    const serialOf = (name: string) => operators.find((one) => one.name === name)?.serial ?? '';
    const shown = await run(['audit', '--json', '--since', '1h'], { BATON_IDENTITY: file('bob') });
    assert.equal(shown.exitCode, 0, shown.stderr);
    const { events } = JSON.parse(shown.stdout) as AuditDocument;
    const said = events.map(({ who, what, outcome }) => `${who}: ${what} ${outcome}`);
    assert.deepEqual(said.slice(0, 2), [
      'operator admin: add operator done',
      'operator alice at socket: baton.v1.Operator/AddNode refused',
    ]);
    assert.ok(said.includes('operator admin: revoke operator done'));
    for (const [name, who] of [
      ['admin', 'operator admin'],
      ['alice', 'operator alice at socket'],
    ] as const)
      assert.ok(
        events.filter((event) => event.who === who).every(({ serial }) => serial === serialOf(name)),
        name,
      );

    const alone = await run(['audit', '--who', 'alice', '--last', '2']);
    assert.match(alone.stdout, /^(.*operator alice( at socket)? \([0-9a-f]{8}\) .*(\n|$)){2}$/);
    const verified = await run(['audit', '--verify']);
    assert.equal(verified.exitCode, 0);
    assert.match(verified.stdout, /The audit is whole: \d+ events, 1 to \d+\./);
    const [, head = ''] = /^Head (\d+:[0-9a-f]{64})$/m.exec(verified.stdout) ?? [];
    assert.notEqual(head, '');
    const other = await run(['audit', '--verify', '--head', `1:${'0'.repeat(64)}`]);
    assert.equal(other.exitCode, 1);
    assert.match(other.stdout, /event 1: it is not the event that was acknowledged under this number/);
    for (const wrong of [
      ['--since', 'tomorrowish'],
      ['--last', '0'],
      ['--verify', '--head', '1'],
      ['--head', head],
    ])
      assert.equal((await run(['audit', ...wrong])).exitCode, 2, wrong.join(' '));
  });

  it('without an identity are told whom to ask for what, and one that others may read is refused', async () => {
    const beside = coordinator.socketPath.replace(/\.sock$/, '.pem');
    const target = coordinator.initialized.identity;
    await rm(beside);
    const nobody = await run(['run', 'ls']);
    assert.equal(nobody.exitCode, 2);
    assert.match(
      nobody.stderr,
      /ask an admin to say `baton operator add NAME --role ROLE --output FILE`.*BATON_IDENTITY/,
    );
    await writeFile(beside, await readFile(target), { mode: 0o600 });
    assert.equal((await run(['run', 'ls'])).exitCode, 0);
    await chmod(file('alice'), 0o640);
    const open = await run(['run', 'ls'], { BATON_IDENTITY: file('alice') });
    assert.equal(open.exitCode, 2);
    assert.match(open.stderr, /alice\.pem may be read by others than its owner \(640\)/);
    await chmod(file('alice'), 0o600);
    const missing = await run(['run', 'ls'], { BATON_IDENTITY: file('nobody') });
    assert.match(missing.stderr, /nobody\.pem is not there or may not be read/);
  });

  it('stay what they are over a restart, with the files of an earlier version too', async () => {
    const { identity } = coordinator.initialized;
    const text = await readFile(identity, 'utf8');
    const { operator, certificate, key, authority } = must(parseIdentity(text, Date.now()));
    await coordinator.end('SIGKILL');
    await rm(identity);
    for (const [name, content] of Object.entries({ cert: certificate, key, ca: authority }))
      await writeFile(join(identity, '..', `${name}.pem`), content, { mode: 0o600 });
    await coordinator.start();
    const { operators } = must(await coordinator.client().call<OperatorsDocument>('listOperators', {}));
    assert.deepEqual(
      operators.map(({ name, role }) => [name, role]),
      [
        ['admin', 'admin'],
        ['alice', 'operator'],
        ['bob', 'viewer'],
      ],
    );
    assert.equal(operators[0]?.serial, operator.serial);
  });

  it('have another admin for root where its file is lost, and none where it was revoked', async () => {
    await coordinator.end('SIGTERM');
    await rm(join(coordinator.initialized.identity, '..'), { recursive: true });
    await coordinator.start();
    const client = coordinator.client();
    must(await client.call('revokeOperator', { name: 'admin' }));
    const namesOf = async () =>
      must(await client.call<OperatorsDocument>('listOperators', {})).operators.map(({ name }) => name);
    assert.deepEqual(await namesOf(), ['admin', 'admin-2', 'alice', 'bob']);
    await add('carol', 'admin');
    must(await clientOf('carol').call('revokeOperator', { name: 'admin-2' }));
    await coordinator.end('SIGTERM');
    await coordinator.start();
    assert.match(messageOf(await coordinator.client().call('listNodes', {})), /admin-2 was revoked/);
    must(await clientOf('carol').call('listNodes', {}));
    assert.match(coordinator.log(), /identity of root on this machine was revoked/);
  });
});
