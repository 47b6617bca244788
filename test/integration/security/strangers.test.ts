import assert from 'node:assert/strict';
import { connect as connectTcp } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { Server } from '@grpc/grpc-js';
import { listenTls, strangersPerAddressMax, type TlsListener } from '../../../coordinator/access/tls-listener.ts';
import { systemClock } from '../../../shared/clock.ts';
import { createLog } from '../../../shared/log.ts';
import {
  type Credentials,
  createAuthority,
  issueClientCredentials,
  issueServerCredentials,
} from '../../../shared/security/certificates.ts';
import { eventually, must } from '../bus/test-bus.ts';

const log = createLog('test');
log.silent = true;

describe('connections without a certificate', () => {
  const strangerLifeMs = 1_500;
  let authority: Credentials;
  let listener: TlsListener;
  const sockets: TLSSocket[] = [];

  before(async () => {
    authority = await createAuthority('test', Date.now());
    listener = must(
      await listenTls({
        listen: { host: '127.0.0.1', port: 0 },
        authority: authority.certificate,
        server: await issueServerCredentials(authority, ['127.0.0.1'], Date.now()),
        clock: systemClock,
        log,
        makeServer: () => new Server(),
        strangerLifeMs,
      }),
    );
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });
  after(() => listener.close());

  const knock = (own?: Credentials, from = '127.0.0.1'): TLSSocket => {
    const socket = connect({
      socket: connectTcp({ ...listener.address, localAddress: from }),
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
      ...(own ? { cert: own.certificate, key: own.key } : {}),
    });
    socket.on('error', () => undefined);
    socket.resume();
    sockets.push(socket);
    return socket;
  };
  const isOpen = (socket: TLSSocket) => socket.alpnProtocol === 'h2' && !socket.destroyed;

  it('are ended after a while, those with one stay', async () => {
    const own = await issueClientCredentials(authority, 'node', 'n1', Date.now());
    const foreign = await issueClientCredentials(await createAuthority('x', Date.now()), 'node', 'n1', Date.now());
    const strangers = [knock(), knock(foreign)];
    const node = knock(own);
    await eventually(() => [...strangers, node].every(isOpen), 'all are let in');
    await eventually(() => strangers.every(({ destroyed }) => destroyed), 'the strangers are gone');
    assert.ok(isOpen(node));
  });

  it('are few for each address; other addresses and known nodes are not kept out', async () => {
    const crowd = Array.from({ length: strangersPerAddressMax + 4 }, () => knock());
    await eventually(
      () =>
        crowd.filter(isOpen).length === strangersPerAddressMax &&
        crowd.filter(({ destroyed }) => destroyed).length === 4,
      'as many as may be',
    );
    const elsewhere = knock(undefined, '127.0.0.2');
    await eventually(() => isOpen(elsewhere), 'another address is let in');
    for (const socket of crowd) socket.destroy();
    const own = await issueClientCredentials(authority, 'node', 'n1', Date.now());
    const nodes: TLSSocket[] = [];
    for (let count = 0; count < strangersPerAddressMax + 2; count += 1) {
      const node = knock(own);
      nodes.push(node);
      await eventually(() => isOpen(node), 'a node is let in');
    }
    // With its certificate a connection no longer counts, however long it lasts.
    await eventually(() => nodes.every(isOpen), 'all nodes are there');
  });
});
