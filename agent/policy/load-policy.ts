// Reads the policy from its file, each time anew, so that a change counts from the next action on. A file that somebody
// other than root may have written is no policy.
import { open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail, type Result } from '../../shared/failures.ts';
import { refusalOfOwner } from '../platform/root-only.ts';
import { failureOfSystemCall } from '../platform/system-error.ts';
import { type Policy, parsePolicy } from './policy.ts';

export const defaultPolicyFile = '/etc/baton/agent.yaml';
const sizeMax = 256 * 1024;

/** The policy in a file that is root's and nobody else's to write, in a folder of which the same is true. */
export async function loadPolicy(
  file: string,
  parse: (text: string) => Result<Policy> = (text) => parsePolicy(text, file),
): Promise<Result<Policy>> {
  try {
    const handle = await open(file, 'r');
    try {
      for (const [path, found] of [
        [file, await handle.stat()],
        [dirname(file), await stat(dirname(file))],
      ] as const) {
        const refusal = refusalOfOwner(path, found);
        if (refusal !== undefined) return { ok: false, failure: refusal };
        if (path === file && found.size > sizeMax) return fail('bad-input', `${file} is larger than ${sizeMax} bytes`);
      }
      return parse(await handle.readFile('utf8'));
    } finally {
      await handle.close();
    }
  } catch (error) {
    return { ok: false, failure: failureOfSystemCall(error, file) };
  }
}

/** Reads the policy of one file as often as it is asked for; the same text is parsed once. */
export function policyReader(file: string): () => Promise<Result<Policy>> {
  let last: { text: string; policy: Result<Policy> } | undefined;
  const parse = (text: string): Result<Policy> => {
    if (last?.text !== text) last = { text, policy: parsePolicy(text, file) };
    return last.policy;
  };
  return () => loadPolicy(file, parse);
}
