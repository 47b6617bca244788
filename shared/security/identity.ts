// Who a certificate speaks for: `baton:node:n1` or `baton:operator:alice` in its alternative name, and whether our
// authority says so. Pure; revocation is the caller's to look up by `serial`.
import { X509Certificate } from 'node:crypto';
import { isName } from '../names.ts';

export type IdentityKind = 'node' | 'operator';

export interface Identity {
  kind: IdentityKind;
  name: string;
  /** Hexadecimal, lower case. */
  serial: string;
  /** When the certificate ends, ms since 1970. */
  validToMs: number;
}

/** Why a certificate proves nothing here. */
export type Mistrust = 'another authority' | 'expired' | 'not yet valid' | 'not for clients' | 'no identity';

const clientAuth = '1.3.6.1.5.5.7.3.2';
const uriPattern = /^URI:baton:(node|operator):([^:]*)$/;

export function identityUri(kind: IdentityKind, name: string): string {
  return `baton:${kind}:${name}`;
}

/** The identity that `authority` (PEM) vouches for in a certificate (DER), at a time; or why there is none. */
export function identityOf(certificate: Uint8Array, authority: string, nowMs: number): Identity | Mistrust {
  const issuer = new X509Certificate(authority);
  let peer: X509Certificate;
  try {
    peer = new X509Certificate(certificate);
    if (!peer.checkIssued(issuer) || !peer.verify(issuer.publicKey)) return 'another authority';
  } catch {
    return 'another authority';
  }
  if (nowMs < peer.validFromDate.getTime()) return 'not yet valid';
  if (nowMs > peer.validToDate.getTime()) return 'expired';
  if (peer.ca || !peer.keyUsage?.includes(clientAuth)) return 'not for clients';
  const match = uriPattern.exec(peer.subjectAltName ?? '');
  if (!match || !isName(match[2] ?? '')) return 'no identity';
  return {
    kind: match[1] as IdentityKind,
    name: match[2] ?? '',
    serial: peer.serialNumber.toLowerCase(),
    validToMs: peer.validToDate.getTime(),
  };
}
