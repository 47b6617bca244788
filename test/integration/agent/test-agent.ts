// A real agent process with a state folder and a policy of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import type { TestCoordinator } from './test-coordinator.ts';
import { waitFor } from './test-coordinator.ts';

const main = resolve(import.meta.dirname, '../../../agent/main.ts');

export interface TestAgent {
  folder: string;
  state: string;
  /** Its log so far. */
  log(): string;
  run(...args: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }>;
  runAsNobody: TestAgent['run'];
  join(
    coordinator: TestCoordinator,
    more?: { name?: string; pin?: string; token?: string; force?: boolean },
  ): ReturnType<TestAgent['run']>;
  start(): void;
  kill(signal?: NodeJS.Signals): Promise<void>;
  setPolicy(text: string): Promise<void>;
  remove(): Promise<void>;
}

export async function createTestAgent(policy = ''): Promise<TestAgent> {
  const folder = await mkdtemp(join(tmpdir(), 'baton-agent-'));
  const state = join(folder, 'state');
  const policyFile = join(folder, 'agent.yaml');
  await mkdir(join(folder, 'files'));
  let child: ChildProcess | undefined;
  let log = '';
  const args = ['--state', state, '--policy', policyFile];
  const agent: TestAgent = {
    folder,
    state,
    log: () => log,
    async run(...more) {
      const ran = await execa(process.execPath, [main, ...args, ...more], { reject: false });
      return { exitCode: ran.exitCode ?? -1, stdout: ran.stdout, stderr: ran.stderr };
    },
    async runAsNobody(...more) {
      const options = { reject: false, uid: 65_534, gid: 65_534, cwd: '/' } as const;
      const ran = await execa(process.execPath, [main, ...args, ...more], options);
      return { exitCode: ran.exitCode ?? -1, stdout: ran.stdout, stderr: ran.stderr };
    },
    async join(coordinator, { name = 'n1', pin = coordinator.pin, token = coordinator.token, force = false } = {}) {
      const line = ['--coordinator', coordinator.address, '--name', name, '--token', token, '--pin', pin];
      return await this.run('join', ...line, ...(force ? ['--force'] : []));
    },
    start() {
      const started = spawn(process.execPath, [main, ...args, 'run'], { stdio: ['ignore', 'ignore', 'pipe'] });
      started.stderr.on('data', (data: Buffer) => {
        log += data.toString();
      });
      child = started;
    },
    async kill(signal = 'SIGKILL') {
      const running = child;
      if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
      running.kill(signal);
      await waitFor('the agent has ended', () => running.exitCode !== null || running.signalCode !== null, 15_000);
    },
    setPolicy: (text) => writeFile(policyFile, text, { mode: 0o600 }),
    async remove() {
      await this.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
  await agent.setPolicy(policy.replaceAll('FOLDER', folder));
  return agent;
}
