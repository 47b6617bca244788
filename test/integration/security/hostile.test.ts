// A real coordinator under hostile connections from another process: it stays, its memory is bounded, and an honest agent
// stays connected. How fast it stays is measured by `npm run bench:port`, not here.
import assert from 'node:assert/strict';
import { type As, allAttacks } from '../../hostile/attacks.ts';
import { type Honest, joinNode, startHonest } from '../../hostile/honest.ts';
import { peakBytes } from '../../hostile/process-memory.ts';
import { addresses, startHostile } from '../../hostile/run.ts';
import { must } from '../bus/test-bus.ts';
import { eventually } from '../fleet/fleet-fixture.ts';
import { type CoordinatorProcess, startCoordinator } from '../operator/coordinator-process.ts';

/** From sources, which are compiled in the process, it reaches some 250 MB; as shipped the limit is 256 MB, see the bench. */
const memoryBytesMax = 384e6;
const attacks: [string, As][] = [
  ['no handshake', 'tcp'],
  ['a byte at a time', 'tcp'],
  ['half a handshake', 'tcp'],
  ['rapid reset', 'nobody'],
  ['continuation flood', 'nobody'],
  ['ping flood', 'nobody'],
  ['rapid reset', 'node'],
  ['oversized messages', 'node'],
  ['messages that never end', 'node'],
  ['heartbeats without end, reads nothing', 'node'],
];

describe('the agents’ port under attack', function () {
  this.timeout(180_000);
  let coordinator: CoordinatorProcess;
  let honest: Honest | undefined;
  before(async () => {
    coordinator = await startCoordinator();
  });
  after(async () => {
    honest?.close();
    await coordinator.remove();
  });

  it('keeps honest agents, its memory and its log', async () => {
    const stolen = await joinNode(coordinator, 'n2');
    const agent = await startHonest(coordinator, await joinNode(coordinator, 'n1'), 100);
    honest = agent;
    const logFrom = coordinator.log().length;
    for (const [attack, as] of attacks) {
      assert.ok(allAttacks.some((one) => one.name === attack && one.as === as));
      const hostile = startHostile({
        attack,
        as,
        address: coordinator.address,
        connections: 100,
        from: addresses(25),
        ...(as === 'node' ? stolen : {}),
      });
      // Seen while it lasts: as many heartbeats as two seconds have.
      const seenBefore = agent.seen();
      await eventually(() => agent.seen() - seenBefore >= 20 || agent.lost() !== undefined, attack, 30_000);
      const { opened } = await hostile.end();
      assert.ok(opened > 0, attack);
      assert.equal(agent.lost(), undefined, attack);
      assert.equal(coordinator.process.exitCode, null, attack);
    }
    agent.close();
    const peak = peakBytes(coordinator.process.pid ?? 0);
    assert.ok(peak < memoryBytesMax, `${Math.round(peak / 1e6)} MB`);
    const logged = coordinator.log().slice(logFrom);
    assert.ok(logged.length < 100_000, `${logged.length} bytes of log`);
    assert.ok(!/a bug|uncaught|unhandled/i.test(logged), logged.slice(0, 2_000));
    const nodes = must(await coordinator.client().call<{ nodes: unknown[] }>('listNodes', {}));
    assert.equal(nodes.nodes.length, 2);
  });
});
