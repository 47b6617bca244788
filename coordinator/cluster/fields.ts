// What single values of the cluster file may be. Names that try to be options, paths or code are refused here; what an
// agent is sent is looked at once more by shared/actions/constraints.ts.
import { z } from 'zod';
import { namePattern } from '../../shared/names.ts';
import { parseDuration, parseSize } from '../../shared/units.ts';

const says = (what: string) => ({ error: `must be ${what}` });

export const name = z.string(says('a name')).regex(namePattern, '1 to 31 of a-z, 0-9 and -, not beginning with -');

const hostname =
  /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;

/** An IP address or a host name; digits and dots alone are an IPv4 address or wrong. */
export const address = z.string(says('an IP address or a host name')).refine((text) => {
  if (z.ipv4().safeParse(text).success || z.ipv6().safeParse(text).success) return true;
  return hostname.test(text) && !/^[\d.]+$/.test(text);
}, says('an IP address or a host name, such as 10.77.0.11'));

export const unit = z
  .string(says('the name of a systemd unit'))
  .regex(/^[A-Za-z0-9][A-Za-z0-9@_.:-]{0,199}$/, 'must be the name of a systemd unit, such as ft-main-server');

/** The unit of a PostgreSQL server; `{major}` stands for the version in service. */
export const databaseUnit = z
  .string(says('the name of a systemd unit'))
  .regex(
    /^[A-Za-z0-9](?:[A-Za-z0-9@_.:-]|\{major\}){0,199}$/,
    'must be the name of a systemd unit, such as postgresql@{major}-main',
  );

export const units = z
  .array(unit, says('a list of systemd units'))
  .min(1, 'must name at least one unit')
  .max(20, 'must name at most 20 units')
  .refine(
    (list) => new Set(list.map((one) => one.replace(/\.service$/, ''))).size === list.length,
    says('different units'),
  );

const pathPart = '(?!\\.{1,2}(?:/|$))[A-Za-z0-9@_+.,:-]+';
export const path = z
  .string(says('an absolute path'))
  .max(512, 'must be at most 512 characters')
  .regex(new RegExp(`^(?:/${pathPart})+$`), 'must be an absolute path without spaces and .., such as /opt/flotomate');

/** `*` only in the last part, so that the folder is a fixed one. */
export const glob = z
  .string(says('an absolute path'))
  .max(512, 'must be at most 512 characters')
  .regex(
    new RegExp(`^(?:/${pathPart})+/(?!\\.{1,2}$)[A-Za-z0-9@_+.,:*-]+$`),
    'must be an absolute path whose last part may hold *, such as /opt/HA/logs/ha_*.log',
  );

const identifier = '[A-Za-z_][A-Za-z0-9_]{0,62}';
export const database = z
  .string(says('the name of a database'))
  .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,62}$/, 'must be the name of a database, such as flotoitsmdb');
export const table = z
  .string(says('a table'))
  .regex(new RegExp(`^${identifier}\\.${identifier}$`), 'must be schema.table, such as apolo.request');
export const databaseRole = z
  .string(says("a database role's name"))
  .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,62}$/, 'must be the name of a database role, such as replicator');
/** libpq's name=value words; a password has no place in a cluster file. */
export const connectionOptions = z
  .string(says('connection parameters'))
  .max(500, 'must be at most 500 characters')
  .regex(
    /^(?!.*\bpassword\s*=)(?:[a-z_]+=[A-Za-z0-9_./:@-]+(?: [a-z_]+=[A-Za-z0-9_./:@-]+)*)?$/,
    'must be connection parameters such as sslmode=verify-full, without a password (use passFile)',
  );
export const queryName = z
  .string(says("a query's name"))
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be the name of a query, a-z, 0-9 and -, such as open-tickets');
export const settingName = z
  .string(says("a setting's name"))
  .regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/, "must be a setting's name, such as DATABASE_UNIT");
export const settingValue = z
  .string(says("a setting's value"))
  .regex(
    /^(?:[A-Za-z0-9@_./:,+-]|\{major\}){0,200}$/,
    'must be letters, digits and @ _ . / : , + -, with {major} for the version, such as postgresql@{major}-main',
  );
export const column = z
  .string(says('a column'))
  .regex(new RegExp(`^${identifier}$`), 'must be a column, such as subject');

/** A quantified group that repeats something repeated takes exponential time on some inputs. */
const nestedRepetition = /\((?:[^()\\]|\\.)*[*+}](?:[^()\\]|\\.)*\)[*+{]/;

export const pattern = z
  .string(says('a regular expression'))
  .min(1, 'must not be empty')
  .max(300, 'must be at most 300 characters')
  .superRefine((text, context) => {
    const wrong = faultOfPattern(text);
    if (wrong !== undefined) context.addIssue(wrong);
  });

/** A pattern whose first group is what is read. */
export const groupPattern = pattern.refine(
  (text) => faultOfPattern(text) !== undefined || (new RegExp(`${text}|`).exec('')?.length ?? 0) > 1,
  "needs a group that says what is read, such as '(\\d+)%'",
);

function faultOfPattern(text: string): string | undefined {
  try {
    new RegExp(text);
  } catch (error) {
    return (error as Error).message;
  }
  return nestedRepetition.test(text) ? 'repeats a group that repeats: this can take for ever on some text' : undefined;
}

export const url = z
  .string(says('an address'))
  .max(1000, 'must be at most 1000 characters')
  .refine((text) => {
    const parsed = /^[\x21-\x7e]+$/.test(text) ? URL.parse(text) : null;
    return parsed !== null && /^https?:$/.test(parsed.protocol) && parsed.username === '' && parsed.password === '';
  }, says('an http:// or https:// address without user and password'));

export const port = z.int(says('a port')).min(1, 'must be 1 to 65535').max(65_535, 'must be 1 to 65535');
export const httpStatus = z.int(says('an HTTP status')).min(100, 'must be 100 to 599').max(599, 'must be 100 to 599');

/** `2m` as ms, between two bounds. */
export function duration(leastMs: number, mostMs: number, bounds: string) {
  return z.string(says(`a duration with its unit, such as 2m (ms, s, m, h, d)`)).transform((text, context): number => {
    const ms = parseDuration(text);
    if (ms !== undefined && ms >= leastMs && ms <= mostMs) return ms;
    context.addIssue(
      ms === undefined ? 'must be a duration with its unit, such as 2m (ms, s, m, h, d)' : `must be ${bounds}`,
    );
    return z.NEVER;
  });
}

/** `16MiB` as bytes. */
export const size = z.string(says('a size with its unit, such as 16MiB')).transform((text, context): number => {
  const bytes = parseSize(text);
  if (bytes !== undefined) return bytes;
  context.addIssue('must be a size with its unit, such as 16MiB (kB, MB, GB, KiB, MiB, GiB)');
  return z.NEVER;
});

/** `20%` as 0.2. */
export const share = z.string(says('a share, such as 20%')).transform((text, context): number => {
  const percent = /^(\d{1,2}(?:\.\d{1,2})?)\s?%$/.exec(text)?.[1];
  if (percent !== undefined) return Number(percent) / 100;
  context.addIssue('must be a share from 0% to 99%, such as 20%');
  return z.NEVER;
});

/** How many for each processor. */
export const factor = z.number(says('a number')).min(0.1, 'must be 0.1 or more').max(1000, 'must be at most 1000');

export const supportedOs = z
  .string(says('an operating system, such as ubuntu 24'))
  .regex(/^[a-z][a-z0-9_-]{0,30} \d{1,4}(?:\.\d{1,4})*$/, 'must be os-release’s ID and version, such as ubuntu 24');
