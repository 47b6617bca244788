// Hands tasks to worker processes, as many as this machine has cores, and their trials to whoever asked, until the tasks
// are done or nobody wants more.
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Trial } from './trial.ts';
import type { Task } from './worker.ts';

/**
 * A trial takes well under a second, and a minute or two where a machine stalls under what else it has to do; one that
 * loops for ever must not hold up the others.
 */
const trialMsMax = 600_000;

export interface PoolOptions {
  tasks: Task[];
  /** The bug that is planted into the workers. */
  plant?: string;
  /** Hears of each trial; false ends it all. */
  hear(trial: Trial): boolean;
}

/** Resolves when every task is done, or when `hear` has had enough. */
export async function carryOutAll({ tasks, plant, hear }: PoolOptions): Promise<void> {
  const waiting = tasks.values();
  let isEnough = false;

  const work = async (): Promise<void> => {
    let worker: ChildProcess | undefined;
    for (const task of waiting) {
      if (isEnough) break;
      worker ??= startWorker(plant);
      const trial = await carryOut(worker, task);
      if (worker.exitCode !== null || worker.signalCode !== null) worker = undefined;
      if (!isEnough && !hear(trial)) isEnough = true;
    }
    worker?.disconnect();
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), tasks.length) }, work));
}

function startWorker(plant: string | undefined): ChildProcess {
  const execArgv = ['--no-warnings', '--import', join(import.meta.dirname, 'planted/register.ts')];
  return fork(join(import.meta.dirname, 'worker.ts'), {
    execArgv,
    env: { ...process.env, BATON_PLANT: plant ?? '' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}

function carryOut(worker: ChildProcess, task: Task): Promise<Trial> {
  return new Promise((resolve) => {
    let complaint = '';
    const note = (data: Buffer): void => {
      complaint = `${complaint}${data}`.slice(-4_000);
    };
    const end = (trial: Trial): void => {
      clearTimeout(timer);
      worker.off('message', end).off('exit', died);
      worker.stderr?.off('data', note);
      resolve(trial);
    };
    const failed = (stuck: string): void => end({ ...task, violations: [], stuck });
    const died = (): void => failed(`the process died: ${complaint.trim() || worker.signalCode || worker.exitCode}`);
    const timer = setTimeout(() => {
      worker.off('exit', died);
      worker.kill('SIGKILL');
      worker.once('exit', () => failed(`it came to no end within ${trialMsMax / 1_000} s`));
    }, trialMsMax);
    worker.on('message', end).once('exit', died);
    worker.stderr?.on('data', note);
    worker.send(task);
  });
}
