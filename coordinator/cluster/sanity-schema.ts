// The key `sanity`: what a site itself looks at to see that its application works, by HTTP or by SQL. Looked at before
// anything is touched and after the work; what failed before is accepted by name, or nothing begins.
import { z } from 'zod';
import * as field from './fields.ts';

const checksMax = 50;
const tokenPlace = `\${token}`;

const http = z
  .strictObject({
    path: z
      .string({ error: 'must be a path' })
      .max(1000, 'must be at most 1000 characters')
      .refine(
        (text) => /^\/(?!\/)[\x21-\x7e]*$/.test(text) || field.url.safeParse(text).success,
        'must be a path that begins with one /, or an http:// or https:// address',
      ),
    headers: z
      .record(
        z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'must be the name of a header'),
        z.string({ error: 'must be text' }).regex(/^[\x20-\x7e]{0,1000}$/, 'must be one line of printable characters'),
        { error: 'must be headers' },
      )
      .default({}),
    tokenFile: field.path.optional(),
    expectStatus: field.httpStatus.default(200),
    expectPattern: field.pattern.optional(),
  })
  .superRefine((value, context) => {
    if (value.path.includes('${'))
      context.addIssue({ code: 'custom', message: `must not hold \${…}: addresses are printed`, path: ['path'] });
    if (JSON.stringify(value.headers).includes(tokenPlace) && value.tokenFile === undefined)
      context.addIssue({
        code: 'custom',
        message: `is needed, since a header uses ${tokenPlace}`,
        path: ['tokenFile'],
      });
  });

const number = z.number({ error: 'must be a number' });

const entry = z
  .strictObject({
    name: z
      .string({ error: 'must be a name' })
      .regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be a name of a-z, 0-9 and -, such as login-page'),
    http: http.optional(),
    query: field.queryName.optional(),
    equals: z.string({ error: 'must be text in quotes' }).max(200, 'must be at most 200 characters').optional(),
    atLeast: number.optional(),
    atMost: number.optional(),
    sameAsBefore: z.literal(true, { error: 'must be true, or left out' }).optional(),
    notLessThanBefore: z.literal(true, { error: 'must be true, or left out' }).optional(),
  })
  .superRefine(({ name: _, http: page, query, ...conditions }, context) => {
    if ((page === undefined) === (query === undefined)) context.addIssue('must have either http or query');
    const told = Object.values(conditions).some((one) => one !== undefined);
    if (page !== undefined && told)
      context.addIssue('has a condition of a query beside http; there are expectStatus and expectPattern below http');
    if (query !== undefined && !told)
      context.addIssue('says nothing of the answer: one of equals, atLeast, atMost, sameAsBefore, notLessThanBefore');
  });

export const sanity = z
  .array(entry, { error: 'must be a list of checks' })
  .max(checksMax, `must have at most ${checksMax}`)
  .superRefine((list, context) => {
    for (const [index, { name }] of list.entries())
      if (list.findIndex((one) => one.name === name) < index)
        context.addIssue({ code: 'custom', message: `stands twice: ${name}`, path: [index, 'name'] });
  });

/** A page that must answer, or a query with what its answer must be. */
export type SanityCheck = SanityPage | SanityQuery;

export interface SanityPage {
  name: string;
  /** Relative to the portal's address, or an address of its own; asked from the observer. */
  path: string;
  headers: Record<string, string>;
  tokenFile?: string;
  expectStatus: number;
  expectPattern?: string;
}

export interface SanityQuery {
  name: string;
  /** Of the file NAME.sql on the master's database node. */
  query: string;
  equals?: string;
  atLeast?: number;
  atMost?: number;
  sameAsBefore?: true;
  notLessThanBefore?: true;
}

/** The checks as the file has them. */
export function toSanity(list: z.infer<typeof sanity>): SanityCheck[] {
  return list.map(({ name, http: page, query, ...conditions }) => {
    const defined = Object.fromEntries(Object.entries(page ?? conditions).filter(([, value]) => value !== undefined));
    return { name, ...(query !== undefined && { query }), ...defined } as SanityCheck;
  });
}
