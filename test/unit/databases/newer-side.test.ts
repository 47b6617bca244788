// Which side is newer, over the whole table of what two control files can say.
import assert from 'node:assert/strict';
import type { Server } from '../../../coordinator/checks/server-facts.ts';
import { type Comparison, newerSide } from '../../../coordinator/databases/newer-side.ts';
import { type KnownSide, sideOf } from '../../../coordinator/databases/side.ts';
import { crashed, found, promoted, server, stopped } from '../plans/recover-facts.ts';

const port = 5432;
const known = (one: Server, streams = false): KnownSide => {
  const side = sideOf(found(one, streams), port);
  assert.ok(side.is === 'primary' || side.is === 'standby', side.is);
  return side;
};
const compare = (a: Server, b: Server, streams = false) => newerSide(known(a), known(b, streams));
const said = (compared: Comparison): string =>
  'newer' in compared
    ? `${compared.newer}${compared.isOtherContained ? '' : ', perhaps not all'}`
    : 'split' in compared
      ? 'split'
      : 'incomparable';
const branch = '1/20000100';

describe('The newer side', () => {
  const table: [string, Comparison, string][] = [
    ['a primary and the standby that streams from it', compare(server('n1'), server('n2'), true), 'first'],
    [
      'a standby that was read later than the primary that it streams from',
      compare(server('n1'), server('n2', { lsn: '2/0' }), true),
      'first',
    ],
    ['a stopped primary and its stopped standby', compare(stopped('n1'), stopped('n2')), 'first'],
    [
      'a stopped primary and its standby, which has the record of that stop',
      compare(stopped('n1'), stopped('n2', { lsn: '1/20000078' })),
      'first',
    ],
    [
      'a stopped primary and a standby with one row more',
      compare(stopped('n1'), stopped('n2', { lsn: '1/200000F0' })),
      'split',
    ],
    [
      'a crashed primary and a standby beyond its last checkpoint',
      compare(crashed('n1'), crashed('n2', { lsn: '2/0' })),
      'first',
    ],
    ['a primary that was put back behind its standby', compare(stopped('n1'), stopped('n2', { lsn: '2/0' })), 'split'],
    ['a running primary that was put back', compare(server('n1'), server('n2', { lsn: '2/0' })), 'split'],
    ['a promoted one and a primary that had stopped before', compare(stopped('n1'), promoted(branch)), 'second'],
    [
      'a promoted one and a primary that crashed before',
      compare(crashed('n1'), promoted(branch)),
      'second, perhaps not all',
    ],
    ['a promoted one and a primary that still runs', compare(server('n1'), promoted(branch)), 'split'],
    [
      'a promoted one and a primary that went on before it stopped',
      compare(stopped('n1', { lsn: '1/20000200' }), promoted(branch)),
      'split',
    ],
    [
      'a promoted one that is stopped by now',
      compare(stopped('n1'), promoted(branch, { isRunning: false, state: 'shut down' })),
      'second',
    ],
    [
      'the master promoted again after its standby',
      compare(
        server('n1', {
          timeline: 5,
          history: [...promoted(branch).history, { timeline: 4, lsn: '1/40000000' }],
        }),
        promoted(branch, { isRunning: false, state: 'shut down' }),
      ),
      'first',
    ],
    [
      'two that were promoted to the same number, each for itself',
      compare(
        server('n1', { timeline: 4, history: [...server('n1').history, { timeline: 3, lsn: '1/10000000' }] }),
        promoted(branch),
      ),
      'split',
    ],
    [
      'two that were promoted one after another, each for itself',
      compare(
        server('n1', {
          timeline: 5,
          history: [...server('n1').history, { timeline: 3, lsn: '1/10000000' }],
        }),
        promoted(branch, { timeline: 4 }),
      ),
      'split',
    ],
    ['two primaries of one timeline', compare(server('n1'), server('n2', { inRecovery: false })), 'split'],
    [
      'two standbys, the second further on',
      compare(server('n1', { inRecovery: true }), server('n2', { lsn: '2/0' })),
      'second',
    ],
    [
      'two standbys at the same position',
      compare(server('n1', { inRecovery: true }), server('n2', { lsn: server('n1').lsn })),
      'first',
    ],
    [
      'two standbys, the one behind crashed',
      compare(server('n1', { inRecovery: true }), crashed('n2')),
      'first, perhaps not all',
    ],
    ['two major versions', compare(server('n1', { major: 18 }), server('n2')), 'incomparable'],
    ['two databases', compare(server('n1', { systemIdentifier: '8' }), server('n2')), 'incomparable'],
    ['no system identifier', compare(server('n1', { systemIdentifier: '' }), server('n2')), 'incomparable'],
    ['no position', compare(server('n1', { lsn: '' }), server('n2')), 'incomparable'],
    ['no history', compare(server('n1', { history: [] }), server('n2')), 'incomparable'],
    ['no history, but it streams', compare(server('n1', { history: [] }), server('n2'), true), 'first'],
  ];
  for (const [name, compared, expected] of table)
    it(`of ${name}: ${expected}`, () => assert.equal(said(compared), expected, JSON.stringify(compared)));

  it('is the same whichever is named first', () => {
    const swapped = { first: 'second', second: 'first' } as const;
    for (const [a, b] of [
      [stopped('n1'), promoted(branch)],
      [crashed('n1'), promoted(branch)],
      [server('n1'), promoted(branch)],
      [server('n1'), server('n2')],
    ] as const) {
      const [one, other] = [compare(a, b), compare(b, a)];
      if ('newer' in one && 'newer' in other) assert.equal(swapped[one.newer], other.newer);
      else assert.equal(said(one), said(other));
    }
  });
});

describe('One side', () => {
  it('is unread where nobody could be asked', () => {
    assert.deepEqual(sideOf({ unread: 'no answer', isAway: false }, port), { is: 'unread', why: 'no answer' });
    assert.equal(sideOf(undefined, port).is, 'unread');
  });
  it('is lost without a control file, and where an upgrade has used it up', () => {
    assert.equal(sideOf(found(undefined), port).is, 'lost');
    assert.equal(sideOf(found(stopped('n1', { state: '' })), port).is, 'lost');
    assert.equal(sideOf(found(stopped('n1', { isSpent: true })), port).is, 'lost');
  });
  it('is nothing yet while it runs and does not answer', () => {
    const { inRecovery: _, ...silent } = server('n1');
    assert.equal(sideOf(found(silent), port).is, 'starting');
  });
  it('is the server at the port, not one that an upgrade has left beside it', () => {
    const old = stopped('n1', { major: 16, port: 5433 });
    const side = sideOf({ servers: [old, server('n1')], installedMajors: [], freeBytes: 0, streams: false }, port);
    assert.equal('server' in side && side.server.major, 17);
  });
  it('has an unknown end where it crashed', () => {
    for (const [one, is, isEndKnown] of [
      [stopped('n1'), 'primary', true],
      [crashed('n1'), 'primary', false],
      [stopped('n2'), 'standby', true],
      [crashed('n2'), 'standby', false],
      [stopped('n1', { state: 'in crash recovery' }), 'primary', false],
    ] as const) {
      const side = sideOf(found(one), port);
      assert.ok('isEndKnown' in side);
      assert.deepEqual([side.is, side.isEndKnown], [is, isEndKnown], one.state);
    }
  });
});
