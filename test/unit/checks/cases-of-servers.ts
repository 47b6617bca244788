// Verdicts about PostgreSQL servers, and about what goes with them.
import { asidesGone } from '../../../coordinator/checks/asides-gone.ts';
import { noOpenPrimary } from '../../../coordinator/checks/no-open-primary.ts';
import { notFenced } from '../../../coordinator/checks/not-fenced.ts';
import { roomForServer } from '../../../coordinator/checks/room-for-server.ts';
import { serverAsBefore } from '../../../coordinator/checks/server-as-before.ts';
import { serverGone } from '../../../coordinator/checks/server-gone.ts';
import { serverInService } from '../../../coordinator/checks/server-in-service.ts';
import { serverStopped } from '../../../coordinator/checks/server-stopped.ts';
import { serverUpgradable } from '../../../coordinator/checks/server-upgradable.ts';
import { serverUsable } from '../../../coordinator/checks/server-usable.ts';
import { slotThere } from '../../../coordinator/checks/slot-there.ts';
import { standbyHasAll } from '../../../coordinator/checks/standby-has-all.ts';
import { valuesSet } from '../../../coordinator/checks/values-set.ts';
import { type Change, on, type Suite } from './cases.ts';
import { serverOn } from './world.ts';

type Server = ReturnType<typeof serverOn>;

/** The servers of one node, or of every node, each made from the one that is there. */
const servers =
  (make: (there: Server) => Partial<Server>[], node?: string, list: object = {}): Change =>
  (of, action) =>
    action.kind === 'readServers' && (node === undefined || of === node)
      ? { ...list, servers: make(serverOn(of)).map((one) => ({ ...serverOn(of), ...one })) }
      : undefined;
const both =
  (first: Change, second: Change): Change =>
  (node, action) =>
    second(node, action) ?? first(node, action);

const aside = (run: string) => {
  const directory = `/var/lib/postgresql/17/main.baton-aside-${run}`;
  return { major: 17, name: 'main', run, directory, bytes: 2e9 };
};
const at = { major: 17, name: 'main' };
const stopped = { isRunning: false, startsAtBoot: false };
const inRecoveryUnread = ({ inRecovery: _, ...rest }: Server): Partial<Server> => rest;
const old = servers(() => [{ major: 16 }]);
const asked = { from: 16, to: 17, name: 'main' };
const copied = (fields: object) =>
  both(
    old,
    servers(() => [{ major: 16 }], 'n2', fields),
  );
const refused: Suite['cases'] = [
  ['a node on which nothing runs', 'fail', servers(() => [{ major: 16, ...stopped }], 'n2'), /no server runs at port/],
  [
    'another version',
    'fail',
    both(
      old,
      servers(() => [{ major: 15 }], 'n2'),
    ),
    /15\/main: runs .*, not 16\/main/,
  ],
  [
    'a server of another name',
    'fail',
    both(
      old,
      servers(() => [{ major: 16, name: 'db' }], 'n2'),
    ),
    /16\/db/,
  ],
  ['a version that is not installed', 'fail', copied({ installedMajors: [16] }), /17 is not installed \(16 is\)/],
  [
    'an empty server that the package has made',
    'fail',
    both(
      old,
      servers(() => [{ major: 16 }, { major: 17, port: 5433 }], 'n2'),
    ),
    /17\/main is there already/,
  ],
];

