// The node's own executables, called by name: only where the policy names their folder, and only such as nobody but root
// may have written.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ok, type Result } from '../../shared/failures.ts';
import type { Log } from '../../shared/log.ts';
import { refusalOfOwner } from '../platform/root-only.ts';
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
    // Whoever may write the folder may put another hook there.
    for (const each of [policy.hooksDirectory, path]) {
      const refusal = refusalOfOwner(each, await stat(each));
      if (refusal !== undefined) return { ok: false, failure: refusal };
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return ok(false);
    throw error;
  }
  const failed = failureOfProgram(await runProgram([path, ...args], { timeoutMs }), timeoutMs);
  return failed === undefined ? ok(true) : { ok: false, failure: failed };
}

/** Raises the alarm of this node; false, and logged, where it reached nobody. */
export async function raiseAlarm(message: string, policy: Policy | undefined, log: Log): Promise<boolean> {
  const raised = policy && (await runHook('alarm', [message], policy));
  if (raised?.ok === false) log.error('the hook alarm failed', { reason: raised.failure.message });
  return raised?.ok === true;
}
