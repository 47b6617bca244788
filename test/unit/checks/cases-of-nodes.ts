// Verdicts about machines, network, services and their safety.
import { observerUnit } from '../../../coordinator/checks/observer-unit.ts';
import { packagesInstalled } from '../../../coordinator/checks/packages-installed.ts';
import { platformsEqual } from '../../../coordinator/checks/platforms-equal.ts';
import { portsReachable } from '../../../coordinator/checks/ports-reachable.ts';
import { rsyncReachable } from '../../../coordinator/checks/rsync-reachable.ts';
import { servicesPlaced } from '../../../coordinator/checks/services-placed.ts';
import { timeSynchronized } from '../../../coordinator/checks/time-synchronized.ts';
import { unitFiles } from '../../../coordinator/checks/unit-files.ts';
import { type Change, on, type Suite } from './cases.ts';
import { activeUnit, stoppedUnit } from './world.ts';

const port = (of: string, address: string, number: number, state: string): Change => {
  return (node, action) =>
    node === of && action.kind === 'readPorts'
      ? {
          ports: action.targets.map((target) => ({
            ...target,
            state: target.address === address && target.port === number ? state : 'open',
            elapsedMs: 1,
          })),
        }
      : undefined;
};

const observerRuns: Change = on('readUnits', { units: [{ ...activeUnit('ha'), user: 'motadata' }] }, 'n3');

/** In the steady state: enabled on the master, neither on the standby. */
const placed: Change = (node, action) =>
  node === 'n2' && action.kind === 'readUnits'
    ? { units: action.units.map((unit) => ({ ...stoppedUnit(unit), unitFileState: 'disabled' })) }
    : undefined;
const onStandby = (unit: string, state: object): Change => {
  return (node, action) =>
    node === 'n2' && action.kind === 'readUnits'
      ? {
          units: action.units.map((one) => ({
            ...{ ...stoppedUnit(one), unitFileState: 'disabled' },
            ...(one === unit ? state : {}),
          })),
        }
      : undefined;
};
const file = (path: string, kind: string, owner: string, mode: string) => ({ unit: 'nginx', path, kind, owner, mode });

