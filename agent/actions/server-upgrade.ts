// Jobs that upgrade a PostgreSQL server, give the old one back, and record what must be carried over.
import type { JobKind } from '../../shared/actions/jobs/job.ts';
import type { Job } from '../jobs/job.ts';

function later<K extends JobKind>(kind: K): Job<K> {
  return {
    name: kind,
    finish: () => Promise.reject(new Error(`${kind} is not there yet`)),
    fail: () => Promise.reject(new Error(`${kind} is not there yet`)),
  };
}

export const recordServer: Job<'recordServer'> = later('recordServer');
export const checkServerUpgrade: Job<'checkServerUpgrade'> = later('checkServerUpgrade');
export const stopServer: Job<'stopServer'> = later('stopServer');
export const upgradeServer: Job<'upgradeServer'> = later('upgradeServer');
export const startServer: Job<'startServer'> = later('startServer');
export const returnServer: Job<'returnServer'> = later('returnServer');
export const analyzeServer: Job<'analyzeServer'> = later('analyzeServer');
export const dropServer: Job<'dropServer'> = later('dropServer');
