// The one translation of how a script ended into a failure: by its exit status, the files that it left, and the room that
// is left where it wrote; never by what its programs say, which is only told to people.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jobExits } from '../../shared/actions/jobs/job.ts';
import { type Failure, failure } from '../../shared/failures.ts';
import { diskBelow } from '../backups/parts.ts';
import type { JobEnd } from './job.ts';

/** Less than this free is a full disk: no program that fails for want of room leaves more. */
const fullBelowBytes = 1024 * 1024;

/** Says more exactly why a script failed. `folder`: the job's; `target`: where it wrote. */
export async function failureOfScript(
  end: JobEnd,
  found: Failure,
  folder: string,
  target: string | undefined,
): Promise<Failure> {
  if (found.code !== 'command-failed') return found;
  const { evidence } = found;
  const said = end.lastLines.split('\n').at(-1) || found.message;
  if (end.exitCode === jobExits.differs) {
    const names = await differing(folder);
    const which =
      names.length === 0 ? said : `${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}: ${said}`;
    return failure('damaged', which, { evidence });
  }
  if (target !== undefined && (await isFull(target)))
    return failure('no-space', `${target} is full (${said}); make room, then retry`, { retryable: true, evidence });
  switch (end.exitCode) {
    case jobExits.missing:
      return failure('not-found', said, { evidence });
    case jobExits.unreachable:
      return failure('unreachable', said, { retryable: true, evidence });
    case jobExits.noRoom:
      return failure('no-space', said, { retryable: true, evidence });
    case jobExits.notInState:
      return failure('not-in-state', said, { evidence });
    default:
      return failure('command-failed', `${found.message}: ${said}`, { retryable: true, evidence });
  }
}

/** Files whose sums were not theirs, as sha256sum lists them. */
async function differing(folder: string): Promise<string[]> {
  const text = await readFile(join(folder, 'differing'), 'utf8').catch(() => '');
  return [...text.matchAll(/^(.+): FAILED(?: open or read)?$/gm)].map(([, name = '']) => name);
}

async function isFull(target: string): Promise<boolean> {
  const disk = await diskBelow(target).catch(() => undefined);
  return disk !== undefined && disk.freeBytes < fullBelowBytes;
}
