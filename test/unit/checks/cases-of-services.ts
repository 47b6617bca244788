// Verdicts about machines, services, observer and portal.
import { databaseUnitActive } from '../../../coordinator/checks/database-unit-active.ts';
import { diskSpace } from '../../../coordinator/checks/disk-space.ts';
import { failoverArmed } from '../../../coordinator/checks/failover-armed.ts';
import { asGuard, failoverSuspended } from '../../../coordinator/checks/failover-suspended.ts';
import { fileSyncPlacement } from '../../../coordinator/checks/file-sync-placement.ts';
import { filesOneSystem } from '../../../coordinator/checks/files-one-system.ts';
import { observerQuiet } from '../../../coordinator/checks/observer-quiet.ts';
import { osSupported } from '../../../coordinator/checks/os-supported.ts';
import { portalAnswers } from '../../../coordinator/checks/portal-answers.ts';
import { postgresqlSupported } from '../../../coordinator/checks/postgresql-supported.ts';
import { resources } from '../../../coordinator/checks/resources.ts';
import { unitsActive } from '../../../coordinator/checks/units-active.ts';
import { unitsStopped } from '../../../coordinator/checks/units-stopped.ts';
import { on, type Suite, units } from './cases.ts';
import { activeUnit, nowMs, release, stoppedUnit, suspended } from './world.ts';

const nodes = ['n1', 'n2'];
const app = ['elasticsearch', 'ft-main-server'];

