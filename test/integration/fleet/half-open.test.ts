import assert from 'node:assert/strict';
import { addNode } from '../../../coordinator/operator/nodes.ts';
import { createTestAgent, type TestAgent } from '../agent/test-agent.ts';
import { eventually, type Fixture, must, startFixture } from './fleet-fixture.ts';
import { type Relay, startRelay } from './relay.ts';

/** 15 s are promised and 13 are usual; a busy machine may take longer to look. */
const withinMs = 25_000;

describe('a line that goes dead without being closed', function () {
  this.timeout(60_000);
  let fixture: Fixture;
  let agent: TestAgent;
  let relay: Relay;
  before(async () => {
    fixture = await startFixture();
    agent = await createTestAgent();
    relay = await startRelay(fixture.address.port);
  });
  after(async () => {
    await agent.remove();
    relay.close();
    await fixture.stop();
  });
  const isConnected = async () => must(await fixture.tables.presence.get('n1'))?.value.connected === true;

  it('is noticed by both, and the agent is back once there is a line', async function () {
    const { tables, enrolment, authority, clock } = fixture;
    const advertise = { host: '127.0.0.1', port: relay.port };
    const parts = { tables, enrolment, authority: authority.certificate, advertise, nowMs: clock.nowMs };
    const { joinLine } = must(await addNode(parts, { name: 'n1', role: 'master' }, 'alice'));
    const joined = await agent.run(...joinLine.split(' ').slice(1), '--no-start');
    assert.equal(joined.exitCode, 0, joined.stderr);
    agent.start();
    await eventually(isConnected, 'n1 is connected');

    relay.freeze();
    const startedMs = performance.now();
    const noticed: Record<string, number> = {};
    const notice = async (who: string, condition: () => boolean | Promise<boolean>) => {
      await eventually(condition, `the ${who} notices`, withinMs + 5_000);
      noticed[who] = performance.now() - startedMs;
    };
    await Promise.all([
      notice('coordinator', async () => !(await isConnected())),
      notice('agent', () => agent.log().includes('connection lost')),
    ]);
    for (const [who, ms] of Object.entries(noticed)) assert.ok(ms > 1000 && ms <= withinMs, `${who}: ${ms} ms`);
    const figures = Object.entries(noticed).map(([who, ms]) => `${who} after ${(ms / 1000).toFixed(1)} s`);
    if (this.test !== undefined) this.test.title += ` (${figures.join(', ')})`;
    relay.thaw();
    await eventually(isConnected, 'n1 is back', 30_000);
  });
});
