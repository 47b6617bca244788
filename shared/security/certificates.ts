// Makes keys, signing requests and certificates: one authority for an installation, everything ECDSA P-256.
// It stores nothing and decides nothing about who may have one; what a certificate proves is in identity.ts.
import 'reflect-metadata';
import { createHash, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  X509Certificate as Certificate,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  PemConverter,
  Pkcs10CertificateRequest,
  Pkcs10CertificateRequestGenerator,
  type PublicKeyType,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { fail, ok, type Result } from '../failures.ts';
import { type IdentityKind, identityUri } from './identity.ts';

const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;
/** Clocks of joining nodes may be behind: certificates are valid from a little earlier on. */
const backdatedMs = 10 * 60_000;

/** A certificate and its private key, both PEM. */
export interface Credentials {
  certificate: string;
  key: string;
}

/** Makes an authority's self-signed certificate, valid for ten years. */
export async function createAuthority(name: string, nowMs: number): Promise<Credentials> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: newSerial(),
      name: commonName(name),
      notBefore: new Date(nowMs - backdatedMs),
      notAfter: new Date(nowMs + 3650 * dayMs),
      keys,
      signingAlgorithm,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    },
    webcrypto as Crypto,
  );
  return { certificate: pem(certificate), key: await keyToPem(keys.privateKey) };
}

/** Makes a key and the signing request (PKCS#10, DER) with which a node asks for its certificate. */
export async function createSigningRequest(name: string): Promise<{ request: Uint8Array; key: string }> {
  const keys = await newKeys();
  const request = await Pkcs10CertificateRequestGenerator.create(
    { name: commonName(name), keys, signingAlgorithm },
    webcrypto as Crypto,
  );
  return { request: new Uint8Array(request.rawData), key: await keyToPem(keys.privateKey) };
}

/** Issues a client certificate (PEM, one year) for the key of a signing request; only key and name are taken from it. */
export async function issueFromRequest(
  authority: Credentials,
  request: Uint8Array,
  kind: IdentityKind,
  name: string,
  nowMs: number,
): Promise<Result<{ certificate: string; serial: string }>> {
  let parsed: Pkcs10CertificateRequest;
  try {
    parsed = new Pkcs10CertificateRequest(new Uint8Array(request));
    if (!(await parsed.verify(webcrypto as Crypto)))
      return fail('bad-input', `${name}: the signing request is not signed by its own key`);
  } catch (error) {
    return fail('bad-input', `${name}: the signing request cannot be read: ${(error as Error).message}`);
  }
  const asked = parsed.subjectName.getField('CN')[0];
  if (asked !== name)
    return fail('bad-input', `the signing request is for ${asked ?? 'nobody'}, the certificate would be for ${name}`);
  const algorithm = parsed.publicKey.algorithm as { name: string; namedCurve?: string };
  if (algorithm.name !== keyAlgorithm.name || algorithm.namedCurve !== keyAlgorithm.namedCurve)
    return fail('bad-input', `${name}: the signing request's key is not ECDSA P-256`);
  return ok(await issueClient(authority, kind, name, parsed.publicKey, nowMs));
}

/** Makes a key and a client certificate for an operator or a node at once, where both stay on this machine. */
export async function issueClientCredentials(
  authority: Credentials,
  kind: IdentityKind,
  name: string,
  nowMs: number,
): Promise<Credentials & { serial: string }> {
  const keys = await newKeys();
  return {
    ...(await issueClient(authority, kind, name, keys.publicKey, nowMs)),
    key: await keyToPem(keys.privateKey),
  };
}

/** Makes a key and a server certificate (one year) for host names and IP addresses. */
export async function issueServerCredentials(
  authority: Credentials,
  hosts: string[],
  nowMs: number,
): Promise<Credentials> {
  const keys = await newKeys();
  const names: JsonGeneralName[] = [...new Set(hosts)].map((host) => ({
    type: isIP(host) ? 'ip' : 'dns',
    value: host,
  }));
  const { certificate } = await issue(authority, 'baton coordinator', keys.publicKey, nowMs, [
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension(names),
  ]);
  return { certificate, key: await keyToPem(keys.privateKey) };
}

/** `sha256:HEX` of an authority's certificate (PEM or DER): what a join line pins. */
export function pinOf(authority: string | Uint8Array): string {
  const { raw } = new X509Certificate(authority);
  return `sha256:${createHash('sha256').update(raw).digest('hex')}`;
}

function issueClient(
  authority: Credentials,
  kind: IdentityKind,
  name: string,
  publicKey: PublicKeyType,
  nowMs: number,
): Promise<{ certificate: string; serial: string }> {
  return issue(authority, name, publicKey, nowMs, [
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
    new SubjectAlternativeNameExtension([{ type: 'url', value: identityUri(kind, name) }]),
  ]);
}

async function issue(
  authority: Credentials,
  name: string,
  publicKey: PublicKeyType,
  nowMs: number,
  extensions: Extension[],
): Promise<{ certificate: string; serial: string }> {
  const issuer = new Certificate(authority.certificate);
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: newSerial(),
      subject: commonName(name),
      issuer: issuer.subjectName,
      notBefore: new Date(nowMs - backdatedMs),
      notAfter: new Date(nowMs + 365 * dayMs),
      publicKey,
      signingKey: await keyFromPem(authority.key),
      signingAlgorithm,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
        ...extensions,
      ],
    },
    webcrypto as Crypto,
  );
  return { certificate: pem(certificate), serial: new X509Certificate(pem(certificate)).serialNumber.toLowerCase() };
}

/** With a line's end, so that certificates can be put one after another. */
function pem(certificate: Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
}

/** 127 random bits, positive. */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

function commonName(name: string): Name {
  return new Name([{ CN: [name] }]);
}

async function keyToPem(key: webcrypto.CryptoKey): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

function keyFromPem(pem: string): Promise<CryptoKey> {
  return webcrypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(pem), keyAlgorithm, false, [
    'sign',
  ]) as Promise<CryptoKey>;
}
