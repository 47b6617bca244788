// Verdicts about versions, installers, replication, rows, files and tickets.
import { fileArrived } from '../../../coordinator/checks/file-arrived.ts';
import { fileGone } from '../../../coordinator/checks/file-gone.ts';
import { filesEqual } from '../../../coordinator/checks/files-equal.ts';
import { releaseExecutable } from '../../../coordinator/checks/release-executable.ts';
import { releaseStaged } from '../../../coordinator/checks/release-staged.ts';
import { replicationStreaming } from '../../../coordinator/checks/replication-streaming.ts';
import { rowArrived } from '../../../coordinator/checks/row-arrived.ts';
import { rowGone } from '../../../coordinator/checks/row-gone.ts';
import { rowsEqual } from '../../../coordinator/checks/rows-equal.ts';
import { ticketFound } from '../../../coordinator/checks/ticket-found.ts';
import { ticketSearchExact } from '../../../coordinator/checks/ticket-search-exact.ts';
import { versionCompatible } from '../../../coordinator/checks/version-compatible.ts';
import { versionIs } from '../../../coordinator/checks/version-is.ts';
import { on, type Suite } from './cases.ts';
import { broken, release, sha256 } from './world.ts';

const nodes = ['n1', 'n2'];
const row = { table: 'apolo.request', column: 'subject', value: 'baton-test-1' };

export const suites: Suite[] = [
  {
    ref: versionCompatible.ref({ nodes, toVersion: '8.7.0' }),
    cases: [
      ['a version before 8.2', 'fail', on('readVersion', { version: '8.1.9' }), /8\.1\.9/],
      [
        'different versions',
        'fail',
        on('readVersion', { version: '8.5.0' }, 'n2'),
        /the nodes differ: 8\.6\.0 and 8\.5\.0/,
      ],
      ['a newer version', 'fail', on('readVersion', { version: '8.8.0' }), /8\.8\.0/],
      ['what is no version', 'unknown', on('readVersion', { version: 'beta' }), /"beta" in .* is no version/],
    ],
  },
  {
    ref: versionIs.ref({ nodes, version: '8.6.0' }),
    cases: [
      ['another version', 'fail', on('readVersion', { version: '8.5.0' }, 'n2'), /8\.5\.0/],
      ['no version', 'fail', on('readVersion', { version: '' }, 'n2'), /none in/],
    ],
  },
  {
    ref: replicationStreaming.ref({}),
    cases: [
      ['a master that is a standby', 'fail', on('readReplication', { inRecovery: true }, 'n1'), /is a standby/],
      ['two primaries', 'fail', on('readReplication', { inRecovery: false }, 'n2'), /two primaries/],
      ['a read-only primary', 'fail', on('readReplication', { acceptsWrites: false }, 'n1'), /read-only/],
      ['nobody streaming', 'fail', on('readReplication', { clients: [] }, 'n1'), /no standby streams/],
      [
        'a receiver that is gone',
        'fail',
        on('readReplication', { receiverStatus: '' }, 'n2'),
        /receiver is not running/,
      ],
      ['a paused replay', 'fail', on('readReplication', { replayPaused: true }, 'n2'), /replay is paused/],
      ['another timeline', 'fail', on('readReplication', { timeline: 2 }, 'n2'), /timeline 2, n1 has 3/],
      ['a lag over the limit', 'fail', on('readReplication', { lsn: '1/1E000000' }, 'n2'), /33\.6 MB behind/],
      ['a position that is none', 'unknown', on('readReplication', { lsn: '' }, 'n2'), /cannot be compared/],
      ['a primary that was not read', 'unknown', on('readReplication', broken, 'n1'), /n1 was not read|not read/],
      [
        'a standby that is ahead by the time between',
        'pass',
        on('readReplication', { lsn: '1/20000010' }, 'n2'),
        /0 B behind/,
      ],
    ],
  },
  {
    ref: rowsEqual.ref({}),
    cases: [
      ['rows that are missing', 'fail', on('countRows', rows(999), 'n2'), /999 rows on n2, 1000 on n1/],
      ['rows that are too many', 'fail', on('countRows', rows(1001), 'n2'), /1001 rows on n2/],
      ['a table that was not counted', 'unknown', on('countRows', { tables: [] }, 'n2'), /not counted/],
      ['a master that is a standby', 'fail', on('countRows', { inRecovery: true }, 'n1'), /n1 is in recovery/],
      ['two primaries', 'fail', on('countRows', { inRecovery: false }, 'n2'), /two primaries/],
      [
        'an agent that calls its own trouble a wrong state',
        'unknown',
        on('countRows', { ...broken, code: 'not-in-state' }, 'n2'),
        /n2 not read/,
      ],
    ],
  },
  {
    ref: filesEqual.ref({}),
    cases: [
      ['other counts', 'fail', on('countFiles', { files: 499 }, 'n2'), /499 files, n1 has 500/],
      ['a master that was not counted', 'unknown', on('countFiles', broken, 'n1'), /not counted|not read/],
    ],
  },
  {
    ref: releaseStaged.ref({ nodes, ...release }),
    cases: [
      ['no file', 'fail', on('readRelease', { staged: false, sha256: '' }, 'n2'), /is not there/],
      ['another sum', 'fail', on('readRelease', { sha256: 'b'.repeat(64) }, 'n2'), /SHA-256 bbbb/],
      ['a file that is not whole', 'fail', on('readRelease', { sizeBytes: 5 }, 'n2'), /not whole/],
      ['a directory mounted noexec', 'fail', on('readRelease', { mayExecute: false }, 'n2'), /noexec/],
    ],
  },
  {
    ref: releaseExecutable.ref({ node: 'n1', ...pick(release) }),
    cases: [
      ['no permission', 'fail', on('readRelease', { executable: false }), /not executable/],
      ['another sum', 'fail', on('readRelease', { sha256: 'b'.repeat(64) }), /SHA-256 bbbb/],
      ['no file', 'fail', on('readRelease', { sha256: '' }), /is not there/],
      ['a directory mounted noexec', 'fail', on('readRelease', { mayExecute: false }), /noexec/],
    ],
  },
  { ref: rowArrived.ref(row), cases: [['no row', 'fail', on('findRows', { rows: 0 }), /0 rows/]] },
  {
    ref: rowGone.ref(row),
    passing: on('findRows', { rows: 0 }),
    cases: [
      [
        'a row that is left on one',
        'fail',
        (node, action) => (action.kind === 'findRows' ? { rows: node === 'n2' ? 1 : 0 } : undefined),
        /1 rows/,
      ],
    ],
  },
  {
    ref: fileArrived.ref({ path: '/opt/f', sha256 }),
    cases: [
      ['no file', 'fail', on('readFile', { exists: false, sha256: '' }), /is not there/],
      ['half a file', 'fail', on('readFile', { sha256: 'b'.repeat(64) }), /other content/],
    ],
  },
  {
    ref: fileGone.ref({ path: '/opt/f' }),
    passing: on('readFile', { exists: false }),
    cases: [
      [
        'a file that is left on one',
        'fail',
        (node, action) => (action.kind === 'readFile' ? { exists: node === 'n2' } : undefined),
        /still there/,
      ],
    ],
  },
  {
    ref: ticketSearchExact.ref({ absentMarker: 'baton-no-such-ticket' }),
    cases: [
      ['a search that finds any ticket', 'fail', on('readUrl', { value: '1' }), /found ticket 1/],
      ['a token that is refused', 'fail', on('readUrl', { status: 401 }), /401/],
    ],
  },
  {
    ref: ticketFound.ref({ marker: 'baton-test-1' }),
    cases: [
      ['no ticket', 'fail', on('readUrl', { value: '' }), /none found/],
      ['somebody else’s ticket', 'fail', on('readUrl', { bodyStart: '{"id":1,"subject":"printer"}' }), /not called so/],
    ],
  },
];

function rows(count: number) {
  return { tables: ['apolo.request', 'apolo.task'].map((table) => ({ table, rows: count })) };
}
function pick({ name, sha256: sum }: typeof release) {
  return { name, sha256: sum };
}
