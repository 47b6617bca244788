import assert from 'node:assert/strict';
import { epochsLostMax, mayServe } from '../../../coordinator/journal/epoch-floor.ts';
import { ok } from '../../../shared/failures.ts';

describe('the highest epoch that an agent says it has obeyed', () => {
  let floor = 0;
  beforeEach(() => {
    floor = 0;
  });
  const judge = async (highestEpoch: number) => {
    const raise = async (epoch: number) => {
      floor = epoch;
      return ok(undefined);
    };
    const parts = { epoch: 7, newestEpoch: async () => ok(7), floor: { get: async () => ok(floor), raise } };
    const served = await mayServe(parts, 'n1', highestEpoch);
    return served.ok ? 'served' : served.failure.code;
  };

  it('is no hindrance up to the coordinator’s own', async () => {
    for (const epoch of [0, 6, 7]) assert.equal(await judge(epoch), 'served');
  });
  it('raises the floor of elections where it is above, within reason', async () => {
    assert.equal(await judge(9), 'restored-state');
    assert.equal(floor, 9);
    assert.equal(await judge(7 + epochsLostMax), 'restored-state');
    floor = 9;
    assert.equal(await judge(7 + epochsLostMax + 1), 'damaged');
    assert.equal(floor, 9);
  });
  it('is a whole number from 0 on, anything else is refused and raises nothing', async () => {
    for (const epoch of [7.5, 6.5, Number.NaN, -1, Number.POSITIVE_INFINITY])
      assert.equal(await judge(epoch), 'bad-input');
    assert.equal(floor, 0);
  });
});
