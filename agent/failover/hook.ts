// The node's own executables, called by name: only where the policy names their folder, and only such as nobody but root
// may have written.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { failureOfProgram, runProgram } from '../platform/run-program.ts';
import { errorCode } from '../platform/system-error.ts';
import type { Policy } from '../policy/policy.ts';

export type HookName = 'alarm';
const timeoutMs = 60_000;

/** Runs a hook with arguments; `ok(false)` where the node has none of that name. */
export async function runHook(name: HookName, args: string[], policy: Policy): Promise<Result<boolean>> {
  if (policy.hooksDirectory === undefined) return ok(false);
  const path = join(policy.hooksDirectory, name);
  try {
    const { uid, mode } = await stat(path);
    if (uid !== 0 || (mode & 0o022) !== 0)
      return fail('refused-by-policy', `${path} must belong to root and be writable by nobody else`);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return ok(false);
    throw error;
  }
  const failed = failureOfProgram(await runProgram([path, ...args], { timeoutMs }), timeoutMs);
  return failed === undefined ? ok(true) : { ok: false, failure: failed };
}
