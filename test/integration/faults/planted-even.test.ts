// Half of the planted bugs, the first, the third and so on: each of them is caught. Decides nothing itself.
import { catchesPlants } from './catches-plants.ts';

describe('a planted bug is caught, in one half of them', function () {
  this.timeout(240_000);
  catchesPlants(0);
});
