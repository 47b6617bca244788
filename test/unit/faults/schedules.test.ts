// Some dozens of schedules of several faults, and all that once broke something.
import { regressions } from '../../faults/regressions.ts';
import { scheduleClass, scheduleTrial } from '../../faults/schedules.ts';
import { assertSurvived, seed } from './survived.ts';

describe('nothing is lost', function () {
  this.timeout(180_000);

  it('in some dozens of schedules of several faults', async () => {
    for (const own of await scheduleClass.seeds({ seed: Math.abs(seed) % 1_000_000, count: 50 }))
      assertSurvived(await scheduleClass.trial(own));
  });

  for (const { found, ...schedule } of regressions)
    it(`where once: ${found}`, async () => assertSurvived(await scheduleTrial('regression', schedule)));
});
