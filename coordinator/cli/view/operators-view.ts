// Operators as a table. Pure.
import type { OperatorDocument, OperatorsDocument } from '../../../shared/operator-documents.ts';
import { type Column, table } from './table.ts';
import type { Paint } from './text.ts';

/** Name, role, certificate, until when it is valid; who was revoked is shown with the day. */
export function operatorsView({ operators }: OperatorsDocument, nowMs: number, paint: Paint): string {
  const standing = ({ revokedAt, validTo }: OperatorDocument): string => {
    if (revokedAt !== '') return `revoked ${revokedAt.slice(0, 10)}`;
    return Date.parse(validTo) < nowMs ? `expired ${validTo.slice(0, 10)}` : `valid until ${validTo.slice(0, 10)}`;
  };
  const columns: Column<OperatorDocument>[] = [
    { head: 'Operator', value: ({ name }) => name },
    { head: 'Role', value: ({ role }) => role },
    { head: 'Certificate', value: ({ serial }) => serial.slice(0, 16) },
    { head: 'Standing', value: standing },
    { head: 'Issued by', value: ({ issuedBy }) => issuedBy },
  ];
  const isAlone = operators.filter(({ revokedAt }) => revokedAt === '').length === 1;
  const hint = paint('dim', ' Only root of this machine so far: baton operator add NAME --role ROLE --output FILE');
  return [table('Operators', columns, operators), ...(isAlone ? [hint] : [])].join('\n');
}
