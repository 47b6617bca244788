// Carries out readings: nothing of them is in the ledger, several run at a time, hold does not stop them.
import type { Action, Answer } from '../../shared/actions/action.ts';
import { validateAction } from '../../shared/actions/constraints.ts';
import { fail, type Result } from '../../shared/failures.ts';
import type { AgentParts } from '../actions/context.ts';
import type { Machine } from '../machine.ts';
import { isMutating, refusalBy } from '../policy/permit.ts';

export interface ReadResult {
  result: Result<Answer>;
  commands: string[];
}
export type Reader = (action: Action | undefined, timeoutMs: number) => Promise<ReadResult>;

const readsAtOnceMax = 32;
const timeoutMsMax = 3_600_000;
const noKey = { run: 'reading', step: 'reading', phase: 'do', attempt: 1 } as const;

export function createReader(parts: AgentParts & { machine: Machine }): Reader {
  const { clock, log } = parts;
  let reads = 0;

  const read = async (given: Action | undefined, timeoutMs: number, commands: string[]): Promise<Result<Answer>> => {
    const action = validateAction(given);
    if (!action.ok) return action;
    if (isMutating(action.value)) return fail('bad-input', `${action.value.kind} changes something; it is no reading`);
    const policy = await parts.machine.loadPolicy();
    const refusal = refusalBy(policy, action.value);
    if (refusal !== undefined) return { ok: false, failure: refusal };
    if (!policy.ok) return policy;
    const limitMs = Math.min(Math.max(timeoutMs, 1), timeoutMsMax);
    try {
      return await parts.machine.runAction(action.value, {
        ...parts,
        key: noKey,
        timeoutMs: limitMs,
        startedAtMs: clock.nowMs(),
        deadlineMs: clock.monotonicMs() + limitMs,
        signal: new AbortController().signal,
        policy: policy.value,
        profile: parts.machine.profileOf(policy.value),
        commands,
        progress: () => {},
      });
    } catch (error) {
      log.error('a reading failed by a bug', {
        kind: action.value.kind,
        error: String((error as Error).stack ?? error),
      });
      return fail('internal', `${action.value.kind}: ${String(error)}`);
    }
  };

  return async (action, timeoutMs) => {
    const commands: string[] = [];
    if (reads >= readsAtOnceMax)
      return { result: fail('refused-busy', `${reads} readings run already`, { retryable: true }), commands };
    reads += 1;
    try {
      return { result: await read(action, timeoutMs, commands), commands };
    } finally {
      reads -= 1;
    }
  };
}
