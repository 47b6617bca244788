// Starts and ends processes of hostile clients, at the lowest priority: they share the machine with what they attack.
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Orders, Result } from './main.ts';
import type { MutantOrders, MutantResult } from './mutants.ts';

const main = resolve(import.meta.dirname, 'main.ts');

export interface Hostile {
  /** Ends them all. */
  end(): Promise<Result>;
}

export function startHostile(orders: Orders): Hostile {
  const child = spawn('nice', ['-n', '19', process.execPath, main, JSON.stringify(orders)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = new Promise<number | null>((done) => child.once('close', done));
  return {
    async end() {
      child.stdin.end();
      const status = await ended;
      if (status !== 0) throw new Error(`hostile clients (${orders.attack}) ended with ${status}`);
      return JSON.parse(said) as Result;
    },
  };
}

/** Sends mutated messages until all are sent. */
export async function sendMutants(orders: MutantOrders): Promise<MutantResult> {
  const child = spawn('nice', ['-n', '19', process.execPath, resolve(import.meta.dirname, 'mutants.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(orders));
  return JSON.parse(await text(child.stdout)) as MutantResult;
}

/** Addresses of the loopback network, by which one machine looks like many. */
export function addresses(count: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    `127.66.${index >> 8}.${(index & 0xff) + 1}`.replace(/\.256$/, '.0'),
  );
}
