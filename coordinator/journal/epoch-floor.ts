// The highest epoch that agents have obeyed and this store has not seen: of a leadership that was lost with an older copy
// of it. The next election goes above, so that agents obey again; until then nothing is asked of them.
import { fail, ok, type Result } from '../../shared/failures.ts';
import type { Bus } from '../bus/bus.ts';
import { openStore } from '../bus/store.ts';

/** No history that was lost is longer: an agent that says more is not believed, or elections would never end. */
export const epochsLostMax = 1_000;

export interface EpochFloor {
  get(): Promise<Result<number>>;
  /** Never goes down. */
  raise(epoch: number): Promise<Result<void>>;
}

const key = 'floor';

export async function openEpochFloor(bus: Bus): Promise<Result<EpochFloor>> {
  const opened = await openStore<number>(bus, 'epochs');
  if (!opened.ok) return opened;
  const store = opened.value;
  const get = async (): Promise<Result<number>> => {
    const stored = await store.get(key);
    return stored.ok ? ok(stored.value?.value ?? 0) : stored;
  };
  return ok({
    get,
    async raise(epoch) {
      const floor = await get();
      if (!floor.ok || floor.value >= epoch) return floor.ok ? ok(undefined) : floor;
      const put = await store.put(key, epoch);
      return put.ok ? ok(undefined) : put;
    },
  });
}

/** Whether an agent may be served that has obeyed `highestEpoch`, by a coordinator of `epoch`; says what to do otherwise. */
export async function mayServe(
  parts: { epoch: number; newestEpoch(): Promise<Result<number>>; floor: EpochFloor },
  node: string,
  highestEpoch: number,
): Promise<Result<void>> {
  const { epoch, floor } = parts;
  // Elections go above the floor, and agents believe any epoch: what is no count must not become one.
  if (!Number.isSafeInteger(highestEpoch) || highestEpoch < 0)
    return fail('bad-input', `${node}: its agent says epoch ${highestEpoch}, which is no count`);
  if (highestEpoch <= epoch) return ok(undefined);
  const newest = await parts.newestEpoch();
  if (!newest.ok) return newest;
  if (newest.value > epoch)
    return fail('refused-old-epoch', `another coordinator leads, epoch ${newest.value}`, { retryable: true });
  const what = `${node}: its agent has obeyed a coordinator of epoch ${highestEpoch}, this one has ${epoch}`;
  // Not for the coordinator to mend: a restart would not bring it above, and joining keeps what a ledger has obeyed.
  if (highestEpoch > epoch + epochsLostMax)
    return fail(
      'damaged',
      `${what}: no coordinator has come that far, so its ledger is not believed. Look at what ran on ${node} and who had access to it; then baton node revoke ${node}, there stop baton-agent and move ledger.sqlite* out of its state folder, baton node add ${node}, and join`,
    );
  const raised = await floor.raise(highestEpoch);
  if (!raised.ok) return raised;
  return fail(
    'restored-state',
    `${what}, and no newer one was elected here: this coordinator was put back to an older copy, or another one works on a store of its own. Nothing is asked of the node. Make sure that no other coordinator runs, then restart this one: it will lead with an epoch above ${highestEpoch}`,
  );
}
