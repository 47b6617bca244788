// Database upgrades that are refused before a plan is made.
import assert from 'node:assert/strict';
import type { ServerList } from '../../../coordinator/checks/server-facts.ts';
import type { Cluster } from '../../../coordinator/cluster/cluster.ts';
import { cluster, listOf, servers, tryToCompile } from './database-facts.ts';

const refused = (parameters: object, of: Record<string, ServerList> = servers, by: Cluster = cluster) => {
  const result = tryToCompile(parameters, { servers: of }, by);
  assert.ok(!result.ok, 'it was compiled');
  return result.failure;
};
const on2 = (server: object, list: object = {}) => ({ ...servers, n2: listOf('n2', server, list) });

describe('a database upgrade', () => {
  const cases: [string, () => { code: string; message: string }, RegExp][] = [
    ['to the version that runs', () => refused({ to: 16 }), /n1 and n2 already run PostgreSQL 16; there is nothing/],
    ['to an older version', () => refused({ to: 15 }), /16 runs, which is newer than the target 15/],
    [
      'to one that the cluster file does not support',
      () => refused({ to: 18 }, { n1: listOf('n1', {}, { installedMajors: [16, 18] }), n2: listOf('n2') }),
      /18 is not supported: supported\.postgresql .* 16, 17/,
    ],
    [
      'to one that is not installed',
      () => refused({ to: 17 }, on2({}, { installedMajors: [16] })),
      /17 is not installed on n2: install/,
    ],
    [
      'of servers that differ',
      () => refused({ to: 17 }, on2({ major: 15 })),
      /n1 and n2 differ: 16\/main serves on n1, 15\/main on n2/,
    ],
    ['of servers of different names', () => refused({ to: 17 }, on2({ name: 'db' })), /16\/db on n2/],
    [
      'of a server that is stopped',
      () => refused({ to: 17 }, on2({ isRunning: false })),
      /n2: no PostgreSQL server runs/,
    ],
    [
      'of a server at another port',
      () => refused({ to: 17 }, on2({ port: 5433 })),
      /n2: no .* at port 5432; .*database\.port/,
    ],
    [
      'by links across file systems',
      () => refused({ to: 17, mode: 'link' }, on2({}, { linkableMajors: [16] })),
      /n2: \S+ would lie on another file system .*use --mode copy/,
    ],
    [
      'where the unit is that of one version',
      () => refused({ to: 17 }, servers, { ...cluster, database: { ...cluster.database, unit: 'postgresql@16-main' } }),
      /write postgresql@\{major\}-main/,
    ],
    ['from what does not serve', () => refused({ to: 17, from: 15 }), /16\/main serves, not 15\/main/],
    ['to what is no version', () => refused({ to: '17' }), /to: must be a major version of PostgreSQL, such as 17/],
    ['in a way that nobody knows', () => refused({ to: 17, mode: 'move' }), /mode: must be copy or link/],
    ['with a standby that nobody knows', () => refused({ to: 17, standby: 'drop' }), /promote or rebuild/],
    ['without a version', () => refused({}), /to: /],
    ['of the patroni flavor', () => refused({ to: 17 }, servers, { ...cluster, flavor: 'patroni' }), /later version/],
  ];
  for (const [what, attempt, message] of cases)
    it(`${what} is bad input`, () => {
      const { code, message: told } = attempt();
      assert.equal(code, 'bad-input');
      assert.match(told, message);
    });

  it('of servers that could not be read is out of reach, not bad input', () => {
    assert.equal(refused({ to: 17 }, { n1: listOf('n1') }).code, 'unreachable');
  });

  it('by links is no matter of file systems where files are copied', () => {
    assert.ok(tryToCompile({ to: 17 }, { servers: on2({}, { linkableMajors: [] }) }).ok);
  });
});
