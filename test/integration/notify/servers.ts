// Servers that notices are sent to: real ones for mail and webhooks, and such that hang, talk nonsense or never end.
import { createServer as createHttp, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { createAuthority, issueServerCredentials } from '../../../shared/security/certificates.ts';

export interface Running {
  port: number;
  stop(): Promise<void>;
}

async function listening(server: Server, sockets: Set<Socket>): Promise<Running> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** A server that does with each connection what it is told; a broken pipe is its own affair. */
export async function tcpServer(talk: (socket: Socket) => void): Promise<Running & { open(): number }> {
  const sockets = new Set<Socket>();
  const server = createTcp((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    // What nobody reads would keep its end from being seen.
    socket.resume();
    talk(socket);
  });
  return { ...(await listening(server, sockets)), open: () => sockets.size };
}

export interface Mail {
  from: string;
  to: string[];
  text: string;
  user: string | undefined;
  isSafe: boolean;
}

export async function smtpServer(options: SMTPServerOptions, password = ''): Promise<Running & { mails: Mail[] }> {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    logger: false,
    // It is asked for a name nowhere.
    disableReverseLookup: true,
    ...options,
    onAuth: (auth, _session, done) =>
      auth.password === password ? done(null, { user: auth.username ?? '' }) : done(new Error(`no: ${auth.password}`)),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          text: Buffer.concat(chunks).toString(),
          user: session.user as string | undefined,
          isSafe: session.secure,
        });
        done();
      });
    },
  });
  server.on('error', () => undefined);
  const listener = server.listen(0, '127.0.0.1');
  await new Promise<void>((resolve) => listener.once('listening', () => resolve()));
  return {
    mails,
    port: (listener.address() as AddressInfo).port,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

export interface Posted {
  headers: IncomingHttpHeaders;
  body: string;
}

export async function webhookServer(
  answer: RequestListener,
  tls?: { key: string; cert: string },
): Promise<Running & { posted: Posted[] }> {
  const posted: Posted[] = [];
  const hear: RequestListener = (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      posted.push({ headers: request.headers, body });
      answer(request, response);
    });
  };
  const server = tls === undefined ? createHttp(hear) : createHttps(tls, hear);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  return { posted, ...(await listening(server, sockets)) };
}

/** A server's certificate for 127.0.0.1, and who has signed it. */
export async function serverCertificate(): Promise<{ key: string; cert: string; authority: string }> {
  const authority = await createAuthority('a site of its own', Date.now());
  const { key, certificate } = await issueServerCredentials(authority, ['127.0.0.1'], Date.now());
  return { key, cert: certificate, authority: authority.certificate };
}