export const suites: Suite[] = [
  {
    ref: osSupported.ref({ nodes }),
    cases: [
      ['another system', 'fail', on('readNode', { os: 'debian', osVersion: '13' }, 'n2'), /debian 13/],
      ['a version that only begins alike', 'fail', on('readNode', { osVersion: '240' }, 'n2'), /ubuntu 240/],
      ['9.3 where 9.2 and 9.4 are supported', 'fail', on('readNode', { os: 'rhel', osVersion: '9.3' }), /rhel 9.3/],
    ],
  },
  {
    ref: postgresqlSupported.ref({}),
    cases: [
      ['an old version', 'fail', on('readNode', { postgresqlMajor: 15 }), /PostgreSQL 15/],
      ['different versions', 'fail', on('readNode', { postgresqlMajor: 16 }, 'n2'), /the other node has another/],
      [
        'a database that does not answer',
        'fail',
        on('readNode', { postgresqlMajor: 0 }, 'n1'),
        /no PostgreSQL answers/,
      ],
    ],
  },
  {
    ref: diskSpace.ref({ nodes, release: null, onlyWarns: true }),
    cases: [
      ['a disk that is nearly full', 'warn', on('readDisk', { disks: [disk(1e9), disk(50e9)] }, 'n2'), /1\.0 GB/],
    ],
  },
  {
    ref: diskSpace.ref({ nodes, release }),
    cases: [
      [
        'a disk that is nearly full',
        'fail',
        on('readDisk', { disks: [disk(19e9), disk(50e9)] }, 'n2'),
        /19\.0 GB \(19 %\) free/,
      ],
      ['a path that nobody told of', 'fail', on('readDisk', { disks: [disk(50e9)] }, 'n2'), /free/],
      ['a disk without a size', 'fail', on('readDisk', { disks: [disk(0, 0), disk(0, 0)] }, 'n2'), /\? %/],
      ['no room for the installer', 'fail', on('readRelease', { freeBytes: 2e9, staged: false }, 'n1'), /2\.0 GB free/],
      ['room that the staged installer takes already', 'pass', on('readRelease', { freeBytes: 2e9 }, 'n1'), /free/],
    ],
  },
  {
    ref: filesOneSystem.ref({}),
    cases: [
      [
        'a file system below the files',
        'warn',
        on('readDisk', { disks: [{ ...disk(50e9), mountsBelow: ['/data/filedb/archive'] }] }, 'n2'),
        /neither compared nor backed up: \/data\/filedb\/archive/,
      ],
    ],
  },
  {
    ref: observerQuiet.ref({}),
    cases: [
      ['a busy line', 'fail', on('readObserverLog', { busyLines: ['a', 'swap started'] }), /busy: swap started/],
      ['a busy line a minute ago', 'fail', on('readObserverLog', { busyAgoMs: 60_000 }), /last busy 1 min/],
      ['a busy line long ago', 'pass', on('readObserverLog', { busyAgoMs: 600_000 }), /quiet/],
      ['no log', 'unknown', on('readObserverLog', { file: '' }), /no log matches/],
    ],
  },
  {
    ref: failoverArmed.ref({}),
    cases: [
      ['a suspended observer', 'fail', on('readFailover', suspended), /masked; suspended by upgrade-1/],
      ['an observer that is not told of', 'fail', on('readFailover', { units: [] }), /no unit/],
      ['one that says both', 'fail', on('readFailover', { suspended: true }), /suspended/],
      [
        'a unit of another name that nobody has',
        'fail',
        on('readFailover', {
          armed: false,
          units: [{ ...stoppedUnit('ha-observer'), loadState: 'not-found', unitFileState: '' }],
        }),
        /ha-observer inactive, not-found/,
      ],
    ],
  },
  {
    ref: failoverSuspended.ref({}),
    passing: on('readFailover', suspended),
    cases: [
      ['an armed observer', 'fail', on('readFailover', {}), /ha active/],
      [
        'one that was stopped but not masked',
        'fail',
        on('readFailover', { ...suspended, units: [stoppedUnit('ha')] }),
        /ha inactive, enabled/,
      ],
      [
        'one that was started behind the mask',
        'fail',
        on('readFailover', { ...suspended, units: [{ ...activeUnit('ha'), unitFileState: 'masked' }] }),
        /ha active, masked/,
      ],
      [
        'one that somebody else stopped',
        'fail',
        on('readFailover', { ...suspended, suspended: false }),
        /ha inactive, masked/,
      ],
    ],
  },
  ...asGuard([failoverSuspended.ref({})]).map(
    (ref): Suite => ({
      ref,
      passing: on('readFailover', suspended),
      cases: [
        [
          'one whose record is lost, and it says so',
          'pass',
          on('readFailover', { ...suspended, suspended: false }),
          /ha inactive, masked; its agent has no record/,
        ],
        ['an armed observer', 'fail', on('readFailover', {}), /ha active/],
        [
          'one without record that was only stopped',
          'fail',
          on('readFailover', { ...suspended, suspended: false, units: [stoppedUnit('ha')] }),
          /ha inactive, enabled/,
        ],
        ['none that is told of', 'fail', on('readFailover', { ...suspended, units: [] }), /no unit/],
      ],
    }),
  ),
  {
    ref: unitsActive.ref({ node: 'n1', units: app, activeForMs: 3000 }),
    cases: [
      ['a stopped one', 'fail', units({ activeState: 'failed', subState: 'failed' }), /elasticsearch failed/],
      [
        'one that starts again and again',
        'fail',
        units({ activeState: 'activating', subState: 'auto-restart' }),
        /auto-restart/,
      ],
      ['one that has just started', 'fail', units({ sinceMs: nowMs - 1000 }), /active for 1\.0 s only/],
      ['one that is not there', 'fail', units({ loadState: 'not-found', activeState: 'inactive' }), /not-found/],
      ['one that nobody told of', 'fail', on('readUnits', { units: [] }), /elasticsearch not told of/],
    ],
  },
  {
    ref: unitsStopped.ref({ node: 'n2', units: app }),
    cases: [
      ['a running one', 'fail', units({}), /elasticsearch active/],
      [
        'one that is stopping',
        'fail',
        units({ activeState: 'deactivating', subState: 'stop-sigterm' }),
        /deactivating/,
      ],
      ['one whose process is left', 'fail', units({ activeState: 'failed', mainPid: 7 }), /failed/],
      [
        'one that is not there',
        'fail',
        units({ loadState: 'not-found', activeState: 'inactive', mainPid: 0 }),
        /not-found/,
      ],
      ['one that ended with a status', 'pass', units({ activeState: 'failed', mainPid: 0 }), /stopped/],
      ['one that nobody told of', 'fail', on('readUnits', { units: [] }), /not told of/],
    ],
  },
  {
    ref: databaseUnitActive.ref({}),
    cases: [
      ['a stopped unit', 'fail', units({ activeState: 'inactive', subState: 'dead' }, 'n2'), /postgresql inactive/],
      [
        'Debian’s umbrella over a database that is down',
        'fail',
        (node, action) =>
          node !== 'n1'
            ? undefined
            : action.kind === 'readNode'
              ? { postgresqlMajor: 0 }
              : { units: [{ ...activeUnit('postgresql'), subState: 'exited' }] },
        /active \(exited\), but no PostgreSQL answers/,
      ],
    ],
  },
  {
    ref: fileSyncPlacement.ref({}),
    cases: [
      ['one that runs on the standby too', 'fail', units({}, 'n2'), /file-sync active/],
      ['one that is stopped on the master', 'fail', units({ activeState: 'inactive', mainPid: 0 }, 'n1'), /inactive/],
      [
        'one that is not on the standby',
        'fail',
        units({ loadState: 'not-found', activeState: 'inactive', mainPid: 0 }, 'n2'),
        /not-found/,
      ],
    ],
  },
  {
    ref: portalAnswers.ref({ version: '8.7.0' }),
    cases: [
      ['an error', 'fail', on('readUrl', { status: 502 }), /502 in 12 ms/],
      ['another version', 'fail', on('readUrl', { value: '8.6.0' }), /version 8\.6\.0/],
      ['no version', 'fail', on('readUrl', { value: '' }), /version not found/],
    ],
  },
  {
    ref: resources.ref({ nodes }),
    cases: [
      ['little memory', 'warn', on('readNode', { memoryAvailableBytes: 1e8 }, 'n2'), /100 MB of 16\.0 GB/],
      ['a high load', 'warn', on('readNode', { load1m: 40 }, 'n2'), /load 40\.0 on 4 CPUs/],
    ],
  },
];

function disk(freeBytes: number, sizeBytes = 100e9) {
  return { path: '/', mountPoint: '/', mountOptions: [], sizeBytes, freeBytes };
}
