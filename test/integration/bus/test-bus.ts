// A real nats-server in a folder of its own, for integration tests.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Bus, connectBus } from '../../../coordinator/bus/bus.ts';
import { type EmbeddedNats, startEmbeddedNats } from '../../../coordinator/bus/embedded.ts';
import type { Result } from '../../../shared/failures.ts';

/** Path of a nats-server that is new enough, fetched where none is installed. */
export async function natsServer(): Promise<string> {
  const { stdout } = await promisify(execFile)('scripts/nats-server');
  return stdout.trim();
}

/** The value, or an error that shows the failure. */
export function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.failure.code}: ${result.failure.message}`);
  return result.value;
}

export interface TestBus {
  bus: Bus;
  nats: EmbeddedNats;
  storeDirectory: string;
  program: string;
  /** kill -9 of nats-server, then a new one on the same store and a new connection. */
  killAndRestart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server and connects; `stop` removes everything. */
export async function startTestBus(): Promise<TestBus> {
  const program = await natsServer();
  const folder = await mkdtemp(join(tmpdir(), 'baton-test-bus-'));
  const storeDirectory = join(folder, 'store');
  const start = async () => must(await startEmbeddedNats({ storeDirectory, program }));
  const nats = await start();
  const test: TestBus = {
    nats,
    bus: must(await connectBus(nats.address)),
    storeDirectory,
    program,
    async killAndRestart() {
      process.kill(test.nats.pid, 'SIGKILL');
      await test.nats.ended;
      await test.bus.close();
      test.nats = await start();
      test.bus = must(await connectBus(test.nats.address));
    },
    async stop() {
      await test.bus.close();
      await test.nats.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return test;
}

/** Waits until the condition holds; throws after the deadline. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 10_000,
): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
