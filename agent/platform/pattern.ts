// Regular expressions that came from afar, over text that anybody may have written: bounded in input and in time, since
// some patterns take longer than anybody can wait.
import { createContext, Script } from 'node:vm';
import { fail, ok, type Result } from '../../shared/failures.ts';

const timeLimitMs = 250;
const script = new Script(
  '[...text.matchAll(new RegExp(source, flags))].map((match) => [match[1] ?? match[0], match.index])',
);

export interface Match {
  /** The first group, or the whole match when the pattern has none. */
  text: string;
  index: number;
}

/** All matches of a pattern in a text (flags as of RegExp, `g` is added); a failure when it takes too long. */
export function findMatches(source: string, text: string, flags = '', withinMs = timeLimitMs): Result<Match[]> {
  const context = createContext(
    { source, text, flags: `${flags}g` },
    { codeGeneration: { strings: false, wasm: false } },
  );
  try {
    const found = script.runInContext(context, { timeout: withinMs }) as [string, number][];
    return ok(Array.from(found, ([match, index]) => ({ text: String(match), index: Number(index) })));
  } catch (error) {
    return fail('bad-input', `the pattern ${source} cannot be used: ${(error as Error).message}`);
  }
}

/** The first match, if any. */
export function findFirst(source: string, text: string, flags = ''): Result<Match | undefined> {
  const found = findMatches(source, text, flags);
  return found.ok ? ok(found.value[0]) : found;
}
