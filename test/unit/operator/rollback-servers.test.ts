// What the way back of a database upgrade is planned from is read from the nodes, and a node that is silent is said to be so.
import assert from 'node:assert/strict';
import type { ReadAction } from '../../../coordinator/checks/check.ts';
import type { Fleet } from '../../../coordinator/fleet/fleet.ts';
import { readServersFacts } from '../../../coordinator/operator/rollback-servers.ts';
import { fail } from '../../../shared/failures.ts';
import { backupPart, healthy } from '../checks/world.ts';
import { cluster, factsAt, of, type Stop } from '../plans/rollback-database-facts.ts';

type Read = (node: string, action: ReadAction) => object | undefined;

async function factsOf(stop: Partial<Stop>, change: Read = () => undefined) {
  const asked: string[] = [];
  const { plan, state, servers } = factsAt({
    mode: 'copy',
    standby: 'promote',
    at: 'standby.record-server',
    wasDone: true,
    ...stop,
  });
  const answer: Read = (node, action) =>
    change(node, action) ??
    (action.kind === 'readServers' ? servers?.[node] : undefined) ??
    (action.kind === 'readBackups'
      ? { ...healthy(node, action), parts: [backupPart('database', of), backupPart('files', of)] }
      : undefined);
  const read = async (node: string, action: ReadAction) => {
    asked.push(`${node} ${action.kind}`);
    const told = answer(node, action) ?? healthy(node, action);
    return 'ok' in told ? told : { ok: true, answer: told, commands: [] };
  };
  const facts = await readServersFacts({ read } as unknown as Fleet, cluster, { of, plan, state });
  assert.ok(facts.ok, facts.ok ? '' : facts.failure.message);
  return { facts: facts.value, counted: asked.filter((one) => one.endsWith('countRows')) };
}

describe('what the rollback of a database upgrade is planned from', () => {
  it('is the servers of both nodes, the backup of the database, and the rows of now and of the stop', async () => {
    const { facts, counted } = await factsOf({});
    assert.deepEqual(Object.keys(facts.servers ?? {}), ['n1', 'n2']);
    assert.deepEqual(
      facts.parts.map(({ node, part }) => `${node} ${part}`),
      ['n1 database'],
    );
    assert.deepEqual(counted, ['n1 countRows', 'n2 countRows']);
    assert.ok(facts.rowsNow && facts.rowsThen);
  });

  it('counts nothing where no client can have written, nor in a server that is not the one that is meant', async () => {
    assert.deepEqual((await factsOf({ at: 'master.upgrade-server' })).counted, []);
    assert.deepEqual((await factsOf({ at: 'standby.rebuild' })).counted, ['n1 countRows']);
  });

  it('says of a node that is silent why, and whether it is away', async () => {
    const silent = (code: 'unreachable' | 'internal') =>
      factsOf({}, (node, { kind }) =>
        node === 'n2' && kind === 'readServers' ? fail(code, 'no word from n2') : undefined,
      );
    for (const [code, isAway] of [
      ['unreachable', true],
      ['internal', false],
    ] as const)
      assert.deepEqual((await silent(code)).facts.servers?.n2, { unread: 'no word from n2', isAway });
  });

  it('is no less known where the backup cannot be read: it may not be needed', async () => {
    const { facts } = await factsOf({}, (_, { kind }) =>
      kind === 'readBackups' ? fail('no-space', 'full') : undefined,
    );
    assert.deepEqual(facts.parts, []);
  });
});
