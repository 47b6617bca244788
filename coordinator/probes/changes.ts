// What is another at a probe than at the one before. Pure.
import type { CheckResultDocument } from '../../shared/documents.ts';
import type { ProbeChangeDocument, ProbeDocument } from '../../shared/probe-documents.ts';

/**
 * Every finding whose verdict is another, in the order of the checks. Without a probe before: what does not pass. One that
 * was taken while a run held the cluster is no measure for another.
 */
export function changesBetween(
  before: Pick<ProbeDocument, 'checks'> | undefined,
  checks: CheckResultDocument[],
): ProbeChangeDocument[] {
  const known = new Map((before?.checks ?? []).map((check) => [keyOf(check), check]));
  const now = new Set(checks.map(keyOf));
  const changed = checks.flatMap((check): ProbeChangeDocument[] => {
    const was = known.get(keyOf(check))?.verdict;
    if (was === check.verdict || (was === undefined && check.verdict === 'pass')) return [];
    return [change(check, was ?? 'absent', check.verdict)];
  });
  const gone = [...known.values()].filter((check) => !now.has(keyOf(check)) && check.verdict !== 'pass');
  return [...changed, ...gone.map((check) => change(check, check.verdict, 'absent'))];
}

/** A check tells findings of one node apart by their limits, such as tables. */
const keyOf = ({ id, node, limit }: CheckResultDocument): string => JSON.stringify([id, node, limit]);

const change = (
  { id, title, node, reading }: CheckResultDocument,
  from: ProbeChangeDocument['from'],
  to: ProbeChangeDocument['to'],
): ProbeChangeDocument => ({
  id,
  title,
  node,
  from,
  to,
  reading: to === 'absent' ? 'not looked at any more' : reading,
});

/** Such as `n2: Disk space: fail (was pass): /: 1.0 GB (2 %) free`. */
export function changeSentence({ title, node, from, to, reading }: ProbeChangeDocument): string {
  const where = node === '' ? '' : `${node}: `;
  return `${where}${title}: ${to} (${from === 'absent' ? 'not looked at before' : `was ${from}`}): ${reading}`;
}
