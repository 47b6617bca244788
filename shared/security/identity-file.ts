// One file with all that a baton command shows of its user and trusts: private key, certificate, the authority's
// certificate, each in PEM. Pure; whoever reads it sees to it that nobody else may.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { fail, ok, type Result } from '../failures.ts';
import { type Identity, identityOf } from './identity.ts';

export interface IdentityFile {
  key: string;
  certificate: string;
  authority: string;
}

export function formatIdentity({ key, certificate, authority }: IdentityFile): string {
  return [key, certificate, authority].map((part) => `${part.trim()}\n`).join('');
}

/** The parts and whose they are; `bad-input` for what is no such file, `unauthorized` for a certificate that is over. */
export function parseIdentity(text: string, nowMs: number): Result<IdentityFile & { operator: Identity }> {
  const [key] = text.match(/-----BEGIN PRIVATE KEY-----[^-]*-----END PRIVATE KEY-----/) ?? [];
  const [certificate, authority] = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (key === undefined || certificate === undefined || authority === undefined)
    return fail(
      'bad-input',
      'it must have a private key, a certificate and the authority’s certificate, in this order',
    );
  try {
    const { raw } = new X509Certificate(certificate);
    if (!new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key)))
      return fail('bad-input', 'its key is not the one of its certificate');
    const operator = identityOf(raw, authority, nowMs);
    if (operator === 'expired' || operator === 'not yet valid')
      return fail('unauthorized', `its certificate is ${operator}`);
    if (typeof operator === 'string' || operator.kind !== 'operator')
      return fail('bad-input', 'its certificate is not one of an operator that the authority in it has signed');
    return ok({ key, certificate, authority, operator });
  } catch (error) {
    return fail('bad-input', `it cannot be read: ${(error as Error).message}`);
  }
}

/** Where a coordinator puts the identity of root on its machine: beside its socket. */
export const identityBeside = (socketPath: string): string => `${socketPath.replace(/\.sock$/, '')}.pem`;
