// The HTTP requests that create, find and remove the test ticket. `${marker}` is what the ticket is known by, `${id}`
// what the application calls it, `${token}` is put in on the observer and nowhere else.
import { z } from 'zod';
import * as field from './fields.ts';

const tokenPlace = `\${token}`;

const header = z
  .string({ error: 'must be text' })
  .max(1000, 'must be at most 1000 characters')
  .regex(/^[\x20-\x7e]*$/, 'must be one line of printable characters');

const requestPath = z
  .string({ error: 'must be a path' })
  .max(1000, 'must be at most 1000 characters')
  .refine(
    (text) => /^\/(?!\/)[\x21-\x7e]*$/.test(text) || field.url.safeParse(text).success,
    'must be a path that begins with one /, or an http:// or https:// address',
  );

const shape = {
  path: requestPath,
  headers: z
    .record(z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'must be the name of a header'), header, {
      error: 'must be headers',
    })
    .default({}),
  id: z
    .string({ error: 'must be a JSON pointer' })
    .max(200, 'must be at most 200 characters')
    .regex(/^(?:\/[^/]+)+$/, 'must be a JSON pointer, such as /tickets/0/id'),
};
const writes = z.enum(['POST', 'PUT', 'PATCH', 'DELETE'], { error: 'must be POST, PUT, PATCH or DELETE' });

const request = { ...shape, body: z.json().optional(), id: shape.id.optional() };
const create = z
  .strictObject({ ...request, method: writes.default('POST'), expectStatus: field.httpStatus.default(201) })
  .superRefine(places(['marker', 'token'], 'marker'));
const find = z
  .strictObject({
    ...shape,
    method: z.literal('GET', { error: 'must be GET' }).default('GET'),
    expectStatus: field.httpStatus.default(200),
  })
  .superRefine(places(['marker', 'token'], 'marker'));
const remove = z
  .strictObject({ ...request, method: writes.default('DELETE'), expectStatus: field.httpStatus.default(204) })
  .superRefine(places(['marker', 'id', 'token'], 'id'));

export const ticket = z
  .strictObject({
    create,
    find,
    remove,
    tokenFile: field.path.optional(),
    row: z.strictObject({ table: field.table, column: field.column }),
  })
  .superRefine((value, context) => {
    const isTokenUsed = [value.create, value.find, value.remove].some((one) =>
      JSON.stringify(one.headers).includes(tokenPlace),
    );
    if (isTokenUsed && value.tokenFile === undefined)
      context.addIssue({
        code: 'custom',
        message: `is needed, since a header uses ${tokenPlace}`,
        path: ['tokenFile'],
      });
  });

interface Filled {
  path: string;
  headers: Record<string, string>;
  body?: unknown;
}

/** `${…}` may only be what Baton fills in, and the one without which the request would mean any ticket must be there. */
function places(allowed: string[], needed: string) {
  return ({ path, headers, body }: Filled, context: z.RefinementCtx): void => {
    const used = (text: string): string[] => [...text.matchAll(/\$\{([^}]*)\}/g)].map((match) => match[1] ?? '');
    const inRequest = used(JSON.stringify([path, headers, body ?? null]));
    for (const place of new Set(inRequest.filter((one) => !allowed.includes(one))))
      context.addIssue(`has \${${place}}; there are ${allowed.map((one) => `\${${one}}`).join(', ')}`);
    if (![...used(path), ...used(JSON.stringify(body ?? null))].includes(needed))
      context.addIssue({
        code: 'custom',
        message: `needs \${${needed}}`,
        path: [body === undefined ? 'path' : 'body'],
      });
    if ([...used(path), ...used(JSON.stringify(body ?? null))].includes('token'))
      context.addIssue(`${tokenPlace} belongs into a header: addresses and bodies are printed and logged`);
  };
}
