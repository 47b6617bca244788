// The command lines by which a folder's files are listed and read. Pure.
import { shellLine, shellQuote } from './shell-quote.ts';

/**
 * One record for each file, ended by NUL, on the folder's own file system: `f`, `l` or `o` (file, link, anything else that
 * is no folder), its size, of a link the target, and last the path below the folder. With `identity` inode and times of
 * change stand before a file's path: as long as they are the same, so is its content.
 */
export function manifestWords(root: string, identity: boolean): string[] {
  return [
    ...['find', '-H', root, '-ignore_readdir_race', '-xdev'],
    ...['(', '-type', 'f', '-printf', identity ? 'f%s %i %T@ %C@ %P\\0' : 'f%s %P\\0', ')'],
    ...['-o', '(', '-type', 'l', '-printf', 'l%s %l %P\\0', ')'],
    ...['-o', '(', '!', '-type', 'd', '-printf', 'o0 %P\\0', ')'],
  ];
}

/** Sums of the files whose paths stand on its input, each ended by NUL; they give way to whatever else the node does. */
export const hashWords = [
  'nice',
  '-n',
  '10',
  'ionice',
  '-c',
  '3',
  'xargs',
  '-0',
  '-r',
  '-n',
  '1000',
  'sha256sum',
  '-z',
  '--',
];

/** What a person would do for all of them. */
export const hashLine = (root: string): string =>
  `${shellLine(['find', '-H', root, '-xdev', '-type', 'f', '-print0'])} | ${hashWords.map(shellQuote).join(' ')}   # of those that have changed since it was done last`;
