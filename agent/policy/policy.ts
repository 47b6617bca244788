// What /etc/baton/agent.yaml can say: the ceiling of what an agent does, whatever a coordinator asks for. What is not
// named there is not allowed. Pure: text in, policy or errors with line and column out.
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { fail, ok, type Result } from '../../shared/failures.ts';

const unit = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9@_.:-]{0,199}$/, "is not a unit's name");
const path = z
  .string()
  .regex(/^(?:\/(?!\.{1,2}(?:\/|$))[^/\n]+)+\/?$/, 'is not an absolute path without ..')
  .transform((text) => text.replace(/\/$/, ''));
const url = z.string().refine((text) => {
  const parsed = URL.parse(text);
  return parsed !== null && ['http:', 'https:'].includes(parsed.protocol) && parsed.search === '' && parsed.hash === '';
}, 'is not an http or https URL without query');

const databaseSchema = z.strictObject({
  names: z.array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]{0,62}$/, "is not a database's name")),
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'is not the name of a user')
    .default('postgres'),
  socketDirectory: path.default('/var/run/postgresql'),
  port: z.number().int().min(1).max(65_535).default(5432),
  psql: path.optional(),
});

const policySchema = z.strictObject({
  units: z.array(unit).default([]),
  observerUnits: z.array(unit).default([]),
  paths: z.array(path).default([]),
  testFilePaths: z.array(path).default([]),
  database: databaseSchema.optional(),
  installers: z.boolean().default(false),
  urls: z.array(url).default([]),
  secretFiles: z.array(path).default([]),
  haDirectory: path.optional(),
  hooksDirectory: path.optional(),
});

export type Policy = z.infer<typeof policySchema> & { file: string };

/** The policy in a file's text; `bad-input` naming file, line, column and key of each error. */
export function parsePolicy(text: string, file: string): Result<Policy> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const syntax = [...document.errors, ...document.warnings];
  if (syntax.length > 0)
    return fail('bad-input', syntax.map((error) => `${at(error.pos[0])}: ${error.message}`).join('\n'));
  const parsed = policySchema.safeParse(document.toJS({ maxAliasCount: 100 }) ?? {});
  if (parsed.success) return ok({ ...parsed.data, file });
  const found = parsed.error.issues.map((issue) => {
    const strange = issue.code === 'unrecognized_keys' ? issue.keys : [];
    const path = [...issue.path, ...strange.slice(0, 1)];
    return `${at(offsetOf(document.contents, path))}: ${path.join('.') || 'the file'}: ${issue.message}`;
  });
  return fail('bad-input', found.join('\n'));
}

/** Where the value at a path begins; its key where that is what is wrong, or the nearest thing that is there. */
function offsetOf(node: unknown, path: PropertyKey[]): number {
  let offset = 0;
  let at = node;
  for (const name of path) {
    if (isMap(at)) {
      const pair = at.items.find((item) => isScalar(item.key) && item.key.value === name);
      if (pair === undefined) break;
      if (isScalar(pair.key) && pair.key.range) offset = pair.key.range[0];
      at = pair.value;
    } else if (isSeq(at)) {
      at = at.items[Number(name)];
      if (isScalar(at) && at.range) offset = at.range[0];
    } else break;
  }
  return offset;
}
