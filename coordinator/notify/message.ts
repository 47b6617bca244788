// A notice as it goes out: bounded, and with nothing in it that a mail header or a terminal would obey.
import { sha256Hex } from '../../shared/hash.ts';
import type { Notice } from './notice.ts';

/** What is sent, and kept until it is. */
export interface Message extends Notice {
  id: string;
  atMs: number;
}

const subjectMax = 200;
const textMax = 8_000;

export function toMessage(notice: Notice, id: string, atMs: number): Message {
  const subject = notice.subject.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  // Lines stay; what else a terminal obeys goes.
  const text = notice.text.replaceAll(/[^\P{Cc}\n\t]|\p{Cf}/gu, '');
  return { ...notice, id, atMs, subject: cut(subject, subjectMax), text: cut(text, textMax) };
}

const cut = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);

/** The same for the same notice, so that who receives it twice can tell. */
export const receiptId = ({ id, cluster }: Message): string => `${sha256Hex(`${cluster} ${id}`).slice(0, 32)}`;

/** The body that a webhook gets. */
export function webhookBody(message: Message): string {
  const { kind, cluster, run, subject, text, atMs } = message;
  return JSON.stringify({
    schema: 1,
    id: receiptId(message),
    kind,
    cluster,
    ...(run !== undefined && { run }),
    subject,
    text,
    at: new Date(atMs).toISOString(),
  });
}
