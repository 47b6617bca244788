// Going back on real machines, a sample of `npm run rollbacks`: an upgrade that fails on the master after the schema was
// migrated; afterwards nothing differs from before, on any machine.
import assert from 'node:assert/strict';
import { type Failing, failings } from '../rollbacks/failings.ts';
import { goBack } from '../rollbacks/go-back.ts';
import { type Picture, takePicture } from '../rollbacks/picture.ts';
import { startAfresh } from './scenario.ts';

function failingAt(step: string, how: RegExp): Failing {
  const found = failings.find((failing) => failing.step === step && how.test(failing.how));
  assert.ok(found, `nothing fails at ${step} like ${how}`);
  return found;
}

describe('going back leaves nothing different', () => {
  let asBefore: Picture;

  before(async () => {
    await startAfresh();
    asBefore = await takePicture();
  });

  it('from a master whose installer failed after it had migrated the schema', async () => {
    const { differences } = await goBack(failingAt('master.install', /schema migrated/), asBefore);
    assert.deepEqual(differences, []);
  });
});
