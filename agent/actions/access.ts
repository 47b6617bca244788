// readAccess: who may connect to the server, as pg_hba.conf and its roles say. No password and no hash of one is read out.
import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { ok } from '../../shared/failures.ts';
import { printableLine } from '../platform/printable.ts';
import { commandsHere, lastProgram, type Run } from './context.ts';
import { readJson } from './database.ts';

const rulesMax = 200;
const rolesMax = 500;

const accessSchema = z.object({
  rules: z.array(
    z.object({
      line: z.number(),
      type: z.string(),
      databases: z.array(z.string()),
      users: z.array(z.string()),
      address: z.string(),
      netmask: z.string(),
      method: z.string(),
      error: z.string(),
    }),
  ),
  roles: z.array(
    z.object({
      ...{ name: z.string(), superuser: z.boolean(), canLogin: z.boolean(), replication: z.boolean() },
      password: z.enum(['scram', 'md5', 'none']),
    }),
  ),
  listenAddresses: z.string(),
  ssl: z.boolean(),
  passwordEncryption: z.string(),
  publicCreates: z.boolean(),
});

export const readAccess: Run<'readAccess'> = async (action, context) => {
  const read = await readJson(context, lastProgram(commandsHere(action, context)), accessSchema);
  if (!read.ok) return read;
  const { rules, roles, ...rest } = read.value;
  return ok({
    ...{ kind: 'readAccess', ...rest, roles: roles.slice(0, rolesMax) },
    rules: rules.slice(0, rulesMax).map(({ netmask, error, ...rule }) => ({
      ...rule,
      address: netmask === '' ? rule.address : `${rule.address}/${prefixLength(netmask)}`,
      error: printableLine(error),
    })),
  });
};

/** How many bits of an address a mask leaves fixed. */
export function prefixLength(netmask: string): number {
  const [base, digits, separator] = isIPv4(netmask) ? [10, 8, '.'] : [16, 16, ':'];
  const bits = netmask
    .split(separator)
    .filter((part) => part !== '')
    .map((part) => Number.parseInt(part, base).toString(2).padStart(digits, '0'));
  return bits.join('').split('0')[0]?.length ?? 0;
}
