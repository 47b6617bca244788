// A sample of all boundaries at which a coordinator is stopped and another one takes over.
import { isOfTwo, surviveSamples } from './survived.ts';

describe('nothing is lost with two coordinators', function () {
  this.timeout(180_000);
  surviveSamples(isOfTwo);
});
