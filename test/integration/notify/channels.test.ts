// E-mail and webhook against real servers: what arrives, what is refused, and that no server can hold Baton up.
import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NotifyPlan } from '../../../coordinator/cluster/cluster.ts';
import { type Channel, createDeliver } from '../../../coordinator/notify/deliver.ts';
import { toMessage } from '../../../coordinator/notify/message.ts';
import { secretFilesIn } from '../../../coordinator/notify/secrets.ts';
import type { Failure } from '../../../shared/failures.ts';
import { eventually } from '../bus/test-bus.ts';
import { type Running, serverCertificate, smtpServer, tcpServer, webhookServer } from './servers.ts';

const password = 'correct horse battery';
const message = toMessage(
  { kind: 'halt', cluster: 'lab', run: 'upgrade-1', subject: 'lab: stands\r\nBcc: x@evil', text: 'It stands.\nübel' },
  'upgrade-1 7',
  1_700_000_000_000,
);

describe('how notices go out', function () {
  this.timeout(30_000);
  let folder: string;
  let tls: { key: string; cert: string; authority: string };
  const running: Running[] = [];
  const secret = (name: string) => join(folder, 'secrets', name);
  const kept = async <R extends Running>(server: Promise<R>): Promise<R> => {
    running.push(await server);
    return server;
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-test-notify-'));
    tls = await serverCertificate();
    await mkdir(join(folder, 'secrets'));
    for (const [name, text] of [
      ['password', `${password}\n`],
      ['wrong', 'guess'],
      ['ca.pem', tls.authority],
      ['two-lines', 'a\nb'],
    ] as const)
      await writeFile(secret(name), text, { mode: 0o600 });
    await writeFile(join(folder, 'elsewhere'), 'not a secret of ours', { mode: 0o600 });
    await symlink(join(folder, 'elsewhere'), secret('link'));
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((server) => server.stop()));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const send = (channel: Channel, plan: Omit<NotifyPlan, 'events'>, timeoutMs = 10_000) =>
    createDeliver(secretFilesIn(join(folder, 'secrets')), timeoutMs)(channel, { ...plan, events: [] }, message);
  type Smtp = NonNullable<NotifyPlan['smtp']>;
  type Webhook = NonNullable<NotifyPlan['webhook']>;
  const mail = (port: number, more: Partial<Smtp> = {}, timeoutMs?: number) =>
    send(
      'smtp',
      { smtp: { host: '127.0.0.1', port, tls: 'none', from: 'baton@x.test', to: ['a@x.test', 'b@x.test'], ...more } },
      timeoutMs,
    );
  const post = (port: number, more: Partial<Webhook> = {}, timeoutMs?: number) =>
    send(
      'webhook',
      { webhook: { url: `http://127.0.0.1:${port}/hook`, headers: {}, headerFiles: {}, ...more } },
      timeoutMs,
    );
  const failed = async (sent: ReturnType<typeof send>, says: RegExp): Promise<Failure> => {
    const result = await sent;
    assert.ok(!result.ok, 'it was taken');
    assert.match(result.failure.message, says);
    assert.ok(!result.failure.message.includes(password), 'the password is told');
    return result.failure;
  };

  describe('by e-mail', () => {
    it('brings subject and text to everybody, and no header of somebody else’s', async () => {
      const server = await kept(smtpServer({ hideSTARTTLS: true, authOptional: true }));
      assert.deepEqual(await mail(server.port), { ok: true, value: undefined });
      const [got] = server.mails;
      assert.deepEqual(got?.to, ['a@x.test', 'b@x.test']);
      assert.equal(got.from, 'baton@x.test');
      assert.match(got.text, /^Subject: lab: stands Bcc: x@evil\r$/m);
      assert.doesNotMatch(got.text, /^Bcc:/m);
      assert.match(got.text, /It stands\./);
      assert.match(got.text, /^Message-ID: <[0-9a-f]{32}@x\.test>\r$/m);
      await mail(server.port);
      const id = (text = '') => /^Message-ID: (.*)\r$/m.exec(text)?.[1];
      assert.equal(id(server.mails[1]?.text), id(got.text), 'the same notice has another id');
    });

    for (const way of ['starttls', 'tls'] as const)
      it(`logs in and sends by ${way} where the certificate is known`, async () => {
        const server = await kept(smtpServer({ ...tls, secure: way === 'tls' }, password));
        const known = { tls: way, user: 'baton', passwordFile: secret('password'), authorityFile: secret('ca.pem') };
        assert.deepEqual(await mail(server.port, known), { ok: true, value: undefined });
        assert.equal(server.mails[0]?.user, 'baton');
        assert.equal(server.mails[0].isSafe, true);
        const wrong = await failed(mail(server.port, { ...known, passwordFile: secret('wrong') }), /Invalid login|535/);
        assert.doesNotMatch(wrong.message, /guess/, 'what was tried is told');
        const { authorityFile: _, ...unknown } = known;
        await failed(mail(server.port, unknown), /certificate/);
        assert.equal(server.mails.length, 1, 'something was sent without a known certificate');
      });

    it('sends nothing over a connection that is not made safe', async () => {
      const server = await kept(smtpServer({ hideSTARTTLS: true, authOptional: true }));
      await failed(mail(server.port, { tls: 'starttls' }), /certificate|TLS/i);
      assert.equal(server.mails.length, 0);
    });

    it('takes the word of a server that does not want it for final, and of one that cannot now for passing', async () => {
      const answering = (word: string) =>
        kept(
          tcpServer((socket) => {
            socket.write('220 x\r\n');
            socket.on('data', (chunk) =>
              socket.write(chunk.toString().startsWith('RCPT') ? `${word} no\r\n` : '250 ok\r\n'),
            );
          }),
        );
      const final = await answering('550');
      assert.equal((await failed(mail(final.port), /550/)).retryable, false);
      const passing = await answering('451');
      assert.equal((await failed(mail(passing.port), /451/)).retryable, true);
    });

    for (const [what, talk] of hostile('220 ')) {
      it(`ends in time with a server that ${what}`, async () => {
        const server = await kept(tcpServer(talk));
        const beganMs = performance.now();
        const before = process.memoryUsage().rss;
        const failure = await failed(mail(server.port, {}, 1_500), /./);
        assert.equal(failure.retryable, true, failure.message);
        assert.ok(performance.now() - beganMs < 15_000);
        await eventually(() => server.open() === 0, 'the connection is closed', 5_000);
        assert.ok(process.memoryUsage().rss - before < 200e6, 'it has taken much memory');
      });
    }

    it('says that nobody listens', async () => {
      const server = await tcpServer(() => undefined);
      await server.stop();
      assert.equal((await failed(mail(server.port), /ECONNREFUSED/)).retryable, true);
    });
  });

  describe('by webhook', () => {
    it('posts JSON with the headers of files, the same id each time', async () => {
      const server = await kept(webhookServer((_, response) => response.writeHead(204).end()));
      const told = { headers: { 'X-Source': 'baton' }, headerFiles: { Authorization: secret('password') } };
      assert.deepEqual(await post(server.port, told), { ok: true, value: undefined });
      await post(server.port, told);
      const [first, second] = server.posted;
      assert.equal(first?.headers.authorization, password);
      assert.equal(first.headers['x-source'], 'baton');
      const body = JSON.parse(first.body) as Record<string, unknown>;
      assert.equal(body.kind, 'halt');
      assert.equal(body.run, 'upgrade-1');
      assert.equal(body.subject, 'lab: stands Bcc: x@evil');
      assert.equal(body.at, '2023-11-14T22:13:20.000Z');
      assert.equal((JSON.parse(second?.body ?? '') as { id: string }).id, body.id);
    });

    it('goes to a server with a known certificate only', async () => {
      const server = await kept(webhookServer((_, response) => response.end(), tls));
      const url = `https://127.0.0.1:${server.port}/`;
      await failed(post(server.port, { url, headerFiles: { Authorization: secret('password') } }), /certificate/);
      assert.equal(server.posted.length, 0);
      assert.ok((await post(server.port, { url, authorityFile: secret('ca.pem') })).ok);
    });

    it('follows no redirection, and never sends the token on', async () => {
      const elsewhere = await kept(webhookServer((_, response) => response.end()));
      const server = await kept(
        webhookServer((_, response) =>
          response.writeHead(307, { Location: `http://127.0.0.1:${elsewhere.port}/` }).end(),
        ),
      );
      const sent = post(server.port, { headerFiles: { Authorization: secret('password') } });
      assert.equal((await failed(sent, /redirects \(307\)/)).retryable, false);
      assert.equal(elsewhere.posted.length, 0);
    });

    for (const [status, retryable] of [
      [500, true],
      [429, true],
      [404, false],
      [401, false],
    ] as const)
      it(`takes status ${status} for ${retryable ? 'passing' : 'final'}`, async () => {
        const server = await kept(webhookServer((_, response) => response.writeHead(status).end()));
        assert.equal((await failed(post(server.port), new RegExp(`${status}`))).retryable, retryable);
      });

    it('does not wait for the rest of an answer that has begun well', async () => {
      const server = await kept(webhookServer((_, response) => void response.writeHead(200).write('x')));
      assert.ok((await post(server.port, {}, 5_000)).ok);
    });

    for (const [what, talk] of hostile('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 '))
      it(`ends in time with a server that ${what}`, async () => {
        const server = await kept(tcpServer(talk));
        const beganMs = performance.now();
        const failure = await failed(post(server.port, {}, 1_500), /./);
        assert.equal(failure.retryable, true, failure.message);
        assert.ok(performance.now() - beganMs < 15_000);
        await eventually(() => server.open() === 0, 'the connection is closed', 5_000);
      });
  });

  describe('with secrets from files', () => {
    const withFile = (path: string) => post(1, { headerFiles: { Authorization: path } });
    it('reads no file outside of its folder, also not through a link', async () => {
      await failed(withFile(join(folder, 'elsewhere')), /does not lie in/);
      await failed(withFile(secret('link')), /does not lie in/);
      await failed(withFile('/etc/hostname'), /does not lie in/);
    });
    it('says what is wrong with a file', async () => {
      await failed(withFile(secret('absent')), /cannot be read on this machine/);
      await failed(withFile(secret('two-lines')), /one line/);
      await failed(withFile(join(folder, 'secrets')), /is no file/);
      await writeFile(secret('open'), 'x');
      await chmod(secret('open'), 0o644);
      await failed(withFile(secret('open')), /read by everybody/);
    });
  });
});

type Talk = Parameters<typeof tcpServer>[0];

/** What servers do wrong, whatever they should speak; `hello` is how their protocol begins. */
function hostile(hello: string): [string, Talk][] {
  const again = (act: () => boolean, everyMs: number): void => {
    const timer = setInterval(() => {
      if (!act()) clearInterval(timer);
    }, everyMs);
  };
  return [
    ['hangs', () => undefined],
    ['closes at once', (socket) => socket.destroy()],
    ['closes in the middle', (socket) => socket.write(hello, () => socket.end())],
    ['talks nonsense', (socket) => void socket.end('\0\xff{"hello": [[[\r\n\r\n')],
    [
      'never ends a line',
      (socket) => {
        const more = (): void => {
          while (!socket.destroyed && socket.write('x'.repeat(64 * 1024)));
        };
        socket.write(hello);
        socket.on('drain', more);
        more();
      },
    ],
    ['sends a byte now and then', (socket) => again(() => !socket.destroyed && socket.write('1') !== undefined, 100)],
  ];
}
