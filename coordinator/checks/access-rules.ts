// What a rule of pg_hba.conf lets in, in words. Pure; a helper of the checks, no check.
import type { AnswerOf } from '../../shared/actions/action.ts';

export type Access = AnswerOf<'readAccess'>;
export type Rule = Access['rules'][number];

/** Methods that ask for nothing that only the right one has; ident believes the client's own machine. */
const askingNothing = ['trust', 'ident'];
/** An IPv4 network larger than this is as good as everybody's. */
const prefixMin = { v4: 8, v6: 16 };

const isLocal = ({ type, address }: Rule): boolean =>
  type === 'local' || address === 'samehost' || /^127\./.test(address) || /^::1(\/128)?$/.test(address);

/** Whether it is for machines that nobody has chosen. */
export function isForAnybody({ type, address }: Rule): boolean {
  if (type === 'local') return false;
  if (address === 'all') return true;
  const prefix = /^(.*)\/(\d+)$/.exec(address);
  if (prefix === null) return false;
  const [, base = '', bits = '0'] = prefix;
  return Number(bits) < (base.includes(':') ? prefixMin.v6 : prefixMin.v4);
}

const isForEveryRole = ({ users }: Rule, superusers: readonly string[]): boolean =>
  users.some((user) => user === 'all' || user.startsWith('/') || superusers.includes(user));

/** Rules by which somebody may get in who should not. */
export function openRules({ rules, roles }: Access): string[] {
  const superusers = roles.filter(({ superuser }) => superuser).map(({ name }) => name);
  return rules.flatMap((rule) => {
    if (rule.error !== '') return [`line ${rule.line} cannot be read: ${rule.error}`];
    if (rule.method === 'reject' || isLocal(rule)) return [];
    const asksNothing = askingNothing.includes(rule.method);
    if (asksNothing && (isForAnybody(rule) || isForEveryRole(rule, superusers))) return [describe(rule)];
    // A password in plain text, readable on the way.
    return rule.method === 'password' && rule.type !== 'hostssl' ? [describe(rule)] : [];
  });
}

/** Rules that are wider than they have to be. */
export function wideRules(access: Access): string[] {
  const open = openRules(access);
  return access.rules
    .filter((rule) => rule.error === '' && rule.method !== 'reject' && !isLocal(rule) && !open.includes(describe(rule)))
    .filter(
      (rule) => askingNothing.includes(rule.method) || ['md5', 'password'].includes(rule.method) || isForAnybody(rule),
    )
    .map(describe);
}

const describe = ({ line, type, databases, users, address, method }: Rule): string =>
  `line ${line}: ${[type, databases.join(','), users.join(','), address, method].filter((word) => word !== '').join(' ')}`;
