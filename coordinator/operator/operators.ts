// Operator › operators: issuing, listing, changing the role, revoking. Only a coordinator with the authority's key issues,
// and one admin is always left.
import { X509Certificate } from 'node:crypto';
import { type Failure, fail, failure, ok, type Result } from '../../shared/failures.ts';
import { isName } from '../../shared/names.ts';
import type { OperatorAddedDocument, OperatorDocument, OperatorsDocument } from '../../shared/operator-documents.ts';
import { type Credentials, issueFromRequest } from '../../shared/security/certificates.ts';
import type { OperatorRecord, Operators } from '../access/operators.ts';
import { isOperatorRole, operatorRoles } from '../access/roles.ts';
import type { Audit } from '../audit/audit.ts';
import type { Revocations } from '../fleet/revocations.ts';

export interface OperatorsParts {
  operators: Operators;
  revocations: Revocations;
  /** What certificates are signed with; the failure says who has it where this coordinator does not. */
  signer(): Result<Credentials>;
  audit: Audit;
  nowMs(): number;
}

/** In events they stand for what nobody has said. */
const reservedNames: readonly string[] = ['schedule', 'baton', 'nobody'];

/** Issues a certificate for a key that only the asking command has. */
export async function addOperator(
  parts: OperatorsParts,
  request: { name: string; role: string; signingRequest: Uint8Array },
  by: string,
): Promise<Result<OperatorAddedDocument>> {
  const { operators, nowMs } = parts;
  const { name, role } = request;
  const refused = (reason: Failure): Result<never> => {
    record(parts, by, 'add operator', reason.message, 'refused');
    return { ok: false, failure: reason };
  };
  if (!isName(name) || reservedNames.includes(name))
    return refused(
      failure(
        'bad-input',
        `${JSON.stringify(name.slice(0, 64))} is no name for an operator: 1 to 31 of a-z, 0-9 and -`,
      ),
    );
  if (!isOperatorRole(role)) return refused(noRole(role));
  const signer = parts.signer();
  if (!signer.ok) return refused(signer.failure);
  const issued = await issueFromRequest(signer.value, request.signingRequest, 'operator', name, nowMs());
  if (!issued.ok) return refused(issued.failure);

  const { certificate, serial } = issued.value;
  const validToMs = new X509Certificate(certificate).validToDate.getTime();
  const written = await operators.change(name, (old) =>
    isInForce(old, nowMs())
      ? fail('conflict', `${name} is ${old.role} already; first: baton operator revoke ${name}`)
      : ok({ name, role, serial, issuedAtMs: nowMs(), issuedBy: by, validToMs, revokedAtMs: 0 }),
  );
  if (!written.ok) return refused(written.failure);
  record(parts, by, 'add operator', `${name} as ${role} with certificate ${serial}`, 'done');
  return ok({ schema: 1, ...documentOf(written.value), certificate, authority: signer.value.certificate });
}

/** All operators by name, those who were revoked too. */
export async function listOperators({ operators }: OperatorsParts): Promise<Result<OperatorsDocument>> {
  const all = await operators.list();
  if (!all.ok) return all;
  return ok({ schema: 1, operators: all.value.map(documentOf).sort((a, b) => a.name.localeCompare(b.name, 'en')) });
}

/** Gives an operator another role, from the next call on. */
export async function changeOperator(
  parts: OperatorsParts,
  { name, role }: { name: string; role: string },
  by: string,
): Promise<Result<OperatorDocument>> {
  if (!isOperatorRole(role)) return { ok: false, failure: noRole(role) };
  return await change(parts, name, by, 'change role', `${name} to ${role}`, role === 'admin', (old) => ({
    ...old,
    role,
  }));
}

/** Ends an operator's calls and connections at once, and refuses the certificate from then on. */
export async function revokeOperator(
  parts: OperatorsParts,
  name: string,
  by: string,
): Promise<Result<OperatorDocument>> {
  const { revocations, nowMs } = parts;
  const revoked = await change(parts, name, by, 'revoke operator', name, false, (old) => ({
    ...old,
    revokedAtMs: old.revokedAtMs || nowMs(),
  }));
  if (!revoked.ok) return revoked;
  const who = { kind: 'operator', name, atMs: nowMs(), by: `operator ${by}` } as const;
  const ended = await revocations.add(revoked.value.serial, who);
  return ended.ok ? revoked : ended;
}

async function change(
  parts: OperatorsParts,
  name: string,
  by: string,
  what: string,
  detail: string,
  isAdminAfterwards: boolean,
  into: (old: OperatorRecord) => OperatorRecord,
): Promise<Result<OperatorDocument>> {
  const { operators, nowMs } = parts;
  const all = await operators.list();
  if (!all.ok) return all;
  const isAdmin = (one: OperatorRecord) => one.role === 'admin' && isInForce(one, nowMs());
  const isAdminLeft = isAdminAfterwards || all.value.some((one) => one.name !== name && isAdmin(one));
  const written = await operators.change(name, (old) => {
    // Revoking may be said again, should its second half have failed.
    if (old === undefined || (old.revokedAtMs !== 0 && what !== 'revoke operator'))
      return fail('not-found', `there is no operator ${name}; \`baton operator ls\` shows those there are`);
    if (isAdmin(old) && !isAdminLeft)
      return fail(
        'conflict',
        `${name} is the only admin; make another one first: baton operator add NAME --role admin`,
      );
    return ok(into(old));
  });
  record(parts, by, what, written.ok ? detail : written.failure.message, written.ok ? 'done' : 'refused');
  return written.ok ? ok(documentOf(written.value)) : written;
}

const isInForce = (record: OperatorRecord | undefined, nowMs: number): record is OperatorRecord =>
  record !== undefined && record.revokedAtMs === 0 && nowMs <= record.validToMs;

const noRole = (role: string): Failure =>
  failure('bad-input', `${JSON.stringify(role.slice(0, 64))} is no role; one of ${operatorRoles.join(', ')}`);

function record({ audit }: OperatorsParts, by: string, what: string, detail: string, outcome: 'done' | 'refused') {
  audit.record({ who: `operator ${by}`, what, detail, outcome });
}

const iso = (atMs: number): string => (atMs === 0 ? '' : new Date(atMs).toISOString());

function documentOf({ name, role, serial, issuedBy, ...at }: OperatorRecord): OperatorDocument {
  return {
    ...{ name, role, serial, issuedBy },
    issuedAt: iso(at.issuedAtMs),
    validTo: iso(at.validToMs),
    revokedAt: iso(at.revokedAtMs),
  };
}
