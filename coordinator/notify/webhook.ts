// Posts a notice to a webhook. Redirections are not followed, since they would take the token to another server; of the
// answer only its status is read. Ends with the signal, whatever the server does.
import { type ClientRequest, request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { batonVersion } from '../../shared/version.ts';
import type { NotifyPlan } from '../cluster/cluster.ts';
import { type Message, receiptId, webhookBody } from './message.ts';
import { harmless, type SecretFiles } from './secrets.ts';

const headerBytesMax = 16 * 1024;
/** Statuses after which another try may succeed. */
const passing = (status: number): boolean => status >= 500 || status === 408 || status === 425 || status === 429;

export async function postNotice(
  { url, headers, headerFiles, authorityFile }: NonNullable<NotifyPlan['webhook']>,
  message: Message,
  files: SecretFiles,
  signal: AbortSignal,
): Promise<Result<void>> {
  const all: Record<string, string> = { ...headers };
  const secrets: string[] = [];
  for (const [name, path] of Object.entries(headerFiles)) {
    const value = await files.secret(path);
    if (!value.ok) return value;
    all[name] = value.value;
    secrets.push(value.value);
  }
  const authority = authorityFile === undefined ? ok(undefined) : await files.authority(authorityFile);
  if (!authority.ok) return authority;
  const where = new URL(url).host;
  const body = Buffer.from(webhookBody(message));
  const options = {
    method: 'POST',
    headers: {
      'User-Agent': `baton/${batonVersion}`,
      ...all,
      'Content-Type': 'application/json',
      'Content-Length': body.length,
      'Idempotency-Key': receiptId(message),
    },
    // A connection of its own: nothing of another request is left in it.
    agent: false as const,
    maxHeaderSize: headerBytesMax,
    signal,
    ...(authority.value !== undefined && { ca: authority.value }),
  };
  return await new Promise((resolve) => {
    const isSafe = url.startsWith('https:');
    const unreached = (error: Error): void =>
      resolve(
        signal.aborted
          ? fail('timeout', `${where} did not answer in time`, { retryable: true })
          : fail('unreachable', `${where}: ${harmless(error.message, secrets)}`, { retryable: true }),
      );
    let request: ClientRequest;
    try {
      request = isSafe ? overHttps(url, options) : overHttp(url, options);
    } catch (error) {
      return unreached(error as Error);
    }
    request.on('error', unreached);
    request.on('response', (response) => {
      resolve(judge(where, response.statusCode ?? 0, response.headers.location, secrets));
      // Its body, however long, is nobody's concern.
      response.on('error', () => undefined);
      request.destroy();
    });
    // Interim answers without end would come until the signal: one connection upgrade or many 1xx are no answer.
    request.on('upgrade', (_, socket) => {
      socket.destroy();
      resolve(fail('unexpected-output', `${where} answers with another protocol`, { retryable: true }));
    });
    request.end(body);
  });
}

function judge(where: string, status: number, location: string | undefined, secrets: string[]): Result<void> {
  if (status >= 200 && status < 300) return ok(undefined);
  if (status >= 300 && status < 400)
    return fail(
      'unexpected-output',
      `${where} redirects (${status}) to ${harmless(location ?? 'nowhere', secrets)}, which is not followed: correct notify.webhook.url`,
    );
  return fail('unexpected-output', `${where} answers with status ${status}`, { retryable: passing(status) });
}
