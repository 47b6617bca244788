import assert from 'node:assert/strict';
import { connect as connectTcp } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { Server } from '@grpc/grpc-js';
import { strangersPerNetworkMax } from '../../../coordinator/access/admission.ts';
import { listenTls, provenPerCertificateMax, type TlsListener } from '../../../coordinator/access/tls-listener.ts';
import { systemClock } from '../../../shared/clock.ts';
import { createLog } from '../../../shared/log.ts';
import {
  type Credentials,
  createAuthority,
  issueClientCredentials,
  issueServerCredentials,
} from '../../../shared/security/certificates.ts';
import { flags, frame, preface, repeat, types } from '../../hostile/frames.ts';
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

  it('are few for each address, the newest; other addresses and known nodes are not kept out', async () => {
    const crowd: TLSSocket[] = [];
    for (let count = 0; count < strangersPerNetworkMax + 4; count += 1) {
      const one = knock();
      crowd.push(one);
      await eventually(() => isOpen(one), 'the newest is let in');
    }
    await eventually(
      () => crowd.slice(0, 4).every(({ destroyed }) => destroyed) && crowd.slice(4).every(isOpen),
      'the oldest are gone',
    );
    const elsewhere = knock(undefined, '127.0.0.2');
    await eventually(() => isOpen(elsewhere), 'another address is let in');
  });

  it('come slowly: who comes again and again is not let in', async () => {
    const many = Array.from({ length: 60 }, () => knock(undefined, '127.0.0.3'));
    await eventually(() => many.filter(({ destroyed }) => destroyed).length >= 60 - strangersPerNetworkMax, 'they end');
    assert.ok(many.filter(isOpen).length <= strangersPerNetworkMax);
    const other = knock(undefined, '127.0.0.4');
    await eventually(() => isOpen(other), 'another address is let in');
  });

  it('with a certificate count no longer, but of one certificate there are few, the newest', async () => {
    const own = await issueClientCredentials(authority, 'node', 'n1', Date.now());
    const nodes: TLSSocket[] = [];
    for (let count = 0; count < provenPerCertificateMax.node + 2; count += 1) {
      const node = knock(own, '127.0.0.5');
      nodes.push(node);
      await eventually(() => isOpen(node), 'a node is let in');
    }
    await eventually(() => nodes.slice(0, 2).every(({ destroyed }) => destroyed), 'the oldest are gone');
    assert.ok(nodes.slice(2).every(isOpen));
  });

  it('are ended when they send more than joining takes', async () => {
    const one = knock(undefined, '127.0.0.6');
    await eventually(() => isOpen(one), 'it is let in');
    one.write(Buffer.concat([preface, frame(types.settings, flags.none, 0)]));
    one.write(repeat(frame(types.ping, flags.none, 0, Buffer.alloc(8)), 100_000));
    await eventually(() => one.destroyed, 'it is ended');
  });
});
