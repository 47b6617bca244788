// The key `notify:` of the cluster file: who is told of runs and alarms, by e-mail and by a webhook. Secrets are names of files
// on the coordinators' machines, never values.
import { z } from 'zod';
import { noticeKinds } from '../notify/notice.ts';
import type { NotifyPlan } from './cluster.ts';
import * as field from './fields.ts';

const mail = z
  .string({ error: 'must be an e-mail address' })
  .max(254, 'must be at most 254 characters')
  .regex(
    /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/,
    'must be an e-mail address, such as ops@example.com',
  );

const smtp = z
  .strictObject({
    host: field.address,
    port: field.port.optional(),
    tls: z.enum(['starttls', 'tls', 'none'], { error: 'must be starttls, tls or none' }).default('starttls'),
    from: mail,
    to: z
      .array(mail, { error: 'must be a list of e-mail addresses' })
      .min(1, 'must name at least one')
      .max(20, 'must name at most 20'),
    user: z.string({ error: 'must be a name' }).min(1).max(200).optional(),
    passwordFile: field.path.optional(),
    authorityFile: field.path.optional(),
  })
  .superRefine((told, context) => {
    const tell = (path: string, message: string) => context.addIssue({ code: 'custom', message, path: [path] });
    if ((told.user === undefined) !== (told.passwordFile === undefined))
      tell(told.user === undefined ? 'user' : 'passwordFile', 'user and passwordFile belong together');
    if (told.tls === 'none' && told.user !== undefined) tell('tls', 'a password is never sent without TLS');
    if (told.tls === 'none' && told.authorityFile !== undefined) tell('authorityFile', 'is for a server with TLS');
  });

const header = z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'must be the name of a header');
/** What is sent in any case, or would change how the request is read. */
const ownHeaders = /^(?:host|connection|content-(?:length|type)|transfer-encoding|expect|upgrade|te|trailer)$/i;
const headers = <V extends z.ZodType>(value: V) =>
  z
    .record(header, value, { error: 'must be headers' })
    .refine((told) => Object.keys(told).length <= 20, 'must be at most 20 headers')
    .refine((told) => !Object.keys(told).some((name) => ownHeaders.test(name)), 'names a header that Baton sets itself')
    .default({} as never);

const webhook = z
  .strictObject({
    url: field.url.refine(isPrivate, 'must be https://, or http:// to this machine itself (127.0.0.1, localhost)'),
    headers: headers(
      z
        .string({ error: 'must be text' })
        .max(1000, 'must be at most 1000 characters')
        .regex(/^[\x20-\x7e]*$/, 'must be one line of printable characters'),
    ),
    headerFiles: headers(field.path),
    authorityFile: field.path.optional(),
  })
  .superRefine(({ headers: plain, headerFiles }, context) => {
    const names = Object.keys(headerFiles).map((name) => name.toLowerCase());
    const twice = Object.keys(plain).filter((name) => names.includes(name.toLowerCase()));
    for (const name of twice)
      context.addIssue({ code: 'custom', message: 'stands in headers too', path: ['headerFiles', name] });
  });

export const notify = z
  .strictObject({
    smtp: smtp.optional(),
    webhook: webhook.optional(),
    events: z
      .array(z.enum(noticeKinds, { error: `must be ${noticeKinds.join(', ')}` }), { error: 'must be a list' })
      .min(1, 'must hold at least one')
      .default([...noticeKinds]),
  })
  .refine((told) => told.smtp !== undefined || told.webhook !== undefined, 'needs smtp or webhook, or both');

function isPrivate(text: string): boolean {
  const { protocol, hostname } = URL.parse(text) ?? {};
  return protocol === 'https:' || ['127.0.0.1', '[::1]', 'localhost'].includes(hostname ?? '');
}

const usualPorts = { starttls: 587, tls: 465, none: 25 };

/** With the defaults that follow from other keys. */
export function toNotifyPlan({ smtp: mails, webhook: hook, events }: z.infer<typeof notify>): NotifyPlan {
  return {
    ...(mails && { smtp: withoutUndefined({ ...mails, port: mails.port ?? usualPorts[mails.tls] }) }),
    ...(hook && { webhook: withoutUndefined(hook) }),
    events,
  };
}

/** Absent keys stay absent: what is stored is compared and hashed. */
function withoutUndefined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Defined<T>;
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };
