// Verdicts about backups and snapshots.
import { backupComplete } from '../../../coordinator/checks/backup-complete.ts';
import { backupFresh } from '../../../coordinator/checks/backup-fresh.ts';
import { backupSpace } from '../../../coordinator/checks/backup-space.ts';
import { backupsPruned } from '../../../coordinator/checks/backups-pruned.ts';
import { databaseGone } from '../../../coordinator/checks/database-gone.ts';
import { databaseNoted, stateText } from '../../../coordinator/checks/database-noted.ts';
import { databaseUnchanged } from '../../../coordinator/checks/database-unchanged.ts';
import { masterIsPrimary } from '../../../coordinator/checks/master-is-primary.ts';
import { partRestored } from '../../../coordinator/checks/part-restored.ts';
import { restoreSpace } from '../../../coordinator/checks/restore-space.ts';
import { rowsAsBackedUp } from '../../../coordinator/checks/rows-as-backed-up.ts';
import { schemaAsBackedUp } from '../../../coordinator/checks/schema-as-backed-up.ts';
import { slotReserve } from '../../../coordinator/checks/slot-reserve.ts';
import { slotsWhole } from '../../../coordinator/checks/slots-whole.ts';
import { snapshotState } from '../../../coordinator/checks/snapshot-state.ts';
import { on, type Suite } from './cases.ts';
import { backupPart, broken, nowMs, schemaDigest, writtenDigest } from './world.ts';

const directory = '/var/backups/baton';
const backup = 'upgrade-1';
const parts = [
  { node: 'n1', part: 'application' },
  { node: 'n1', part: 'database' },
  { node: 'n2', part: 'application' },
];
const files = (node: string, part: string) => ({ node, part, paths: ['/opt/flotomate'], excludes: [], database: null });
const tasks = [
  files('n1', 'application'),
  { ...files('n1', 'database'), paths: [], database: 'flotoitsmdb' },
  files('n2', 'application'),
];
const snapshot = { node: 'n3', hook: 'vm-snapshot', machine: 'n1', snapshot: 'baton-upgrade-1' };
const list = (change: object, of = 'database') => ({
  parts: ['application', 'database'].map((part) => ({ ...backupPart(part), ...(part === of && change) })),
});

const noted = stateText({ schemaDigest, writtenDigest });
const migrated = on('readDatabaseState', { schemaDigest: 'aa'.repeat(32) });
const written = on('readDatabaseState', { writtenDigest: 'bb'.repeat(16) });

export const suites: Suite[] = [
  {
    // It was begun a minute ago.
    ref: backupFresh.ref({ directory, backup, node: 'n1', maxAgeMs: 60_000 }),
    cases: [
      ['one that is too old', 'fail', on('readBackups', list({ madeAtMs: nowMs - 61_000 })), /begun .* ago/],
      ['one that was never verified', 'fail', on('readBackups', list({ verifiedAtMs: 0 })), /was not verified/],
      ['one that was not finished', 'fail', on('readBackups', list({ complete: false })), /is not there/],
      ['one of another run', 'fail', on('readBackups', list({ backup: 'upgrade-0' })), /is not there/],
    ],
  },
  {
    ref: databaseNoted.ref({}),
    cases: [['a database that does not answer', 'unknown', on('readDatabaseState', broken), /not read/]],
  },
  {
    ref: databaseUnchanged.ref({ schemaDigest, noted }),
    cases: [
      ['a schema that was migrated', 'fail', migrated, /its schema is another: schema a{16}/],
      ['rows that were written', 'fail', written, /was written to/],
    ],
  },
  {
    ref: databaseUnchanged.ref({ schemaDigest, noted: null }),
    passing: written,
    cases: [['a schema that was migrated', 'fail', migrated, /its schema is another/]],
  },
  {
    ref: schemaAsBackedUp.ref({ schemaDigest }),
    passing: written,
    cases: [
      ['a schema that the installer has changed', 'warn', migrated, /the schema is another: a{16}/],
      ['a database that does not answer', 'unknown', on('readDatabaseState', broken), /not read/],
    ],
  },
  {
    ref: backupSpace.ref({ directory, backup: 'upgrade-2', tasks, trialRestore: false }),
    cases: [
      ['a full disk', 'fail', on('readBackups', { freeBytes: 1e9 }, 'n2'), /1\.0 GB free, 2\.0 GB to be backed up/],
      // 4 GB and a tenth, and 5 GB to spare.
      ['a disk that would be filled', 'fail', on('readBackups', { freeBytes: 9.3e9 }, 'n1'), /9\.3 GB free/],
      ['a directory in memory', 'fail', on('readBackups', { unfit: 'it lies in memory' }, 'n1'), /it lies in memory/],
      ['what was not measured', 'unknown', on('measureBackup', broken, 'n2'), /not read/],
    ],
  },
  {
    // What lies there already is not needed again.
    ref: backupSpace.ref({ directory, backup, tasks, trialRestore: false }),
    passing: on('readBackups', { freeBytes: 1 }),
    cases: [
      [
        'a part that was not finished and is smaller than what is needed',
        'fail',
        on('readBackups', { ...list({ complete: false, bytes: 1e9 }), freeBytes: 0 }, 'n1'),
        /1\.0 GB free, 2\.0 GB/,
      ],
    ],
  },
  {
    ref: backupSpace.ref({ directory, backup: 'upgrade-2', tasks, trialRestore: true }),
    // A scratch cluster of the 2 GB of the database besides.
    cases: [
      ['no room for the scratch cluster', 'fail', on('readBackups', { freeBytes: 12.3e9 }, 'n1'), /12\.3 GB free/],
    ],
  },
  {
    ref: backupComplete.ref({ directory, backup, parts, asked: 'complete' }),
    cases: [
      ['a part that is not there', 'fail', on('readBackups', { parts: [] }, 'n2'), /is not there/],
      ['another run’s part', 'fail', on('readBackups', list({ backup: 'upgrade-0' }), 'n1'), /is not there/],
      ['a part that was not finished', 'fail', on('readBackups', list({ complete: false }), 'n1'), /was not finished/],
    ],
  },
  {
    ref: backupComplete.ref({ directory, backup, parts, asked: 'verified' }),
    passing: on('readBackups', list({ warnings: ['/opt/x changed while it was read'] })),
    cases: [
      [
        'a part that was not read again',
        'fail',
        on('readBackups', list({ verifiedAtMs: undefined }), 'n1'),
        /not verified/,
      ],
      ['a part that is not there', 'fail', on('readBackups', { parts: [] }, 'n2'), /is not there/],
    ],
  },
  {
    ref: backupComplete.ref({ directory, backup, parts: [{ node: 'n1', part: 'database' }], asked: 'restored' }),
    cases: [
      [
        'a database that was not restored',
        'fail',
        on('readBackups', list({ trialRestored: false }), 'n1'),
        /not restored on trial/,
      ],
      [
        'one that was not verified at all',
        'fail',
        on('readBackups', list({ verifiedAtMs: undefined }), 'n1'),
        /not verified/,
      ],
    ],
  },
  {
    ref: restoreSpace.ref({}),
    // 2 GB and a fifth, a quarter GiB, and 2 GB of changes that the slot may hold back on the primary.
    cases: [
      ['a primary without room', 'fail', on('measureRestore', { dataFreeBytes: 4.6e9 }, 'n1'), /4\.6 GB free/],
      ['a standby without room', 'fail', on('measureRestore', { dataFreeBytes: 2.6e9 }, 'n2'), /2\.6 GB free/],
      [
        'a disk of its own that the changes would fill',
        'fail',
        on('measureRestore', { isSameDisk: false, dataFreeBytes: 3e9, logFreeBytes: 1.9e9 }, 'n1'),
        /1\.9 GB for the log of changes/,
      ],
    ],
  },
  {
    ref: restoreSpace.ref({}),
    passing: on('measureRestore', { isSameDisk: false, dataFreeBytes: 2.7e9, logFreeBytes: 2e9 }),
    cases: [['a primary that was not read', 'unknown', on('measureRestore', broken, 'n1'), /not read/]],
  },
  {
    ref: slotReserve.ref({}),
    cases: [
      [
        'a slot that may hold back less than the database has',
        'warn',
        on('measureRestore', { slots: [{ slot: 's', active: true, walStatus: 'reserved', safeBytes: 1e9 }] }),
        /1\.0 GB until a slot is lost, the database has 2\.0 GB/,
      ],
    ],
  },
  {
    ref: slotReserve.ref({}),
    passing: on('measureRestore', { slots: [{ slot: 's', active: true, walStatus: 'reserved' }] }),
    cases: [['nobody that could be asked', 'unknown', on('measureRestore', broken), /not read/]],
  },
  {
    ref: slotsWhole.ref({}),
    cases: [
      [
        'a slot that has lost what its standby needs',
        'fail',
        on('measureRestore', { slots: [{ slot: 'n2', active: false, walStatus: 'lost' }] }),
        /n2 is lost/,
      ],
    ],
  },
  {
    ref: backupsPruned.ref({ node: 'n1', directory, keep: 1, pins: [backup], parts: ['application', 'database'] }),
    cases: [
      [
        'one that is beyond those that are kept',
        'fail',
        on('readBackups', { parts: [...list({}).parts, backupPart('application', 'backup-0')] }),
        /still has backup-0/,
      ],
    ],
  },
  {
    ref: partRestored.ref({ node: 'n1', directory, backup, part: 'application', run: 'rollback-1' }),
    passing: on('readBackups', list({ restoredBy: 'rollback-1' }, 'application')),
    cases: [
      ['a restore that broke off', 'fail', on('readBackups', list({}, 'application')), /not restored to its end/],
      [
        'what another run has restored',
        'fail',
        on('readBackups', list({ restoredBy: 'rollback-0' }, 'application')),
        /restored by rollback-0/,
      ],
      [
        'another part',
        'fail',
        on('readBackups', list({ restoredBy: 'rollback-1' }, 'database')),
        /not restored to its end/,
      ],
      ['a backup that is gone', 'fail', on('readBackups', { parts: [] }), /backup is not there/],
    ],
  },
  {
    ref: rowsAsBackedUp.ref({ node: 'n1', directory, backup }),
    passing: on('readBackups', list({ rows: [{ table: 'apolo.request', rows: 1000 }] })),
    cases: [
      [
        'a row that was written since',
        'fail',
        on('readBackups', list({ rows: [{ table: 'apolo.request', rows: 999 }] })),
        /1000 rows/,
      ],
      [
        'a table that is no longer counted',
        'unknown',
        on('readBackups', list({ rows: [{ table: 'apolo.other', rows: 1 }] })),
        /was not counted/,
      ],
      ['a backup that is gone', 'fail', on('readBackups', { parts: [] }), /backup is not there/],
    ],
  },
  {
    ref: databaseGone.ref({ database: 'baton-aside-rollback-1' }),
    passing: on('findRows', { rows: 0 }),
    cases: [['a database that is still there', 'fail', on('findRows', { rows: 1 }), /still there/]],
  },
  {
    ref: masterIsPrimary.ref({}),
    cases: [
      ['a master that is a standby', 'fail', on('readReplication', { inRecovery: true }, 'n1'), /is a standby/],
      ['a read-only primary', 'fail', on('readReplication', { acceptsWrites: false }, 'n1'), /read-only/],
    ],
  },
  {
    // A restore that was killed leaves none of the application's for a while, and must be able to go on.
    ref: masterIsPrimary.ref({}),
    passing: (_, action) =>
      action.kind === 'readReplication' && action.database !== 'postgres'
        ? { ...broken, message: 'database "flotoitsmdb" does not exist' }
        : undefined,
    cases: [],
  },
  {
    ref: snapshotState.ref({ ...snapshot, isThere: true }),
    cases: [
      [
        'a snapshot that is not there',
        'fail',
        on('readHook', { exitCode: 1, lastLines: 'no such one' }),
        /ended with 1: no such one/,
      ],
    ],
  },
  {
    ref: snapshotState.ref({ ...snapshot, isThere: false }),
    passing: on('readHook', { exitCode: 2, lastLines: '' }),
    cases: [['a snapshot that is still there', 'fail', on('readHook', { exitCode: 0 }), /ended with 0/]],
  },
];
