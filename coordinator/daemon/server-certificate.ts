// The certificate that a coordinator shows: made from the authority's key where that is, otherwise the one it was given.
// One that is made here is never on disk: a process that runs for longer than it is valid makes another.
import type { Clock } from '../../shared/clock.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import type { Log } from '../../shared/log.ts';
import { type Credentials, issueServerCredentials } from '../../shared/security/certificates.ts';
import { hours } from '../../shared/units.ts';
import type { Authority } from './state-files.ts';

export interface ServerCertificate {
  now: Credentials;
  /** Hands over another one each day; gives how to stop. */
  renew(use: (newer: Credentials) => void): () => void;
}

export async function openServerCertificate(
  { certificate, key, server }: Authority,
  names: string[],
  clock: Pick<Clock, 'nowMs'>,
  log: Log,
): Promise<Result<ServerCertificate>> {
  const issue = async () =>
    key === undefined ? server : await issueServerCredentials({ certificate, key }, names, clock.nowMs());
  const now = await issue();
  if (now === undefined) return fail('not-found', 'this coordinator has no certificate and cannot make one');
  return ok({
    now,
    renew(use) {
      const timer = setInterval(() => {
        issue().then(
          (made) => made && use(made),
          (error: Error) => log.error('no new server certificate', { reason: error.message }),
        );
      }, hours(24));
      timer.unref();
      return () => clearInterval(timer);
    },
  });
}
