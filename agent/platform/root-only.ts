// What only root may have written: the policy and the hooks, each with the folder in which it could be replaced.
import type { Stats } from 'node:fs';
import { type Failure, failure } from '../../shared/failures.ts';

const othersMayWrite = 0o022;

/** Why a file or folder is not to be trusted; undefined when it is root's and nobody else may write it. */
export function refusalOfOwner(path: string, { uid, mode }: Pick<Stats, 'uid' | 'mode'>): Failure | undefined {
  if (uid === 0 && (mode & othersMayWrite) === 0) return undefined;
  return failure(
    'refused-by-policy',
    `${path} must belong to root and be writable by nobody else: chown root ${path} && chmod go-w ${path}`,
  );
}
