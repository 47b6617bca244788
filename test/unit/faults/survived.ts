// What the short form of the fault tests asks of each trial.
import assert from 'node:assert/strict';
import { boundaryClasses } from '../../faults/boundaries.ts';
import type { Trial } from '../../faults/trial.ts';

/** As of the property tests: FC_SEED looks elsewhere. */
export const seed = Number(process.env.FC_SEED ?? 20_261_121);

export function assertSurvived({ faultClass, seed: own, violations, stuck }: Trial): void {
  const broken = violations.map(({ invariant, message }) => `${invariant}: ${message}`);
  assert.deepEqual([...broken, ...(stuck === undefined ? [] : [stuck])], [], `${faultClass}, seed ${own}`);
}

/** Ten boundaries of each of these classes; finding all that there are takes longer than trying them. */
export function surviveSamples(isChosen: (name: string) => boolean): void {
  const chosen = boundaryClasses.filter(({ name }) => isChosen(name));
  assert.ok(chosen.length > 0);
  for (const { name, seeds, trial } of chosen)
    it(`at a sample of boundaries: ${name}`, async () => {
      const sample = await seeds({ seed, count: 10 });
      assert.equal(sample.length, 10);
      for (const own of sample) assertSurvived(await trial(own));
    });
}

/** Those with two coordinators, of which one is stopped: their boundaries are others. */
export const isOfTwo = (name: string): boolean => name.startsWith('boundary: coordinator stopped');
