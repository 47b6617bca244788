// Verdicts that a recovery acts on: what the databases are, who has what, and that a node no longer serves.
import { dependenciesThere } from '../../../coordinator/checks/dependencies-there.ts';
import { filesMerged } from '../../../coordinator/checks/files-merged.ts';
import { serverHasAll } from '../../../coordinator/checks/server-has-all.ts';
import { asFound, sidesAsFound } from '../../../coordinator/checks/sides-as-found.ts';
import { stoodDown } from '../../../coordinator/checks/stood-down.ts';
import { sideOf } from '../../../coordinator/databases/side.ts';
import { type Change, on, type Suite, units } from './cases.ts';
import { serverOn, stoppedUnit } from './world.ts';

type Server = ReturnType<typeof serverOn>;

const server =
  (node: string, change: Partial<Server>): Change =>
  (of, action) =>
    action.kind === 'readServers' && of === node ? { servers: [{ ...serverOn(of), ...change }] } : undefined;
const none =
  (node: string): Change =>
  (of, action) =>
    action.kind === 'readServers' && of === node ? { servers: [] } : undefined;
const silent =
  (node: string): Change =>
  (of, action) => {
    const { inRecovery: _, ...rest } = serverOn(of);
    return action.kind === 'readServers' && of === node ? { servers: [rest] } : undefined;
  };
const found = (node: string) =>
  asFound(node, sideOf({ servers: [serverOn(node)], installedMajors: [], freeBytes: 0, streams: false }, 5432));
const app = ['ft-main-server', 'nginx'];
const out = units({ ...stoppedUnit(''), unitFileState: 'disabled' });
const outBut =
  (state: object): Change =>
  (node, action) =>
    action.kind === 'readUnits'
      ? { units: action.units.map((unit) => ({ ...stoppedUnit(unit), unitFileState: 'disabled', ...state })) }
      : out(node, action);

export const suites: Suite[] = [
  {
    ref: sidesAsFound.ref({ sides: [found('n1'), found('n2')] }),
    cases: [
      ['a standby that was promoted', 'fail', server('n2', { inRecovery: false, timeline: 4 }), /primary, running/],
      ['a primary of a newer timeline', 'fail', server('n1', { timeline: 5 }), /timeline 5/],
      ['another database', 'fail', server('n2', { systemIdentifier: '1' }), /standby, running/],
      ['another version', 'fail', server('n1', { major: 18 }), /PostgreSQL 18/],
      ['a database that is gone', 'fail', none('n2'), /no database that could be started/],
      ['one that does not answer', 'unknown', silent('n1'), /does not answer/],
    ],
  },
  {
    ref: sidesAsFound.ref({ sides: [{ ...found('n1'), staysStopped: true }] }),
    passing: server('n1', { isRunning: false, state: 'in production' }),
    cases: [['one that somebody has started, which was to be set aside', 'fail', server('n1', {}), /primary, running/]],
  },
  {
    ref: serverHasAll.ref({ node: 'n1', of: 'n2' }),
    cases: [
      ['one that is behind', 'fail', server('n2', { lsn: '1/20000100' }), /lacks 256 B/],
      ['one that is stopped', 'fail', server('n1', { isRunning: false }), /crashed/],
      ['one that does not answer', 'unknown', silent('n1'), /does not answer/],
      ['another database', 'fail', server('n2', { systemIdentifier: '1' }), /no copy of what n2 has/],
      ['an unreadable position', 'unknown', server('n2', { lsn: '' }), /cannot be compared/],
      ['nothing on the other side', 'unknown', none('n2'), /n2: no database/],
    ],
  },
  {
    ref: dependenciesThere.ref({ node: 'n2', units: app, major: 17 }),
    cases: [
      ['a unit that systemd does not know', 'fail', units({ loadState: 'not-found' }), /ft-main-server not installed/],
      ['another version of PostgreSQL', 'fail', on('readServers', { installedMajors: [16] }), /17 not installed \(16/],
      ['a unit that is not told of', 'fail', on('readUnits', { units: [] }), /not told of/],
    ],
  },
  {
    ref: filesMerged.ref({ node: 'n1', from: 'n2' }),
    cases: [
      [
        'a missing file',
        'fail',
        on('readMissingFiles', { missing: 1, older: 0, bytes: 3, sample: ['a/b.bin'] }),
        /1 missing, 0 older, 3 B: a\/b\.bin/,
      ],
      ['an older file', 'fail', on('readMissingFiles', { older: 2, sample: ['c'] }), /0 missing, 2 older/],
    ],
  },
  {
    ref: stoodDown.ref({ node: 'n2', units: app, address: '10.77.0.10' }),
    passing: out,
    cases: [
      ['a running service', 'fail', outBut({ activeState: 'active', mainPid: 7 }), /nginx active/],
      ['one that starts at boot', 'fail', outBut({ unitFileState: 'enabled' }), /nginx starts at boot/],
      [
        'the clients’ address',
        'fail',
        (node, action) => (action.kind === 'readNode' ? { addresses: ['10.77.0.10'] } : out(node, action)),
        /has the address 10\.77\.0\.10/,
      ],
    ],
  },
];
