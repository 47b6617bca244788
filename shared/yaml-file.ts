// Reads a YAML file's text by a schema. Everything that is wrong is told at once, each with file, line and column.
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { fail, ok, type Result } from './failures.ts';

const textBytesMax = 256 * 1024;
const problemsShownMax = 20;

/**
 * The value in the text, as the schema gives it; `bad-input` says `file:line:column: key: what is wrong`, a line each, in the text's order.
 * `unknownKey` may say more of a key that the schema does not have.
 */
export function parseYamlFile<T>(
  text: string,
  fileName: string,
  schema: z.ZodType<T>,
  unknownKey: (path: string[]) => string = () => 'there is no such key',
): Result<T> {
  if (text.length > textBytesMax) return fail('bad-input', `${fileName}: larger than ${textBytesMax} characters`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2', merge: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${fileName}:${line}:${col}`;
  };
  // What a decoder puts where bytes are no UTF-8, and what no text holds.
  const undecoded = text.search(/[\uFFFD\0]/);
  if (undecoded >= 0) return problems([`${at(undecoded)}: this is not UTF-8 text`]);
  // A warning tells of a tag that nobody knows: its value would be taken for something else than was meant.
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) return problems(faults.map((error) => `${at(error.pos[0])}: ${error.message}`));

  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    return fail('bad-input', `${fileName}:1:1: ${(error as Error).message}`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const found = parsed.error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys')
      return [{ offset: offsetOf(document, issue.path), text: `${label(issue.path)}${issue.message}` }];
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return { offset: offsetOf(document, path, true), text: `${label(path)}${unknownKey(path.map(String))}` };
    });
  });
  return problems(found.toSorted((a, b) => a.offset - b.offset).map(({ offset, text }) => `${at(offset)}: ${text}`));
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
