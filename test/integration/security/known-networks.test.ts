// Agents that come back to a coordinator that was started anew, or that another one's agents turn to: it knows from the
// nodes' records where they come from, and lets them in while strangers crowd the port.
import assert from 'node:assert/strict';
import { connect as connectTcp } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { eventually, type Fixture, must, startFixture, TestAgent } from '../fleet/fleet-fixture.ts';

describe('where agents come from', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await startFixture();
  });
  after(() => fixture.stop());

  const knock = (localAddress: string): TLSSocket => {
    const socket = connect({
      socket: connectTcp({ ...fixture.address, localAddress }),
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
    });
    socket.on('error', () => undefined);
    return socket;
  };
  /** Whether somebody is let in from there. */
  const isLetIn = (from: string) =>
    new Promise<boolean>((resolve) => {
      const socket = knock(from);
      socket.once('secureConnect', () => {
        resolve(true);
        socket.destroy();
      });
      socket.once('close', () => resolve(false));
    });
  const crowd = async () => {
    for (let last = 1; await isLetIn(`127.0.9.${last}`); last += 1)
      assert.ok(last < 250, 'strangers are never refused');
  };

  it('is written down with their nodes', async () => {
    const agent = new TestAgent(fixture, await fixture.join('n1'));
    await agent.hello();
    await fixture.hub.flush();
    const node = must(await fixture.tables.nodes.get('n1'))?.value;
    assert.deepEqual(node?.networks, ['127.0.0.1']);
    agent.close();
  });

  it('is a way in while strangers crowd the port, until the node is revoked', async function () {
    this.timeout(60_000);
    await fixture.join('n2');
    const { nodes } = fixture.tables;
    const node = must(await nodes.get('n2'))?.value;
    assert.ok(node);
    // As another coordinator writes it, or this one did before it was started anew.
    must(await nodes.put('n2', { ...node, networks: ['127.0.8.1'] }));
    await eventually(async () => {
      await crowd();
      return await isLetIn('127.0.8.1');
    }, 'it is learnt');
    for (let count = 0; count < 5; count += 1) {
      await crowd();
      assert.ok(await isLetIn('127.0.8.1'));
    }
    must(await fixture.enrolment.revoke('n2', 'ann'));
    // A stranger's place may become free at any moment: of many tries most are refused.
    let refused = 0;
    for (let count = 0; count < 5; count += 1) {
      await crowd();
      if (!(await isLetIn('127.0.8.1'))) refused += 1;
    }
    assert.ok(refused > 0);
  });
});
