// Jobs that fence, copy and restore a PostgreSQL server; settings files, files and HA scripts.
import type { JobKind } from '../../shared/actions/jobs/job.ts';
import type { Job } from '../jobs/job.ts';

function later<K extends JobKind>(kind: K): Job<K> {
  return {
    name: kind,
    finish: () => Promise.reject(new Error(`${kind} is not there yet`)),
    fail: () => Promise.reject(new Error(`${kind} is not there yet`)),
  };
}

export const fenceServer: Job<'fenceServer'> = later('fenceServer');
export const unfenceServer: Job<'unfenceServer'> = later('unfenceServer');
export const createSlot: Job<'createSlot'> = later('createSlot');
export const copyServer: Job<'copyServer'> = later('copyServer');
export const restoreServer: Job<'restoreServer'> = later('restoreServer');
