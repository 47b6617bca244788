// The look after runs that nobody works on goes on whatever one cluster does to it, and ends with the coordinator.
import assert from 'node:assert/strict';
import { keepAttended } from '../../../coordinator/runs/keep-attended.ts';
import { systemClock } from '../../../shared/clock.ts';
import { ok } from '../../../shared/failures.ts';
import { createLog } from '../../../shared/log.ts';

const log = createLog('test');
log.silent = true;

describe('the look after runs that nobody works on', () => {
  it('comes to the other clusters, and comes again, where one of them is a bug', async () => {
    const over = new AbortController();
    const looked: string[] = [];
    const clock = { ...systemClock, sleep: async () => undefined };
    const clusterLog = { clusters: async () => ok(['broken', 'lab']) };
    await keepAttended(
      { clusterLog, clock, log },
      async (cluster) => {
        looked.push(cluster);
        if (looked.length === 4) over.abort();
        if (cluster === 'broken') throw new Error('its lock is no JSON');
      },
      over.signal,
    );
    assert.deepEqual(looked, ['broken', 'lab', 'broken', 'lab']);
  });
});
