// Reads a YAML file's text by a schema. Everything that is wrong is told at once, each with file, line and column.
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { fail, ok, type Result } from './failures.ts';

const textBytesMax = 256 * 1024;
const problemsShownMax = 20;

/** The value in the text, as the schema gives it; `bad-input` says `file:line:column: key: what is wrong`, a line each. */
export function parseYamlFile<T>(text: string, fileName: string, schema: z.ZodType<T>): Result<T> {
  if (text.length > textBytesMax) return fail('bad-input', `${fileName}: larger than ${textBytesMax} characters`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2', merge: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${fileName}:${line}:${col}`;
  };
  if (document.errors.length > 0)
    return problems(document.errors.map((error) => `${at(error.pos[0])}: ${error.message}`));

  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    return fail('bad-input', `${fileName}:1:1: ${(error as Error).message}`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  return problems(
    parsed.error.issues.flatMap((issue) => {
      if (issue.code !== 'unrecognized_keys')
        return [`${at(offsetOf(document, issue.path))}: ${label(issue.path)}${issue.message}`];
      return issue.keys.map(
        (key) =>
          `${at(offsetOf(document, [...issue.path, key], true))}: ${label([...issue.path, key])}there is no such key`,
      );
    }),
  );
}

function problems(all: string[]): Result<never> {
  const shown = all.slice(0, problemsShownMax);
  if (all.length > shown.length) shown.push(`and ${all.length - shown.length} more`);
  return fail('bad-input', shown.join('\n'));
}

function label(path: PropertyKey[]): string {
  return path.length === 0 ? '' : `${path.map(String).join('.')}: `;
}

/** Where the value at a path (or its key) begins; of something missing, where what should hold it begins. */
function offsetOf(document: Document, path: PropertyKey[], wantsKey = false): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const part = path.slice(0, length);
    if (wantsKey && length === path.length) {
      const offset = keyOffset(document, part);
      if (offset !== undefined) return offset;
      continue;
    }
    const node = length === 0 ? document.contents : document.getIn(part, true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function keyOffset(document: Document, path: PropertyKey[]): number | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const items = (parent as { items?: { key?: unknown }[] } | null)?.items ?? [];
  const key = items.map((item) => item.key).find((item) => isNode(item) && String(item) === String(path.at(-1)));
  return isNode(key) ? key.range?.[0] : undefined;
}
