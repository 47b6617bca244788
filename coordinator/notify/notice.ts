// What people outside Baton are told of, and the one who tells them. Whoever tells never waits and never fails: a
// notification that cannot be delivered disturbs nothing.
import type { Log } from '../../shared/log.ts';

export const noticeKinds = ['start', 'halt', 'approval', 'end', 'alarm', 'cancelled', 'probe'] as const;
export type NoticeKind = (typeof noticeKinds)[number];

export interface Notice {
  kind: NoticeKind;
  cluster: string;
  run?: string;
  /** One line. */
  subject: string;
  text: string;
  /** The same for the same event, so that it is told once whoever tells it again after a takeover; absent: told as it comes. */
  id?: string;
}

export interface Notifier {
  /** Takes a notice in hand: returns at once and never throws. */
  tell(notice: Notice): void;
}

/** Tells only the log. */
export const toLog = (log: Log): Notifier => ({
  tell: ({ kind, cluster, run, subject }) =>
    log.info('notice', { kind, cluster, ...(run !== undefined && { run }), subject }),
});
