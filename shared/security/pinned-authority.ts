// Reads a coordinator's authority before it is trusted: the certificate is taken only if it has the pin that came with
// the join line and has signed the server's own. Sends nothing.
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { fail, ok, type Result } from '../failures.ts';
import { pinOf } from './certificates.ts';

/** The authority (PEM) with the given pin of the server at host and port; refused when the server shows another. */
export function fetchPinnedAuthority(
  host: string,
  port: number,
  pin: string,
  timeoutMs: number,
): Promise<Result<string>> {
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port,
      ALPNProtocols: ['h2'],
      minVersion: 'TLSv1.3',
      rejectUnauthorized: false,
      ...(isIP(host) ? {} : { servername: host }),
    });
    const end = (result: Result<string>) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(timeoutMs, () =>
      end(fail('unreachable', `${host}:${port} does not answer`, { retryable: true })),
    );
    socket.once('error', (error) =>
      end(fail('unreachable', `${host}:${port} cannot be reached: ${error.message}`, { retryable: true })),
    );
    socket.once('secureConnect', () => end(pinned(socket.getPeerCertificate(true), `${host}:${port}`, pin)));
  });
}

function pinned(peer: DetailedPeerCertificate, address: string, pin: string): Result<string> {
  const issuer = peer.issuerCertificate;
  if (!peer.raw || !issuer?.raw) return fail('unauthorized', `${address} does not show its authority`);
  if (pinOf(issuer.raw) !== pin)
    return fail('unauthorized', `${address} is of another authority: ${pinOf(issuer.raw)}, the join line says ${pin}`);
  const authority = new X509Certificate(issuer.raw);
  if (!new X509Certificate(peer.raw).verify(authority.publicKey))
    return fail('unauthorized', `${address}: the authority with this pin has not signed the server's certificate`);
  return ok(authority.toString());
}
