// Verdicts about replay, encryption, access to the database, response time and errors.
import { databaseClosed } from '../../../coordinator/checks/database-closed.ts';
import { databaseHardened } from '../../../coordinator/checks/database-hardened.ts';
import { errorRate } from '../../../coordinator/checks/error-rate.ts';
import { observerQuiet } from '../../../coordinator/checks/observer-quiet.ts';
import { replicationEncrypted } from '../../../coordinator/checks/replication-encrypted.ts';
import { replicationReplaying } from '../../../coordinator/checks/replication-replaying.ts';
import { responseTime } from '../../../coordinator/checks/response-time.ts';
import { type Change, on, type Suite } from './cases.ts';
import { role, rule } from './data-world.ts';
import { activeUnit, nowMs } from './world.ts';

const standing = '1/1F000000';
/** The standby's position before and after it was waited for. */
const replayed = (before: string, after: string): Change => {
  return (node, action) =>
    node === 'n2' && action.kind === 'readReplication'
      ? { lsn: action.reachedLsn === undefined ? before : after }
      : undefined;
};
const client = { address: '10.77.0.12', state: 'streaming', sentLsn: '', replayLsn: '', lagBytes: 0, encrypted: false };
const rules = (...fields: Parameters<typeof rule>[0][]) => on('readAccess', { rules: fields.map(rule) });
const errors = (count: number, more: object = {}) =>
  on('readErrors', { sources: [{ source: 'logs', count, lastLine: 'ERROR broken', isCut: false, ...more }] }, 'n1');
const openSince = (startedMs: number): Change => {
  return (_node, action) => {
    if (action.kind === 'readObserverLog') return { openLine: 'synchronization started', openAgoMs: 1_800_000 };
    return action.kind === 'readUnits' ? { units: [{ ...activeUnit('ha'), sinceMs: startedMs }] } : undefined;
  };
};

export const suites: Suite[] = [
  {
    ref: replicationReplaying.ref({}),
    passing: replayed(standing, '1/20000000'),
    cases: [
      [
        'a replay that stands',
        'fail',
        replayed(standing, standing),
        /stands at 1\/1F000000, though n1 has written to 1\/20000000/,
      ],
      [
        'one that moves but has not come to the end',
        'pass',
        replayed(standing, '1/1F100000'),
        /replayed to 1\/1F100000/,
      ],
      ['a paused replay', 'fail', on('readReplication', { replayPaused: true }, 'n2'), /replay is paused/],
      [
        'a delay over the limit',
        'fail',
        on('readReplication', { lsn: '1/20000000', replayDelayS: 31 }, 'n2'),
        /31\.0 s behind/,
      ],
      [
        'a receiver that hears nothing',
        'fail',
        on('readReplication', { lsn: '1/20000000', messageAgoS: 90 }, 'n2'),
        /heard from n1 1 min 30 s ago/,
      ],
      ['a primary in its place', 'fail', on('readReplication', { inRecovery: false }, 'n2'), /is a primary/],
      ['a position that is none', 'unknown', on('readReplication', { lsn: '' }, 'n2'), /cannot be compared/],
    ],
  },
  {
    ref: replicationEncrypted.ref({}),
    cases: [
      [
        'a standby that streams in plain text',
        'warn',
        on('readReplication', { clients: [client] }),
        /not encrypted: 10\.77\.0\.12/,
      ],
      [
        'one on the same machine',
        'pass',
        on('readReplication', { clients: [{ ...client, address: 'local' }] }),
        /1 connected/,
      ],
    ],
  },
  {
    ref: databaseClosed.ref({}),
    cases: [
      [
        'trust for everybody',
        'fail',
        rules({ address: '0.0.0.0/0', users: ['app'], method: 'trust' }),
        /line 1: host all app 0\.0\.0\.0\/0 trust/,
      ],
      [
        'ident for everybody over IPv6',
        'fail',
        rules({ address: '::/0', users: ['app'], method: 'ident' }),
        /::\/0 ident/,
      ],
      ['trust for all roles of a network', 'fail', rules({ method: 'trust' }), /10\.77\.0\.0\/24 trust/],
      [
        'trust for a superuser from afar',
        'fail',
        rules({ users: ['postgres'], address: 'samenet', method: 'trust' }),
        /samenet trust/,
      ],
      ['a password in plain text', 'fail', rules({ method: 'password' }), /password/],
      [
        'a line that cannot be read',
        'fail',
        rules({ error: 'invalid method' }),
        /line 1 cannot be read: invalid method/,
      ],
      ['trust on the machine itself', 'pass', rules({ address: '127.0.0.1/32', method: 'trust' }), /none of them open/],
      ['trust of one role in a network', 'pass', rules({ users: ['app'], method: 'trust' }), /none of them open/],
      ['everybody refused', 'pass', rules({ address: 'all', method: 'reject' }), /none of them open/],
    ],
  },
  {
    ref: databaseHardened.ref({}),
    cases: [
      [
        'two superusers',
        'warn',
        on('readAccess', { roles: [role({ name: 'postgres', superuser: true }), role({ superuser: true })] }),
        /superusers postgres, app/,
      ],
      ['md5 passwords', 'warn', on('readAccess', { roles: [role({ password: 'md5' })] }), /md5 passwords of app/],
      ['md5 for new passwords', 'warn', on('readAccess', { passwordEncryption: 'md5' }), /password_encryption is md5/],
      ['no TLS', 'warn', on('readAccess', { ssl: false }), /ssl is off/],
      [
        'no TLS where nobody comes from afar',
        'pass',
        on('readAccess', { ssl: false, listenAddresses: 'localhost' }),
        /nothing found/,
      ],
      [
        'a schema for everybody',
        'warn',
        on('readAccess', { publicCreates: true }),
        /everybody may create in schema public/,
      ],
      ['trust of one role in a network', 'warn', rules({ users: ['app'], method: 'trust' }), /line 1: host all app/],
      ['any address', 'warn', rules({ address: '0.0.0.0/0' }), /0\.0\.0\.0\/0 scram/],
    ],
  },
  {
    ref: responseTime.ref({ comparedTo: null }),
    cases: [
      ['slow answers', 'warn', on('readUrl', { elapsedMs: 3500 }), /3\.5 s in the middle of 5/],
      ['another status', 'warn', on('readUrl', { status: 503 }), /answered 503/],
    ],
  },
  {
    ref: errorRate.ref({ comparedTo: null }),
    cases: [
      ['many errors', 'warn', errors(101), /error log: 101 in 10 min 0 s, 10\.1 a minute, the last: ERROR broken/],
      ['few in what could be read', 'warn', errors(0, { isCut: true, lastLine: '' }), /at least 0 .*not all of it/],
      ['more than can be counted', 'warn', errors(20_000, { isCut: true }), /at least 20000/],
    ],
  },
  {
    ref: observerQuiet.ref({}),
    cases: [
      [
        'what began half an hour ago and has not ended',
        'fail',
        openSince(nowMs - 3_600_000),
        /no end was seen of what began 30 min 0 s ago: synchronization started/,
      ],
      ['an observer that was started anew since', 'pass', openSince(nowMs - 60_000), /quiet/],
    ],
  },
];
