// A process of hostile clients: `node main.ts JSON`. Keeps as many connections of one attack as it is told to, each made
// anew when it is ended, and prints what became of them when its standard input ends.
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { HostPort } from '../../shared/host-port.ts';
import { type As, allAttacks } from './attacks.ts';

export interface Orders {
  attack: string;
  as: As;
  address: HostPort;
  connections: number;
  /** Addresses of this machine that they come from. */
  from: string[];
  certificate?: string;
  key?: string;
}
export interface Result {
  opened: number;
  ended: number;
  open: number;
}

const pauseMs = 20;

function attackAs(orders: Orders): () => Result {
  const attack = allAttacks.find(({ name, as }) => name === orders.attack && as === orders.as);
  if (attack === undefined) throw new Error(`there is no attack ${orders.attack} as ${orders.as}`);
  const result: Result = { opened: 0, ended: 0, open: 0 };
  const knock = (index: number): void => {
    const localAddress = orders.from[index % orders.from.length] ?? '127.0.0.1';
    const tcp = connectTcp({ ...orders.address, localAddress });
    let socket: Socket = tcp;
    tcp.once('connect', () => {
      result.opened += 1;
      result.open += 1;
      tcp.once('close', () => {
        result.open -= 1;
      });
      if (attack.as === 'tcp') attack.act(tcp);
    });
    if (attack.as !== 'tcp') {
      socket = connectTls({
        socket: tcp,
        rejectUnauthorized: false,
        ...(attack.isHttp2 ? { ALPNProtocols: ['h2'] } : {}),
        ...(orders.certificate ? { cert: orders.certificate, key: orders.key } : {}),
      });
      socket.once('secureConnect', () => attack.act(socket));
    }
    tcp.on('error', () => socket.destroy());
    socket.on('error', () => tcp.destroy());
    if (socket !== tcp) socket.once('close', () => tcp.destroy());
    socket.resume();
    tcp.once('close', () => {
      socket.destroy();
      result.ended += 1;
      setTimeout(() => knock(index), pauseMs + Math.random() * pauseMs);
    });
  };
  for (let index = 0; index < orders.connections; index += 1) knock(index);
  return () => result;
}

if (import.meta.main) {
  const result = attackAs(JSON.parse(process.argv[2] ?? '') as Orders);
  process.stdin.resume();
  process.stdin.once('end', () => {
    process.stdout.write(JSON.stringify(result()));
    process.exit(0);
  });
}
