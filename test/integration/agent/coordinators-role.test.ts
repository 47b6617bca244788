import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { fleetClient } from '../../../agent/link/coordinators.ts';
import { coordinatorTlsName } from '../../../shared/rpc/service.ts';
import {
  type Credentials,
  createAuthority,
  issueClientCredentials,
  issueServerCredentials,
} from '../../../shared/security/certificates.ts';

describe('Whom an agent takes for a coordinator', function () {
  this.timeout(30_000);
  let ours: Credentials;
  let node: Credentials;
  const nowMs = Date.now();
  before(async () => {
    ours = await createAuthority('ours', nowMs);
    node = await issueClientCredentials(ours, 'node', 'n1', nowMs);
  });

  /** How the agent's call to a server with this certificate ends, and whether anything was said to the server. */
  const attempt = async (shown: Credentials): Promise<{ code: number; details: string; wasHeard: boolean }> => {
    let wasHeard = false;
    const server: Server = createServer(
      { cert: shown.certificate, key: shown.key, ALPNProtocols: ['h2'] },
      (socket) => {
        socket.on('data', () => {
          wasHeard = true;
          socket.destroy();
        });
        socket.on('error', () => undefined);
      },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const client = fleetClient(`127.0.0.1:${port}`, {
      ...{ name: 'n1', role: 'master', coordinators: ['c:1'] },
      ...{ key: node.key, certificate: node.certificate, authority: ours.certificate },
    });
    const call = client.connect();
    call.on('error', () => undefined);
    const ended = await new Promise<{ code: number; details: string }>((resolve) => call.once('status', resolve));
    client.close();
    await new Promise((resolve) => server.close(resolve));
    return { ...ended, wasHeard };
  };

  it('is one whose certificate is for that role and of the pinned authority', async () => {
    const { wasHeard } = await attempt(await issueServerCredentials(ours, [coordinatorTlsName], nowMs));
    assert.ok(wasHeard, 'it speaks to a coordinator');
  });

  for (const [who, make] of [
    [
      'a server of another authority',
      async () => issueServerCredentials(await createAuthority('theirs', nowMs), [coordinatorTlsName], nowMs),
    ],
    ['a node', async () => issueClientCredentials(ours, 'node', 'n2', nowMs)],
    ['an operator', async () => issueClientCredentials(ours, 'operator', 'ana', nowMs)],
    [
      'a server of the authority that is no coordinator',
      async () => issueServerCredentials(ours, ['127.0.0.1'], nowMs),
    ],
  ] as const)
    it(`is not ${who}`, async () => {
      const { code, wasHeard } = await attempt(await make());
      assert.equal(code, status.UNAVAILABLE);
      assert.equal(wasHeard, false, 'nothing is said to it');
    });
});
