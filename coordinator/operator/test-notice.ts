// Operator › TestNotice: sends a notice to every channel of a cluster, once and now, and tells what each has said.
import { fail, ok, type Result } from '../../shared/failures.ts';
import type { NoticeTestDocument } from '../../shared/notify-documents.ts';
import type { Audit } from '../audit/audit.ts';
import type { ClusterStore } from '../cluster/cluster-store.ts';
import { channelsOf, type Deliver, placeOf } from '../notify/deliver.ts';
import { toMessage } from '../notify/message.ts';

export interface NoticeParts {
  clusters: ClusterStore;
  deliver: Deliver;
  audit: Audit;
  nowMs(): number;
  coordinator: string;
}

export async function testNotice(
  { clusters, deliver, audit, nowMs, coordinator }: NoticeParts,
  name: string,
  operator: string,
  signal: AbortSignal,
): Promise<Result<NoticeTestDocument>> {
  const cluster = await clusters.get(name);
  if (!cluster.ok) return cluster;
  const { notify } = cluster.value;
  if (notify === undefined)
    return fail('bad-input', `cluster ${name} tells nobody: its file has no key notify; see baton cluster template`);
  const subject = `${name}: a test of Baton’s notices`;
  const text = `${operator} has asked coordinator ${coordinator} to send this. Nothing has happened.`;
  const message = toMessage({ kind: 'alarm', cluster: name, subject, text }, `test ${nowMs()}`, nowMs());
  const channels = await Promise.all(
    channelsOf(notify).map(async (channel) => {
      const beganMs = performance.now();
      const sent = await deliver(channel, notify, message, signal);
      const elapsedMs = Math.round(performance.now() - beganMs);
      const said = sent.ok ? '' : sent.failure.message;
      return { channel, to: placeOf(channel, notify), taken: sent.ok, message: said, elapsedMs };
    }),
  );
  const failed = channels.filter(({ taken }) => !taken);
  const detail = `${name}: ${failed.length === 0 ? 'taken by all' : failed.map(({ to, message: why }) => `${to}: ${why}`).join('; ')}`;
  audit.record({
    who: `operator ${operator}`,
    what: 'test notice',
    detail,
    outcome: failed.length === 0 ? 'done' : 'failed',
  });
  return ok({ schema: 1, cluster: name, channels });
}
