// In what two nodes' files differ, in words. Pure; a helper of the checks, no check.
import type { AnswerOf } from '../../shared/actions/action.ts';
import { formatSize } from '../../shared/units.ts';

export type Entry = AnswerOf<'readManifestEntries'>['entries'][number];

const nameLengthMax = 120;

/** The paths whose entries differ on two nodes, in order. */
export function differingPaths(here: readonly Entry[], there: readonly Entry[], content: boolean): string[] {
  const others = new Map(there.map((entry) => [entry.path, entry]));
  const paths = new Set<string>();
  for (const entry of here) {
    const other = others.get(entry.path);
    if (other === undefined || !isSame(entry, other, content)) paths.add(entry.path);
    others.delete(entry.path);
  }
  for (const path of others.keys()) paths.add(path);
  return [...paths].sort();
}

export function isSame(a: Entry, b: Entry, content: boolean): boolean {
  if (a.kind !== b.kind) return false;
  if (a.kind === 'link') return a.target === b.target;
  if (a.kind !== 'file') return true;
  return a.sizeBytes === b.sizeBytes && (!content || a.sha256 === b.sha256);
}

/** Of two entries that are not the same. */
export function describeDifference(a: Entry, b: Entry, [nodeA, nodeB]: readonly [string, string]): string {
  const path = shorten(a.path);
  if (b.kind === 'absent') return `${path} is missing on ${nodeB}`;
  if (a.kind === 'absent') return `${path} is only on ${nodeB}`;
  if (a.kind !== b.kind) return `${path} is a ${a.kind} on ${nodeA} and a ${b.kind} on ${nodeB}`;
  if (a.kind === 'link')
    return `${path} leads to ${shorten(a.target)} on ${nodeA} and to ${shorten(b.target)} on ${nodeB}`;
  if (a.sizeBytes === b.sizeBytes) return `${path} has the same size (${formatSize(a.sizeBytes)}) and other content`;
  return `${path} has ${a.sizeBytes} B on ${nodeA} and ${b.sizeBytes} B on ${nodeB}`;
}

/** Beginning and end: the file's own name is what people look for. */
function shorten(name: string): string {
  if (name.length <= nameLengthMax) return name;
  return `${name.slice(0, nameLengthMax / 3)}…${name.slice(-(nameLengthMax - nameLengthMax / 3 - 1))}`;
}
