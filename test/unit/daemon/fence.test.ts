import assert from 'node:assert/strict';
import { createFence } from '../../../coordinator/daemon/fence.ts';
import type { Fleet } from '../../../coordinator/fleet/fleet.ts';
import { emptyHead } from '../../../coordinator/journal/chain.ts';
import type { ClusterLog } from '../../../coordinator/journal/cluster-log.ts';
import type { Journal } from '../../../coordinator/journal/journal.ts';
import type { SampleLog } from '../../../coordinator/meter/sample-log.ts';
import { systemClock } from '../../../shared/clock.ts';

/** Everything that is asked of it is remembered and succeeds. */
function willing<T extends object>(done: string[]): T {
  return new Proxy(
    {},
    {
      get: (_, name: string) => async () => {
        done.push(name);
        return { ok: true, value: undefined, status: 'appended' };
      },
      ownKeys: () => [],
    },
  ) as T;
}
const named = <T extends object>(done: string[], names: string[]): T => {
  const all = willing<Record<string, unknown>>(done);
  return Object.fromEntries(names.map((name) => [name, all[name]])) as T;
};
const acts = ['send', 'ask', 'settle', 'confirm', 'closeRun', 'renewSuspension'] as const;

describe('the fence of a leader', () => {
  let standing: 'leads' | 'unsure' | 'deposed';
  let done: string[];
  const fence = createFence(
    { isCurrent: () => standing === 'leads', isDeposed: () => standing === 'deposed' },
    systemClock,
  );
  beforeEach(() => {
    done = [];
  });
  const actAll = async () => {
    const fleet = fence.fleet(named<Fleet>(done, [...acts, 'read'])) as unknown as Record<
      string,
      () => Promise<unknown>
    >;
    for (const act of acts) await fleet[act]?.();
    const log = fence.clusterLog(named<ClusterLog>(done, ['open', 'close', 'holder']));
    const results = [await log.open('lab', {} as never), await log.close('lab', {} as never)];
    const append = {
      run: 'r',
      head: emptyHead,
      epoch: 1,
      atMs: 1,
      fact: { type: 'LeaderChanged', coordinator: 'c' },
    } as const;
    const appended = await fence.journal(named<Journal>(done, ['append', 'read'])).append(append);
    return { results, appended };
  };

  it('lets everything pass while it leads', async () => {
    standing = 'leads';
    await actAll();
    assert.deepEqual(done, [...acts, 'open', 'close', 'append']);
  });

  for (const [state, code] of [
    ['unsure', 'unreachable'],
    ['deposed', 'refused-old-epoch'],
  ] as const)
    it(`lets nothing pass but reading while it is ${state}, and says so`, async () => {
      standing = state;
      const { results, appended } = await actAll();
      assert.deepEqual(done, []);
      for (const result of results) assert.equal(result.ok ? '' : result.failure.code, code);
      assert.ok(appended.status === 'failed' && appended.failure.code === code && appended.failure.retryable);
      await fence.fleet(named<Fleet>(done, ['read'])).read('n1', { kind: 'readNode' }, 1);
      await fence.clusterLog(named<ClusterLog>(done, ['holder'])).holder('lab');
      assert.deepEqual(done, ['read', 'holder']);
    });

  it('keeps samples back until it is known who leads, and drops those of one that leads no more', async () => {
    standing = 'unsure';
    const samples = fence.samples(named<SampleLog>(done, ['append']));
    const kept = samples.append({} as never);
    const dropped = samples.append({} as never);
    assert.deepEqual(done, []);
    standing = 'leads';
    await Promise.all([kept, dropped]);
    assert.deepEqual(done, ['append', 'append']);
    standing = 'deposed';
    assert.equal((await samples.append({} as never)).ok, false);
    assert.deepEqual(done, ['append', 'append']);
  });
});
