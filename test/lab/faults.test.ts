// A sample of the faults in the lab: one upgrade under several kills -9, judged by what the nodes and the journal say.
// `npm run faults -- --lab` does it a hundred times.
import assert from 'node:assert/strict';
import { judge } from '../faults/judge/judge.ts';
import { upgradeUnderKills } from '../faults/lab/upgrade-under-kills.ts';
import { assertUpgraded } from './scenario.ts';

describe('kills all over an upgrade', () => {
  it('lose nothing and start nothing twice', async () => {
    const { run, kills, said, evidence } = await upgradeUnderKills('sample', 7);
    assert.deepEqual(judge(evidence), []);
    assert.ok(kills.length >= 6, `${kills.length} kills`);
    assert.ok(evidence.records.length >= 4, 'two installers, each with a start and an end');
    // Only an unknown end of what may run once needs a person.
    assert.deepEqual(
      said.filter((line) => !line.includes('ticket')),
      [],
    );
    await assertUpgraded(run);
  });
});
