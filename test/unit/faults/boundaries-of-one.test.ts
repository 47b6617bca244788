// A sample of all boundaries at which one process dies or a message goes astray; of those with two coordinators: beside it.
import { isOfTwo, surviveSamples } from './survived.ts';

describe('nothing is lost with one coordinator', function () {
  this.timeout(180_000);
  surviveSamples((name) => !isOfTwo(name));
});
