// Expected failures are values with a code from this closed set; a message is for people and is never parsed.

/** Why something did not succeed. `evidence`: last output lines or readings, at most 16 kB. */
export interface Failure {
  code: FailureCode;
  message: string;
  retryable: boolean;
  evidence: string;
}

/** Each code with what it means to an operator. */
export const failureCodes = {
  'bad-input': 'a value is missing or malformed; nothing was touched',
  'not-found': 'there is no such thing',
  conflict: 'something else holds it: another run, another name',
  'refused-by-policy': 'the node’s /etc/baton/agent.yaml does not allow it',
  'refused-old-epoch': 'another coordinator has taken over since',
  'refused-on-hold': 'somebody on the node said `baton-agent hold`',
  'refused-busy': 'the node carries out another action',
  'refused-key': 'the key was used with another payload, or is settled',
  'restored-state':
    'a machine or a record was put back to an older copy; nothing goes on from it before people have looked',
  unauthorized: 'no certificate, another authority’s, revoked, or not allowed for this identity',
  unreachable: 'nobody answers',
  timeout: 'it took longer than its limit and was ended, its control group seen empty',
  'command-failed': 'a program ended with a status other than 0',
  'command-killed': 'a program was ended by a signal',
  'checksum-mismatch': 'the file is not the one that was named',
  'not-in-state': 'after the act, things are not as they must be',
  'unexpected-output': 'a program or server answered something that cannot be read',
  'no-space': 'the disk is full',
  lost: 'nobody knows how it ended: the machine or its record went away',
  damaged: 'a record was changed or is incomplete; nothing goes on from it',
  internal: 'a bug of Baton; please report it with the run’s export',
} as const;

export type FailureCode = keyof typeof failureCodes;

export function failure(
  code: FailureCode,
  message: string,
  more: Partial<Omit<Failure, 'code' | 'message'>> = {},
): Failure {
  return { code, message, retryable: more.retryable ?? false, evidence: (more.evidence ?? '').slice(-16_384) };
}

/** Either a value or the failure that prevented it. */
export type Result<T> = { ok: true; value: T } | { ok: false; failure: Failure };

export const ok = <T>(value: T): Result<T> => ({ ok: true, value });
export const fail = (
  code: FailureCode,
  message: string,
  more?: Partial<Omit<Failure, 'code' | 'message'>>,
): Result<never> => ({
  ok: false,
  failure: failure(code, message, more),
});
