// Verdicts about which files two nodes have.
import type { CheckVerdict } from '../../../coordinator/checks/check.ts';
import { filesSame } from '../../../coordinator/checks/files-same.ts';
import type { Change, Suite } from './cases.ts';
import { type Entry, entryOf, fileNow, manifest } from './data-world.ts';
import { broken } from './world.ts';

const other = '00000000000000010000000000000003';

interface Side {
  entries: Partial<Entry>[];
  /** As they are when looked at again; otherwise as they were. */
  now?: Partial<Entry>[];
  changedAgoMs?: number;
}

/** n2's digests differ, and these are the entries of the bucket on both nodes. */
const sides = (n1: Side, n2: Side, more: object = {}): Change => {
  return (node, action) => {
    const { entries, now = entries, changedAgoMs } = node === 'n1' ? n1 : n2;
    if (action.kind === 'readManifest')
      return node === 'n2' ? { digests: other, ...(action.hashes && { contentDigests: other }), ...more } : undefined;
    if (action.kind === 'readManifestEntries')
      return { entries: entries.map((entry) => ({ ...entryOf(entry), bucket: action.buckets[0] })) };
    if (action.kind !== 'readFileStates') return undefined;
    const at = (path: string) => now.find((entry) => entryOf(entry).path === path) ?? { path, kind: 'absent' };
    return { files: action.paths.map((path) => fileNow({ ...at(path), path }, changedAgoMs)) };
  };
};

const same: Side = { entries: [{}] };
const none: Side = { entries: [] };
const [sumA, sumB] = ['a'.repeat(64), 'b'.repeat(64)];
const many = Array.from({ length: 300 }, (_, index) => ({ path: `f${String(index).padStart(3, '0')}` }));
type Case = [name: string, verdict: CheckVerdict, change: Change, reading: RegExp];

const bySize: Case[] = [
  ['a file that is missing', 'fail', sides(same, none), /^1 file differs: a\/b\.bin is missing on n2$/],
  ['a file that is too many', 'fail', sides(none, same), /a\/b\.bin is only on n2/],
  ['another size', 'fail', sides(same, { entries: [{ sizeBytes: 11 }] }), /a\/b\.bin has 10 B on n1 and 11 B on n2/],
  [
    'a link that leads elsewhere',
    'fail',
    sides({ entries: [{ kind: 'link', target: 'x' }] }, { entries: [{ kind: 'link', target: 'y' }] }),
    /leads to x on n1 and to y on n2/,
  ],
  [
    'a link in a file’s place',
    'fail',
    sides(same, { entries: [{ kind: 'link', target: 'y' }] }),
    /file on n1 and a link/,
  ],
  [
    'odd names, written so that no terminal obeys them',
    'fail',
    sides({ entries: [{ path: 'a\\x1b[2J\\x0ab' }] }, none),
    /a\\x1b\[2J\\x0ab is missing on n2/,
  ],
  [
    'more differences than it names',
    'fail',
    sides({ entries: many }, none),
    /at least 200 files differ: f000 .*f009 .* and 190 more/,
  ],
  ['a file that has arrived meanwhile', 'pass', sides(same, { entries: [], now: [{}] }), /^500 files/],
  [
    'a file that is being written',
    'pass',
    sides({ ...same, changedAgoMs: 3000 }, none),
    /500 files.*, 1 changed just now and not counted/,
  ],
  ['a file that was removed just now', 'pass', sides({ entries: [], changedAgoMs: 3000 }, same), /1 changed just now/],
  [
    'so many changes that it cannot look at all of them again',
    'unknown',
    sides({ entries: many, changedAgoMs: 3000 }, none),
    /too many files are being changed/,
  ],
  [
    'entries that cannot be had',
    'unknown',
    (node, action) => {
      if (action.kind === 'readManifest') return node === 'n2' ? { digests: other } : undefined;
      return action.kind === 'readManifestEntries' ? broken : undefined;
    },
    /not read/,
  ],
  [
    'a bucket that does not fit into an answer',
    'unknown',
    (node, action) => {
      if (action.kind === 'readManifest') return node === 'n2' ? { digests: other } : undefined;
      return action.kind === 'readManifestEntries' ? { buckets: 0 } : undefined;
    },
    /too many files/,
  ],
];

const byContent: Case[] = [
  [
    'equal sizes with other content',
    'fail',
    sides({ entries: [{ sha256: sumA }] }, { entries: [{ sha256: sumB }] }, { digests: manifest.digests }),
    /a\/b\.bin has the same size \(10 B\) and other content/,
  ],
  [
    'contents that are not read yet',
    'unknown',
    (_node, action) => (action.kind === 'readManifest' ? { unhashed: 7, contentDigests: '' } : undefined),
    /the content of 7 of 500 files has not been read yet/,
  ],
  [
    'another size while contents are not read yet',
    'fail',
    sides(same, { entries: [{ sizeBytes: 11 }] }, { unhashed: 7, contentDigests: '' }),
    /10 B on n1 and 11 B on n2/,
  ],
  [
    'a file whose content could not be read again',
    'unknown',
    sides(
      { entries: [{ sha256: sumA }], now: [{}] },
      { entries: [{ sha256: sumB }], now: [{}] },
      { digests: manifest.digests },
    ),
    /too many files/,
  ],
];

export const suites: Suite[] = [
  { ref: filesSame.ref({ content: false }), cases: bySize },
  { ref: filesSame.ref({ content: true }), cases: byContent },
];
