// One try to bring a notice to one place, bounded in time even where a library would wait for ever.
import { fail, type Result } from '../../shared/failures.ts';
import { seconds } from '../../shared/units.ts';
import type { NotifyPlan } from '../cluster/cluster.ts';
import type { Message } from './message.ts';
import type { SecretFiles } from './secrets.ts';
import { mailNotice } from './smtp.ts';
import { postNotice } from './webhook.ts';

export const channels = ['smtp', 'webhook'] as const;
export type Channel = (typeof channels)[number];

/** The channels that a cluster has. */
export const channelsOf = (plan: NotifyPlan): Channel[] => channels.filter((channel) => plan[channel] !== undefined);

/** Where to, in words. */
export function placeOf(channel: Channel, { smtp, webhook }: NotifyPlan): string {
  if (channel === 'smtp') return smtp === undefined ? '' : `${smtp.to.join(', ')} by ${smtp.host}:${smtp.port}`;
  // Whoever knows the path of a hook may post to it.
  return webhook === undefined ? '' : new URL(webhook.url).origin;
}

export type Deliver = (
  channel: Channel,
  plan: NotifyPlan,
  message: Message,
  signal?: AbortSignal,
) => Promise<Result<void>>;

export function createDeliver(files: SecretFiles, timeoutMs = seconds(30)): Deliver {
  return async (channel, plan, message, signal) => {
    const limit = AbortSignal.timeout(timeoutMs);
    const over = signal === undefined ? limit : AbortSignal.any([limit, signal]);
    const given: Promise<Result<void>> = new Promise((resolve) => {
      const late = () =>
        resolve(fail('timeout', `${placeOf(channel, plan)} did not answer in time`, { retryable: true }));
      // A moment later than what is told to end by the same signal.
      over.addEventListener('abort', () => setTimeout(late, 1_000).unref(), { once: true });
    });
    const { smtp, webhook } = plan;
    const sent =
      channel === 'smtp' && smtp !== undefined
        ? mailNotice(smtp, message, files, over)
        : channel === 'webhook' && webhook !== undefined
          ? postNotice(webhook, message, files, over)
          : Promise.resolve(fail('not-found', `the cluster file has no notify.${channel} any more`));
    const caught = sent.catch((error: unknown) =>
      fail('internal', `a bug kept a notice from being sent: ${String(error)}`),
    );
    return await Promise.race([caught, given]);
  };
}