export const suites: Suite[] = [
  {
    ref: portsReachable.ref({}),
    cases: [
      [
        'a port that nobody listens on',
        'fail',
        port('n1', '10.77.0.12', 5432, 'refused'),
        /n1 → n2 port 5432 \(database\) refused/,
      ],
      [
        'a port behind a firewall',
        'fail',
        port('n2', '10.77.0.11', 22, 'filtered'),
        /n2 → n1 port 22 \(.*\) filtered: nothing/,
      ],
      ['a node without a way there', 'fail', port('n3', '10.77.0.11', 5432, 'unreachable'), /n3 → n1 .* unreachable/],
      ['the web server', 'fail', port('n3', '10.77.0.11', 80, 'refused'), /n3 → n1 port 80 \(web server\)/],
      ['ports that nobody told of', 'unknown', on('readPorts', { ports: [] }), /not told of/],
    ],
  },
  {
    ref: rsyncReachable.ref({}),
    cases: [
      [
        'a key that is not taken',
        'fail',
        on('readRsync', { reachable: false, detail: 'Permission denied (publickey).' }, 'n2'),
        /n2 → n1: Permission denied/,
      ],
      [
        'a plain daemon',
        'fail',
        on('readRsync', { encrypted: false, detail: '@RSYNCD: 31.0' }, 'n1'),
        /n1 → n2: @RSYNCD: 31\.0, not encrypted/,
      ],
    ],
  },
  {
    ref: platformsEqual.ref({}),
    cases: [
      [
        'another system',
        'fail',
        on('readPlatform', { osVersion: '22.04' }, 'n2'),
        /ubuntu 22\.04, n1 has ubuntu 24\.04/,
      ],
      [
        'another minor version',
        'fail',
        on('readPlatform', { postgresql: '17.2' }, 'n2'),
        /PostgreSQL 17\.2, n1 has 17\.6/,
      ],
      ['another library', 'fail', on('readPlatform', { libc: 'glibc 2.35' }, 'n2'), /C library glibc 2\.35/],
      [
        'another library that orders nothing',
        'warn',
        (node, action) =>
          action.kind === 'readPlatform'
            ? { provider: 'c', collate: 'C.UTF-8', ...(node === 'n2' && { libc: 'glibc 2.35' }) }
            : undefined,
        /C library glibc 2\.35/,
      ],
      [
        'another order of texts',
        'fail',
        on('readPlatform', { collate: 'de_DE.UTF-8' }, 'n2'),
        /order of texts c de_DE/,
      ],
      [
        'indexes of another library',
        'warn',
        on('readPlatform', { collationVersion: '2.35' }),
        /the library’s is 2\.39/,
      ],
      ['a database that does not answer', 'fail', on('readPlatform', { postgresql: '' }, 'n2'), /PostgreSQL none/],
    ],
  },
  {
    ref: timeSynchronized.ref({}),
    cases: [
      ['a clock that nobody sets', 'warn', on('readPlatform', { timeSynchronized: 'no' }, 'n2'), /synchronized: no/],
      ['one that cannot be asked', 'unknown', on('readPlatform', { timeSynchronized: '' }, 'n2'), /could not be asked/],
    ],
  },
  {
    ref: packagesInstalled.ref({}),
    cases: [
      [
        'a program that is missing',
        'fail',
        on('readPackages', { programs: [{ name: 'rsync', path: '' }] }, 'n2'),
        /no program rsync/,
      ],
      [
        'a package that is missing',
        'fail',
        on('readPackages', { packages: [{ name: 'postgresql-17', version: '' }] }, 'n2'),
        /package postgresql-17 not installed/,
      ],
      [
        'another version than on the master',
        'warn',
        (node, action) =>
          action.kind === 'readPackages'
            ? { packages: [{ name: 'openssl', version: node === 'n1' ? '3.0' : '3.1' }] }
            : undefined,
        /openssl 3\.1, n1 has 3\.0/,
      ],
    ],
  },
  {
    ref: observerUnit.ref({}),
    passing: observerRuns,
    cases: [
      ['one that runs as root', 'fail', on('readUnits', { units: [activeUnit('ha')] }), /ha active.*, as root/],
      [
        'none that is installed',
        'fail',
        on('readUnits', { units: [{ ...stoppedUnit('ha'), loadState: 'not-found' }] }),
        /none of ha exists/,
      ],
      [
        'two of them',
        'fail',
        on('readUnits', { units: ['ha', 'ha-observer'].map((unit) => ({ ...activeUnit(unit), user: 'motadata' })) }),
        /2 of them exist/,
      ],
      [
        'one that is stopped',
        'fail',
        on('readUnits', { units: [{ ...stoppedUnit('ha'), user: 'motadata' }] }),
        /ha inactive/,
      ],
    ],
  },
  {
    ref: servicesPlaced.ref({}),
    passing: placed,
    cases: [
      [
        'nginx that would start on the standby',
        'fail',
        onStandby('nginx', { unitFileState: 'enabled' }),
        /nginx enabled, so it would start at boot/,
      ],
      ['nginx that runs on the standby', 'fail', onStandby('nginx', activeUnit('nginx')), /nginx active/],
      [
        'synchronization that would go the wrong way',
        'fail',
        onStandby('file-sync', { unitFileState: 'enabled' }),
        /file-sync enabled/,
      ],
      [
        'a service that the master would not start',
        'warn',
        (node, action) =>
          node === 'n1' && action.kind === 'readUnits'
            ? { units: action.units.map((unit) => ({ ...activeUnit(unit), unitFileState: 'disabled' })) }
            : placed(node, action),
        /not started at boot: elasticsearch \(disabled\)/,
      ],
      ['units that nobody told of', 'unknown', on('readUnits', { units: [] }), /not told of/],
    ],
  },
  {
    ref: unitFiles.ref({}),
    cases: [
      [
        'a unit that a user may write',
        'fail',
        on(
          'readUnitFiles',
          { files: [file('/etc/systemd/system/nginx.service', 'unit', 'motadata:root', '0644')] },
          'n2',
        ),
        /nginx\.service motadata:root 0644/,
      ],
      [
        'a program that everybody may write',
        'fail',
        on('readUnitFiles', { files: [file('/opt/bin/nginx', 'program', 'flotomate:flotomate', '0777')] }, 'n1'),
        /\/opt\/bin\/nginx flotomate:flotomate 0777/,
      ],
      ['no files at all', 'unknown', on('readUnitFiles', { files: [] }), /no files of/],
    ],
  },
];
