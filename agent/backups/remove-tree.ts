// Removes a folder with all that is in it. By rm, which opens each folder before it looks into it: what lies in a folder of
// the database's user may be swapped for a link at any moment, and a path that is walked by name would then lead elsewhere.
import { fail, ok, type Result } from '../../shared/failures.ts';
import type { RunProgram } from '../platform/run-program.ts';

/** A dump is as many files as a database has tables. */
const timeoutMs = 600_000;

/** `command-failed` with what rm says; what is not there is removed. */
export async function removeTree(path: string, runProgram: RunProgram): Promise<Result<void>> {
  const ran = await runProgram(['rm', '-rf', '--', path], { timeoutMs });
  if (ran.exitCode === 0) return ok(undefined);
  return fail('command-failed', `${path} could not be removed: ${ran.stderr.trim().split('\n').at(-1) ?? ''}`);
}
