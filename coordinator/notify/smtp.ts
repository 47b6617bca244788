// Sends a notice as e-mail. A connection for each, TLS verified unless the cluster file does without it; ends with the
// signal, whatever the server does.
import { createTransport } from 'nodemailer';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { seconds } from '../../shared/units.ts';
import type { NotifyPlan } from '../cluster/cluster.ts';
import { type Message, receiptId } from './message.ts';
import { harmless, type SecretFiles } from './secrets.ts';

const answerBytesMax = 64 * 1024;
const phaseTimeoutMs = seconds(15);

export async function mailNotice(
  { host, port, tls, from, to, user, passwordFile, authorityFile }: NonNullable<NotifyPlan['smtp']>,
  message: Message,
  files: SecretFiles,
  signal: AbortSignal,
): Promise<Result<void>> {
  const password = passwordFile === undefined ? ok(undefined) : await files.secret(passwordFile);
  if (!password.ok) return password;
  const authority = authorityFile === undefined ? ok(undefined) : await files.authority(authorityFile);
  if (!authority.ok) return authority;
  const secrets = password.value === undefined ? [] : [password.value];
  const transport = createTransport({
    host,
    port,
    secure: tls === 'tls',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    tls: {
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ...(authority.value !== undefined && { ca: authority.value }),
    },
    ...(user !== undefined && { auth: { user, pass: password.value ?? '' } }),
    connectionTimeout: phaseTimeoutMs,
    greetingTimeout: phaseTimeoutMs,
    socketTimeout: phaseTimeoutMs,
    dnsTimeout: phaseTimeoutMs,
    socketCloseTimeout: 0,
    maxResponseSize: answerBytesMax,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    await transport.sendMail({
      from: { name: 'Baton', address: from },
      to,
      subject: message.subject,
      text: `${message.text}\n`,
      date: new Date(message.atMs),
      // The same each time: a mail system that gets it twice shows it once.
      messageId: `<${receiptId(message)}@${from.slice(from.lastIndexOf('@') + 1)}>`,
      // Nobody's vacation notice is wanted.
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Baton-Kind': message.kind, 'X-Baton-Cluster': message.cluster },
      signal,
    });
    return ok(undefined);
  } catch (error) {
    const { responseCode, message: why } = error as Error & { responseCode?: number };
    if (signal.aborted) return fail('timeout', `${host}:${port} did not take the message in time`, { retryable: true });
    const isFinal = responseCode !== undefined && responseCode >= 500;
    return fail(isFinal ? 'unexpected-output' : 'unreachable', `${host}:${port}: ${harmless(why, secrets)}`, {
      retryable: !isFinal,
    });
  } finally {
    transport.close();
  }
}
