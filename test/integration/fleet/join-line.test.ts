import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { addNode } from '../../../coordinator/operator/nodes.ts';
import { type Fixture, must, startFixture } from './fleet-fixture.ts';

const agentProgram = join(import.meta.dirname, '../../../agent/main.ts');

describe('the line that joins a node', function () {
  this.timeout(60_000);
  let fixture: Fixture;
  let state: string;
  before(async () => {
    fixture = await startFixture();
    state = await mkdtemp(join(tmpdir(), 'baton-test-join-'));
  });
  after(async () => {
    await fixture.stop();
    await rm(state, { recursive: true, force: true });
  });

  it('is accepted by the agent as it is printed, first and after a revocation', async () => {
    const { tables, enrolment, authority, address, clock } = fixture;
    const parts = { tables, enrolment, authority: authority.certificate, advertise: address, nowMs: clock.nowMs };
    for (const isAnew of [false, true]) {
      const { joinLine } = must(await addNode(parts, { name: 'n1', role: 'master' }, 'alice'));
      const [program, ...words] = joinLine.split(' ');
      assert.equal(program, 'baton-agent');
      assert.equal(words.includes('--force'), isAnew);
      const line = [agentProgram, '--state', state, ...words, '--no-start'];
      const joined = await execa(process.execPath, line, { reject: false });
      assert.equal(joined.exitCode, 0, joined.stderr);
      assert.match(joined.stdout, /joined as n1 \(master\)/);
      must(await enrolment.revoke('n1', 'alice'));
    }
  });
});
