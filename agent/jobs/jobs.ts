// Which file carries out which kind of job.
import type { JobKind } from '../../shared/actions/jobs/job.ts';
import { installer } from '../actions/installer.ts';
import type { Job } from './job.ts';

const jobs: { [K in JobKind]: Job<K> } = {
  runInstaller: installer,
};

export function jobOf<K extends JobKind>(kind: K): Job<K> {
  return jobs[kind];
}
