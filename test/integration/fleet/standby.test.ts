import assert from 'node:assert/strict';
import { isHeld } from '../../../coordinator/fleet/holders.ts';
import { failure } from '../../../shared/failures.ts';
import type { Credentials } from '../../../shared/security/certificates.ts';
import { eventually, type Fixture, startFixture, TestAgent } from './fleet-fixture.ts';

describe('agents’ streams when leaders change', function () {
  this.timeout(30_000);
  let fixture: Fixture;
  let n1: Credentials;
  let agent: TestAgent;
  before(async () => {
    fixture = await startFixture();
    n1 = await fixture.join('n1');
  });
  beforeEach(async () => {
    agent = new TestAgent(fixture, n1);
    await agent.hello();
  });
  afterEach(async () => {
    agent.close();
    await eventually(() => fixture.hub.streams() === 0, 'the stream is gone');
  });
  after(() => fixture.stop());

  it('are told the newer epoch at once, so that agents obey nothing older, and never an older one', async () => {
    fixture.hub.lead(9);
    await eventually(() => agent.of('welcome').length === 2, 'a second welcome');
    fixture.hub.lead(8);
    fixture.hub.lead(9);
    await fixture.fleet.closeRun('n1', 'run-1');
    await eventually(() => agent.of('runClosed').length === 1, 'what was said afterwards');
    assert.deepEqual(
      agent.of('welcome').map(({ epoch }) => epoch),
      [7, 9],
    );
  });

  it('are seen where they are held, and seen to be gone, without asking the agent', async () => {
    const { bus } = fixture.test;
    assert.equal(await isHeld(bus, 'n1'), true);
    assert.equal(await isHeld(bus, 'n2'), false);
    const heard = agent.heard.length;
    agent.close();
    await eventually(async () => !(await isHeld(bus, 'n1')), 'the stream is not held any more');
    assert.equal(agent.heard.length, heard);
  });

  it('end where the coordinator is cut off from the bus, and begin again only once it is not', async () => {
    fixture.hub.refuse(failure('unreachable', 'cut off from the bus', { retryable: true }));
    assert.match((await agent.ended).details, /cut off/);
    const refused = new TestAgent(fixture, n1);
    refused.say({ case: 'hello', value: { agentVersion: '0.1.0', ledgerGeneration: 'g1', ledgerCounter: 1 } });
    assert.match((await refused.ended).details, /cut off/);
    refused.close();
    fixture.hub.refuse(undefined);
    agent = new TestAgent(fixture, n1);
    await agent.hello();
  });
});
