// readUrl and sendRequest: HTTP from this node to the URLs of its policy. A token is put in here and nowhere else, and is
// cut out of whatever comes back.
import { readFile } from 'node:fs/promises';
import type { ActionOf, AnswerOf } from '../../shared/actions/action.ts';
import { tokenPlaceholder } from '../../shared/actions/command.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { type Exchange, ExchangeBroken, exchange } from '../platform/http-exchange.ts';
import { findFirst } from '../platform/pattern.ts';
import { failureOfSystemCall } from '../platform/system-error.ts';
import { isAllowedUrl } from '../policy/permit.ts';
import { type ActionContext, commandsHere, leftMs, type Run, record } from './context.ts';

const redirectsMax = 5;
const bodyStartLength = 512;

type UrlRead = Omit<AnswerOf<'readUrl'>, 'kind'>;
type Asked = Pick<ActionOf<'readUrl'>, 'url' | 'headers' | 'tokenFile' | 'valueAt' | 'valuePattern'>;

export const readUrl: Run<'readUrl'> = async (action, context) => {
  for (const command of commandsHere(action, context)) record(context, command);
  const read = await request(action, 'GET', '', context);
  return read.ok ? ok({ kind: 'readUrl', ...read.value }) : read;
};

export const sendRequest: Run<'sendRequest'> = async (action, context) => {
  for (const command of commandsHere(action, context)) record(context, command);
  const read = await request(action, action.method, action.body, context);
  if (!read.ok) return read;
  const { status, bodyStart } = read.value;
  if (action.expectStatus.length > 0 && !action.expectStatus.includes(status))
    return fail(
      'not-in-state',
      `${action.method} ${action.url} answered ${status}, not ${action.expectStatus.join(' or ')}`,
      {
        evidence: bodyStart,
      },
    );
  return ok({ kind: 'sendRequest', ...read.value });
};

async function request(asked: Asked, method: string, body: string, context: ActionContext): Promise<Result<UrlRead>> {
  const token = await readToken(asked.tokenFile);
  if (!token.ok) return token;
  const redact = (text: string) => (token.value === '' ? text : text.replaceAll(token.value, '[redacted]'));
  const startedMs = context.clock.monotonicMs();
  const limit = AbortSignal.timeout(Math.ceil(leftMs(context)));
  try {
    const answer = await askAllowed(
      asked,
      method,
      body,
      token.value,
      context,
      AbortSignal.any([context.signal, limit]),
    );
    const value = valueIn(answer.body, asked);
    if (!value.ok) return value;
    return ok({
      status: answer.status,
      value: redact(value.value),
      elapsedMs: context.clock.monotonicMs() - startedMs,
      bodyStart: redact(answer.body).slice(0, bodyStartLength),
    });
  } catch (error) {
    if (!(error instanceof ExchangeBroken)) throw error;
    const why = context.signal.aborted
      ? 'the attempt was settled'
      : limit.aborted
        ? `no answer within ${context.timeoutMs} ms`
        : redact(error.message);
    if (method !== 'GET' && error.mayHaveArrived)
      return fail('lost', `${asked.url}: ${why}; the request may have been carried out`);
    if (context.signal.aborted) return fail('command-killed', `${asked.url}: ${why}`);
    return fail(limit.aborted ? 'timeout' : 'unreachable', `${asked.url}: ${why}`, { retryable: true });
  }
}

/** Follows redirections of a GET while they stay within the policy; the token only goes to the origin that was asked. */
async function askAllowed(
  asked: Asked,
  method: string,
  body: string,
  token: string,
  context: ActionContext,
  signal: AbortSignal,
): Promise<Exchange> {
  let url = asked.url;
  for (let redirects = 0; ; redirects += 1) {
    const isSameOrigin = new URL(url).origin === new URL(asked.url).origin;
    const headers = asked.headers
      .filter((header) => isSameOrigin || !header.value.includes(tokenPlaceholder))
      .map((header): [string, string] => [header.name, header.value.replaceAll(tokenPlaceholder, token)]);
    const answer = await exchange(url, { method, headers, body, signal });
    const location = answer.headers.location;
    if (method !== 'GET' || answer.status < 300 || answer.status > 399 || location === undefined) return answer;
    const next = URL.parse(location, url)?.href;
    if (next === undefined || redirects >= redirectsMax || !isAllowedUrl(next, context.policy)) return answer;
    url = next;
  }
}

async function readToken(file: string | undefined): Promise<Result<string>> {
  if (file === undefined) return ok('');
  try {
    const token = (await readFile(file, 'utf8')).trim();
    if (token === '') return fail('not-found', `${file} is empty; put the token there`);
    return /^[\x21-\x7e]+$/.test(token)
      ? ok(token)
      : fail('bad-input', `${file} holds more than one line of plain text`);
  } catch (error) {
    return { ok: false, failure: failureOfSystemCall(error, file) };
  }
}

/** What the answer's body holds at a JSON pointer or after a pattern; empty where it holds nothing. */
function valueIn(body: string, asked: Asked): Result<string> {
  if (asked.valuePattern !== undefined) {
    const found = findFirst(asked.valuePattern, body, 'm');
    return found.ok ? ok(found.value?.text.slice(0, 1000) ?? '') : found;
  }
  if (asked.valueAt === undefined) return ok('');
  try {
    return ok(atPointer(JSON.parse(body), asked.valueAt).slice(0, 1000));
  } catch {
    return ok('');
  }
}

function atPointer(value: unknown, pointer: string): string {
  let at = value;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return '';
    at = (at as Record<string, unknown>)[name];
  }
  return typeof at === 'object' || at === undefined ? '' : String(at);
}