export const suites: Suite[] = [
  {
    ref: serverUpgradable.ref({ ...asked, mode: 'copy', standby: 'promote' }),
    passing: old,
    cases: [
      ...refused,
      // 2 GB and a tenth, and 1 GiB.
      [
        'a disk that would be filled',
        'fail',
        both(
          old,
          servers(() => [{ major: 16 }], 'n1', { freeBytes: 3.2e9 }),
        ),
        /3\.2 GB free, 3\.3 GB needed for a copy/,
      ],
      [
        'a standby without room for its upgrade and the copy of the master after it',
        'fail',
        copied({ freeBytes: 5.4e9 }),
        /5\.4 GB free, 5\.5 GB needed for 2 copies/,
      ],
    ],
  },
  {
    ref: serverUpgradable.ref({ ...asked, mode: 'copy', standby: 'rebuild' }),
    passing: copied({ freeBytes: 3.3e9 }),
    cases: [
      ['a standby without room for a copy of the master', 'fail', copied({ freeBytes: 3.2e9 }), /3\.3 GB needed/],
    ],
  },
  {
    ref: serverUpgradable.ref({ ...asked, mode: 'link', standby: 'promote' }),
    // Linking needs no room, the copy for the standby does.
    passing: both(
      old,
      servers(() => [{ major: 16 }], 'n1', { freeBytes: 1e6 }),
    ),
    cases: [
      ...refused,
      ['a standby without room for a copy of the master', 'fail', copied({ freeBytes: 3.2e9 }), /3\.3 GB needed/],
      ['another file system', 'fail', copied({ linkableMajors: [16] }), /on another file system than the data of 17/],
    ],
  },
  {
    // As large as the old one on either node: 2 GB and a fifth, and 512 MiB.
    ref: roomForServer.ref({ nodes: ['n2'], ...asked }),
    passing: both(
      servers(() => [{ major: 16 }, { bytes: 9e12 }], 'n1', { freeBytes: 1e6 }),
      servers(() => [{ major: 16, bytes: 1e9 }], 'n2', { freeBytes: 3e9 }),
    ),
    cases: [
      ['a disk that would be filled', 'fail', copied({ freeBytes: 2.9e9 }), /2\.9 GB free/],
      [
        'one without room for what the newer one has become where the old ones are gone',
        'fail',
        servers(() => [{ bytes: 9e12 }]),
        /free/,
      ],
      ['servers whose size nobody knows', 'unknown', servers(() => []), /nobody knows how large 16\/main is/],
    ],
  },
  {
    ref: notFenced.ref({}),
    passing: servers((there) => [there, { ...stopped, major: 16, isFenced: true }]),
    cases: [['one that an aborted run has left fenced', 'fail', servers(() => [{ isFenced: true }], 'n2'), /fenced/]],
  },
  {
    ref: noOpenPrimary.ref({ node: 'n2' }),
    passing: servers((there) => [there, { name: 'other', port: 5434, inRecovery: false }]),
    cases: [
      ['a primary that clients can write into', 'fail', servers(() => [{ inRecovery: false }]), /primary/],
      [
        'one that answers nothing',
        'unknown',
        (node, action) => (action.kind === 'readServers' ? { servers: [inRecoveryUnread(serverOn(node))] } : undefined),
        /answers nothing/,
      ],
    ],
  },
  {
    ref: noOpenPrimary.ref({ node: 'n2' }),
    passing: servers(() => [{ inRecovery: false, isFenced: true }]),
    cases: [],
  },
  {
    ref: serverInService.ref({ node: 'n1', ...at, as: 'primary' }),
    passing: servers((there) => [there, { ...stopped, major: 16, port: 5433 }, { name: 'other', port: 5434 }]),
    cases: [
      ['none', 'fail', servers(() => [{ major: 16 }]), /16\/main: runs .* beside 17\/main/],
      ['no such server', 'fail', servers(() => []), /there is no server 17\/main/],
      ['a standby', 'fail', servers(() => [{ inRecovery: true }]), /standby/],
      ['one at another port', 'fail', servers(() => [{ port: 5433 }]), /at port 5433/],
      ['a stopped one', 'fail', servers(() => [{ ...stopped }]), /stopped/],
      ['one that is fenced', 'fail', servers(() => [{ isFenced: true }]), /fenced/],
      ['one that a reboot leaves stopped', 'fail', servers(() => [{ startsAtBoot: false }]), /does not start at boot/],
      [
        'the old one running beside it',
        'fail',
        servers((there) => [there, { major: 16, port: 5433 }]),
        /16\/main: runs at port 5433.* beside 17\/main/,
      ],
      [
        'one that answers nothing',
        'unknown',
        (node, action) => (action.kind === 'readServers' ? { servers: [inRecoveryUnread(serverOn(node))] } : undefined),
        /answers nothing/,
      ],
    ],
  },
  {
    ref: serverInService.ref({ node: 'n2', ...at, as: 'standby' }),
    passing: servers(() => [{ inRecovery: true }]),
    cases: [
      ['a stopped standby', 'fail', servers(() => [{ ...stopped, state: 'shut down in recovery' }]), /at boot$/],
      ['a stopped primary', 'fail', servers(() => [{ ...stopped, state: 'shut down' }]), /; it was a primary$/],
      ['one that crashed as a primary', 'fail', servers(() => [{ ...stopped, state: 'in production' }]), /a primary$/],
    ],
  },
  {
    ref: serverInService.ref({ node: 'n2', ...at, as: 'primary', fenced: true }),
    passing: servers(() => [{ inRecovery: false, isFenced: true }]),
    cases: [['one that is open to clients', 'fail', servers(() => [{ inRecovery: false }]), /primary$/]],
  },
  {
    ref: serverStopped.ref({ node: 'n1', ...at }),
    passing: servers(() => [stopped]),
    cases: [
      ['one that runs', 'fail', servers(() => [{ startsAtBoot: false }]), /runs/],
      ['one that would start at boot', 'fail', servers(() => [{ isRunning: false }]), /starts at boot/],
      ['none', 'fail', servers(() => []), /there is no server/],
    ],
  },
  {
    ref: serverStopped.ref({ node: 'n1', ...at, upgradedBy: 'db-upgrade-1' }),
    passing: servers(() => [{ ...stopped, upgradedBy: 'db-upgrade-1' }]),
    cases: [
      ['one that is half upgraded', 'fail', servers(() => [stopped]), /not wholly upgraded/],
      ['another run’s', 'fail', servers(() => [{ ...stopped, upgradedBy: 'db-upgrade-0' }]), /by db-upgrade-0/],
    ],
  },
  {
    ref: serverUsable.ref({ node: 'n1', ...at }),
    passing: servers(() => [stopped]),
    cases: [
      ['one that is spent', 'fail', servers(() => [{ ...stopped, isSpent: true }]), /spent: its files are linked/],
      ['none', 'fail', servers(() => []), /there is no server/],
    ],
  },
  {
    ref: asidesGone.ref({ node: 'n1', run: 'recover-1' }),
    passing: servers((there) => [there], 'n1', { asides: [aside('recover-2')] }),
    cases: [
      [
        'one that is there',
        'fail',
        servers((there) => [there], 'n1', { asides: [aside('recover-1')] }),
        /main\.baton-aside-recover-1 \(2\.0 GB\)/,
      ],
    ],
  },
  {
    ref: serverGone.ref({ node: 'n1', major: 16, name: 'main' }),
    cases: [['one that is there', 'fail', servers((there) => [there, { ...stopped, major: 16 }]), /16\/main: stopped/]],
  },
  {
    ref: serverAsBefore.ref({ node: 'n1', record: 'db-upgrade-1' }),
    passing: on('compareServer', { expected: ['vacuum_cleanup_index_scale_factor is gone'] }),
    cases: [
      [
        'what differs',
        'fail',
        on('compareServer', { differences: Array.from({ length: 7 }, (_, index) => `role r${index} is missing`) }),
        /role r0 is missing; .*; and 2 more/,
      ],
      ['nothing that was compared', 'unknown', on('compareServer', { facts: 0 }), /nothing was compared/],
    ],
  },
  {
    ref: standbyHasAll.ref(at),
    passing: servers(() => [{ ...stopped, lsn: '1/1FFFFFF0' }], 'n1'),
    cases: [
      ['a master that still runs', 'fail', servers((there) => [there]), /runs at port/],
      ['a standby that lags', 'fail', servers(() => [{ ...stopped, lsn: '1/20000000' }], 'n1'), /16 B behind/],
      ['a standby that is stopped', 'fail', ends(servers(() => [stopped], 'n2')), /no server runs at port/],
      ['a standby that was promoted', 'fail', ends(servers(() => [{ inRecovery: false }], 'n2')), /no standby/],
      ['a standby of something else', 'fail', ends(servers(() => [{ systemIdentifier: '1' }], 'n2')), /no standby/],
      ['a position that is none', 'unknown', ends(servers(() => [{ lsn: '' }], 'n2')), /cannot be compared/],
      ['no server', 'fail', servers(() => [], 'n1'), /there is no server/],
    ],
  },
  {
    ref: valuesSet.ref({ node: 'n1', file: '/opt/HA/conf/ha.conf', values: { VERSION: '17', UNIT: '17' } }),
    cases: [
      [
        'another value',
        'fail',
        on('readValues', { values: [{ name: 'VERSION', value: '16' }] }),
        /VERSION=16, UNIT is not/,
      ],
    ],
  },
  {
    ref: slotThere.ref({ node: 'n1', slot: 'n2' }),
    cases: [['none', 'fail', on('findRows', { rows: 0 }), /there is no slot n2/]],
  },
];

/** The master has ended where the standby is. */
function ends(change: Change): Change {
  return both(
    servers(() => [{ ...stopped, lsn: '1/1FFFFFF0' }], 'n1'),
    change,
  );
}
