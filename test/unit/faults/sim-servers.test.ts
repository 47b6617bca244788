// The simulated PostgreSQL servers do what real ones do: half states stay, what is spent is never started again, a standby
// follows only what it can follow, and what nobody may reach reaches nobody.
import assert from 'node:assert/strict';
import type { ServerJob } from '../../../shared/actions/jobs/job.ts';
import { serverInService, streamsFrom } from '../../faults/sim/databases.ts';
import { SimNode } from '../../faults/sim/node.ts';
import { beginServerJob, endServerJob, passMiddle } from '../../faults/sim/server-jobs.ts';
import { Time } from '../../faults/sim/time.ts';
import { cluster, World } from '../../faults/sim/world.ts';

const name = 'main';
const run = 'db-upgrade-1';
const upgrade = (mode: 'copy' | 'link'): ServerJob => ({
  ...{ kind: 'upgradeServer', from: 17, to: 18, name, mode, jobs: 2, run },
});
const start: ServerJob = { kind: 'startServer', major: 18, name, analyze: true };
const back: ServerJob = { kind: 'returnServer', from: 17, to: 18, name };
const copyOf = (address: string, major: number, asStandby = true): ServerJob => ({
  ...{ kind: 'copyServer', major, name, asStandby, slot: asStandby ? 'n2' : '', applicationName: '', keep: true, run },
  source: { address, port: 5432, user: 'replicator', passFile: '', options: '' },
});

function site() {
  const world = new World();
  const [n1, n2] = cluster.nodes.map((node) => new SimNode(node.name, new Time(), world));
  assert.ok(n1 && n2);
  const begin = (node: SimNode, job: ServerJob): void => beginServerJob(job, node, world, run);
  const carryOut = (node: SimNode, job: ServerJob): boolean => {
    begin(node, job);
    passMiddle(job, node, world, run);
    return endServerJob(job, node, world, run);
  };
  return { world, n1, n2, begin, carryOut };
}

describe('simulated PostgreSQL servers', () => {
  it('stream at first, and what is written reaches the standby', () => {
    const { world, n1, n2 } = site();
    assert.equal(streamsFrom(n2, world), n1.name);
    world.makeTicket('one');
    assert.deepEqual([...(serverInService(n2)?.tickets ?? [])], [...world.tickets]);
  });

  it('are half made by an upgrade that was killed, and whole after another attempt', () => {
    const { n1, begin, carryOut } = site();
    begin(n1, upgrade('link'));
    assert.equal(serverInService(n1), undefined);
    assert.deepEqual([n1.databases.servers.get(17)?.isWhole, n1.databases.servers.get(18)?.isWhole], [false, false]);
    assert.ok(carryOut(n1, upgrade('link')));
    assert.ok(carryOut(n1, start));
    assert.equal(serverInService(n1)?.major, 18);
  });

  it('are given back after a link that was never started, and never after one that was', () => {
    const { n1, carryOut } = site();
    assert.ok(carryOut(n1, upgrade('link')));
    assert.ok(carryOut(n1, back));
    assert.equal(serverInService(n1)?.major, 17);
    assert.equal(n1.databases.servers.has(18), false);
    const other = site();
    assert.ok(other.carryOut(other.n1, upgrade('link')));
    other.begin(other.n1, start);
    assert.equal(other.carryOut(other.n1, back), false);
    assert.equal(other.n1.databases.servers.get(17)?.isSpent, true);
  });

  it('are not upgraded as a standby, nor over what another run has made', () => {
    const { n1, n2, carryOut } = site();
    assert.equal(carryOut(n2, upgrade('copy')), false);
    assert.ok(carryOut(n1, upgrade('copy')));
    const made = n1.databases.servers.get(18);
    assert.ok(made);
    made.begunBy = 'db-upgrade-0';
    assert.equal(carryOut(n1, upgrade('copy')), false);
  });

  it('follow nobody from another history, and are copied anew', () => {
    const { world, n1, n2, carryOut } = site();
    assert.ok(carryOut(n2, { kind: 'runHaScript', script: 'master.sh' }));
    world.makeTicket('only on n1');
    assert.equal(serverInService(n2)?.tickets.size, 0);
    assert.ok(carryOut(n2, copyOf('10.77.0.11', 17)));
    assert.equal(streamsFrom(n2, world), n1.name);
    assert.equal(serverInService(n2)?.tickets.size, 1);
    assert.deepEqual([...n2.databases.asides.keys()], [`17-${run}`]);
  });

  it('need the slot that they are told of', () => {
    const { n1, n2, carryOut } = site();
    serverInService(n1)?.slots.clear();
    assert.equal(carryOut(n2, copyOf('10.77.0.11', 17)), false);
    assert.ok(carryOut(n1, { kind: 'createSlot', slot: 'n2' }));
    assert.ok(carryOut(n2, copyOf('10.77.0.11', 17)));
  });

  it('are fenced from clients and not from their standby, also after a boot', () => {
    const { world, n1, n2, carryOut } = site();
    assert.ok(carryOut(n1, { kind: 'fenceServer' }));
    assert.equal(streamsFrom(n2, world), n1.name);
    assert.equal(world.databaseRecords.findLast(({ node }) => node === n1.name)?.is, 'fenced');
    n1.goDown();
    n1.comeUp();
    assert.equal(serverInService(n1)?.isFenced, true);
  });
});
