// Compares what was written down of a server with what is said now. Pure. Digests, which stand for secrets and for rows, are
// never told; what the new version knows nothing of is expected to be gone.
import type { AnswerOf } from '../../shared/actions/action.ts';

type Comparison = Pick<AnswerOf<'compareServer'>, 'differences' | 'expected' | 'facts'>;

const toldMax = 50;
const sentenceMax = 400;
/** Facts that are only asked where the content counts. */
const content = /^(?:sequence|(?:rows|content|answer) of) /;
/** So many numbers of a sequence PostgreSQL logs ahead: a crash skips them, and a standby and its copy have skipped them. */
const loggedAhead = 32n;

/** `withoutContent`: rows, sequences and answers were not asked for. */
export function compareFacts(record: string, output: string, withoutContent: boolean): Comparison {
  const was = read(record);
  const is = read(output);
  const known = new Set((is.get('known settings') ?? '').split(' '));
  is.delete('known settings');
  const differences: string[] = [];
  const expected: string[] = [];
  let facts = 0;
  let skipped = 0;
  for (const [fact, before] of was) {
    if (withoutContent && content.test(fact)) continue;
    facts += 1;
    const now = is.get(fact);
    if (now === before) continue;
    const setting = /^setting ([^.]+)$/.exec(fact)?.[1];
    if (before.startsWith('~')) expected.push(`${fact}: ${(now ?? 'none').slice(1)}, before ${before.slice(1)}`);
    else if (now !== undefined && fact.startsWith('sequence ') && hasSkipped(before, now)) skipped += 1;
    else if (now !== undefined) differences.push(changed(fact, before, now));
    else if (setting !== undefined && !known.has(setting))
      expected.push(`${fact} is not known to this version; it was ${shown(before)}`);
    else differences.push(`${fact} is gone${isDigest(before) ? '' : `; it was ${shown(before)}`}`);
  }
  for (const [fact, now] of is)
    if (!was.has(fact) && !now.startsWith('~'))
      differences.push(`${fact} was not there before${isDigest(now) ? '' : `; it is ${shown(now)}`}`);
  if (skipped > 0)
    expected.push(
      `sequences that go on at most ${loggedAhead} numbers further, as after a crash or on a standby: ${skipped}`,
    );
  const bounded = (sentences: string[]) =>
    sentences.slice(0, toldMax).map((sentence) => sentence.slice(0, sentenceMax));
  return { differences: bounded(differences), expected: bounded(expected), facts };
}

function read(lines: string): Map<string, string> {
  const facts = new Map<string, string>();
  for (const line of lines.split('\n')) {
    const at = line.indexOf('\t');
    if (at > 0) facts.set(line.slice(0, at), line.slice(at + 1));
  }
  return facts;
}

/** Both are `LAST by INCREMENT`; one that was never used has skipped nothing. */
function hasSkipped(before: string, now: string): boolean {
  const [was, is] = [before, now].map((value) => /^(-?\d+) by (-?\d+)$/.exec(value));
  if (!was?.[1] || !is?.[1] || !was[2] || was[2] !== is[2]) return false;
  const [by, further] = [BigInt(was[2]), BigInt(is[1]) - BigInt(was[1])];
  return further % by === 0n && further / by > 0n && further / by <= loggedAhead;
}

const isDigest = (value: string): boolean => value.startsWith('#');
const shown = (value: string): string => (value === '' ? 'empty' : value);

function changed(fact: string, before: string, now: string): string {
  return isDigest(before) || isDigest(now) ? `${fact} differs` : `${fact}: ${shown(now)}, before ${shown(before)}`;
}
