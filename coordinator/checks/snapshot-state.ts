// A VM snapshot is there, or is gone, as the site's own hook says: its `verify` ends with 0 only where the snapshot is.
import { z } from 'zod';
import { defineCheck, judgeEach, longReadingTimeoutMs, passIf } from './define.ts';

export const snapshotState = defineCheck({
  id: 'snapshot-state',
  title: 'VM snapshot',
  section: 'Pre-Upgrade Requirements › VM Snapshot',
  severity: 'blocking',
  remedy: 'Look at the hypervisor, and at what the hook says when it is called by hand with the same words.',
  params: z.strictObject({
    /** Where the hook lies. */
    node: z.string(),
    hook: z.string(),
    machine: z.string(),
    snapshot: z.string(),
    isThere: z.boolean(),
  }),
  words: ({ node, hook, machine, snapshot, isThere }) =>
    `${hook} on ${node} says that the snapshot ${snapshot} of ${machine} is ${isThere ? 'there' : 'gone'}`,
  *evaluate({ node, hook, machine, snapshot, isThere }) {
    const action = { kind: 'readHook' as const, hook, args: ['verify', machine, snapshot] };
    const limit = `snapshot ${snapshot} of ${machine}: ${isThere ? 'there' : 'gone'}`;
    return yield* judgeEach(
      [node],
      action,
      limit,
      ({ exitCode, lastLines }) => ({
        reading: `${hook} verify ended with ${exitCode}${lastLines === '' ? '' : `: ${lastLines.trim()}`}`,
        verdict: passIf((exitCode === 0) === isThere),
      }),
      longReadingTimeoutMs,
    );
  },
});
