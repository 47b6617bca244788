// One HTTP request and its answer over a connection of its own: nothing is repeated, no redirection is followed, the body
// is cut at a limit. (fetch repeats, and refuses ports that a portal may well have.)
import { type IncomingHttpHeaders, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';

export interface Exchange {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** How a request ended without an answer; `mayHaveArrived` when a part of it was sent. */
export class ExchangeBroken extends Error {
  readonly mayHaveArrived: boolean;
  constructor(cause: Error, mayHaveArrived: boolean) {
    super(cause.message || ('code' in cause ? String(cause.code) : cause.name), { cause });
    this.mayHaveArrived = mayHaveArrived;
  }
}

const bodyBytesMax = 1024 * 1024;

/** Sends a request; rejects with ExchangeBroken. */
export function exchange(
  url: string,
  options: { method: string; headers: [name: string, value: string][]; body: string; signal: AbortSignal },
): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    let mayHaveArrived = false;
    const broken = (error: Error) => reject(new ExchangeBroken(error, mayHaveArrived));
    const data = Buffer.from(options.body);
    const send = url.startsWith('https:') ? tlsRequest : plainRequest;
    const request = send(url, {
      method: options.method,
      agent: false,
      signal: options.signal,
      headers: {
        ...Object.fromEntries(options.headers),
        ...(data.length === 0 ? {} : { 'content-length': data.length }),
      },
    });
    request.on('socket', (socket) =>
      socket.once('connect', () => {
        mayHaveArrived = true;
      }),
    );
    request.on('error', broken);
    request.on('response', (answer) => {
      const chunks: Buffer[] = [];
      let length = 0;
      const end = () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: Buffer.concat(chunks).subarray(0, bodyBytesMax).toString('utf8'),
        });
      answer.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length < bodyBytesMax) return;
        end();
        request.destroy();
      });
      answer.on('end', end);
      answer.on('error', broken);
    });
    request.end(data);
  });
}
