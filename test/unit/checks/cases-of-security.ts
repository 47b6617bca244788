// Verdicts about owners, access and safety of machines.
import { auditLogging } from '../../../coordinator/checks/audit-logging.ts';
import { filesOwned } from '../../../coordinator/checks/files-owned.ts';
import { firewall } from '../../../coordinator/checks/firewall.ts';
import { haOwner } from '../../../coordinator/checks/ha-owner.ts';
import { installerMayRun } from '../../../coordinator/checks/installer-may-run.ts';
import { selinuxMode } from '../../../coordinator/checks/selinux-mode.ts';
import { upgradeSpace } from '../../../coordinator/checks/upgrade-space.ts';
import { type Change, on, type Suite, units } from './cases.ts';
import { serverOn } from './world.ts';

const owned = (change: object, node?: string): Change => {
  const owner = 'flotomate:flotomate';
  const usual = { owner, mode: '0755', entries: 500, isCut: false, owners: [{ owner, entries: 500, examples: ['.'] }] };
  return on('readOwners', { ...usual, ...change }, node);
};
const auditRuns: Change = units({});

export const suites: Suite[] = [
  {
    ref: haOwner.ref({}),
    cases: [
      ['another owner', 'fail', on('readHaOwner', { owner: 'ubuntu:ubuntu' }, 'n2'), /ubuntu:ubuntu.*other nodes have/],
      ['a folder for everybody', 'fail', on('readHaOwner', { mode: '0777' }, 'n3'), /everybody may write it/],
      [
        'an owner without rights',
        'fail',
        on('readHaOwner', { maySome: false, mayAll: false, withoutPassword: false, detail: 'not allowed' }, 'n2'),
        /no sudo rights/,
      ],
      ['a question for a password', 'warn', on('readHaOwner', { withoutPassword: false }, 'n2'), /asks for a password/],
      [
        'some commands',
        'warn',
        on('readHaOwner', { mayAll: false, detail: '(root) /bin/ip' }, 'n2'),
        /some commands only/,
      ],
      ['no folder', 'fail', on('readHaOwner', { exists: false }, 'n2'), /is not there/],
    ],
  },
  {
    ref: filesOwned.ref({}),
    cases: [
      [
        'files of somebody else',
        'fail',
        owned({ owners: [{ owner: 'root:root', entries: 2, examples: ['07/x'] }] }, 'n2'),
        /2 of root:root \(07\/x\)/,
      ],
      [
        'files that everybody may write',
        'fail',
        owned({ worldWritable: 3, worldWritableExamples: ['a'] }, 'n1'),
        /3 writable by everybody \(a\)/,
      ],
      [
        'programs with an owner’s rights',
        'warn',
        owned({ setId: 1, setIdExamples: ['s'] }, 'n1'),
        /run as their owner/,
      ],
    ],
  },
  {
    ref: firewall.ref({}),
    cases: [
      [
        'a database that is open to all',
        'warn',
        on('readSecurity', { chains: [], firewall: '' }, 'n2'),
        /no rules for what comes in, 5432 listens on every address/,
      ],
      [
        'rules that let everything in',
        'warn',
        on('readSecurity', { chains: [{ chain: 'ip filter INPUT', policy: 'accept', rules: 0 }] }, 'n2'),
        /no rules/,
      ],
      [
        'rules that nobody could read',
        'unknown',
        on('readSecurity', { chains: [], rulesUnread: 'nft ended with 1: Operation not supported' }, 'n2'),
        /rules not read: nft ended with 1/,
      ],
      [
        'a database that listens on one address',
        'pass',
        on('readSecurity', { chains: [], listeners: [{ port: 5432, anyAddress: false }] }),
        /some addresses/,
      ],
    ],
  },
  {
    ref: installerMayRun.ref({}),
    cases: [
      ['fapolicyd', 'fail', on('readSecurity', { fapolicyd: 'enforcing' }, 'n2'), /fapolicyd enforces/],
      ['fapolicyd that only notes', 'pass', on('readSecurity', { fapolicyd: 'permissive' }, 'n2'), /only notes/],
      [
        'a mount without programs',
        'fail',
        on('readSecurity', { places: [{ path: '/tmp', mayExecute: false, mountPoint: '/tmp' }] }, 'n1'),
        /\/tmp is on \/tmp, mounted noexec/,
      ],
      ['no places', 'unknown', on('readSecurity', { places: [] }, 'n1'), /no place/],
    ],
  },
  {
    ref: selinuxMode.ref({}),
    cases: [['different modes', 'warn', on('readSecurity', { selinux: 'enforcing' }, 'n2'), /not the same everywhere/]],
  },
  {
    ref: auditLogging.ref({}),
    passing: auditRuns,
    cases: [
      ['a stopped service', 'warn', units({ activeState: 'inactive' }, 'n2'), /auditd inactive/],
      ['no such service', 'warn', units({ loadState: 'not-found', activeState: 'inactive' }), /auditd not-found/],
      ['one that nobody told of', 'warn', on('readUnits', { units: [] }), /not told of/],
    ],
  },
  {
    ref: upgradeSpace.ref({}),
    cases: [
      ['too little room', 'warn', on('readServers', { freeBytes: 1e9 }, 'n2'), /2\.0 GB of data, 1\.0 GB free/],
      [
        'a server that is down',
        'unknown',
        on('readServers', { servers: [{ ...serverOn('n1'), isRunning: false }] }),
        /no server is in service/,
      ],
    ],
  },
];
