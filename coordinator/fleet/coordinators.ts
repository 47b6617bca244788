// The coordinators on this bus as each has told of itself: agents learn their addresses from here, and which of them may
// enrol. A coordinator of another authority is found before its agents are confused.
import type { Clock } from '../../shared/clock.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import type { Log } from '../../shared/log.ts';
import { hours } from '../../shared/units.ts';
import type { Bus } from '../bus/bus.ts';
import { openStore } from '../bus/store.ts';

export interface CoordinatorRecord {
  name: string;
  /** host:port for agents, and for operators from afar. */
  address: string;
  /** `sha256:HEX` of its authority. */
  pin: string;
  /** It has the authority's key. */
  mayEnrol: boolean;
  seenAtMs: number;
}

export interface Coordinators {
  /** Of this one and of all others that were seen within a month, its own first. */
  addresses(): string[];
  /** Others that may enrol. */
  enrolling(): CoordinatorRecord[];
  stop(): void;
}

const tellEveryMs = hours(1);
const rememberedMs = hours(30 * 24);

/** Tells of this coordinator and hears of the others. Fails with `conflict` where one of them has another authority. */
export async function openCoordinators(
  { bus, clock, log }: { bus: Bus; clock: Clock; log: Log },
  own: Omit<CoordinatorRecord, 'seenAtMs'>,
): Promise<Result<Coordinators>> {
  const store = await openStore<CoordinatorRecord>(bus, 'coordinators');
  if (!store.ok) return store;
  const known = await store.value.list();
  if (!known.ok) return known;
  const stranger = known.value.find(({ value }) => value.name !== own.name && value.pin !== own.pin && isRecent(value));
  if (stranger !== undefined)
    return fail(
      'conflict',
      `coordinator ${stranger.key} on this bus has authority ${stranger.value.pin}, this one has ${own.pin}: set this one up with \`baton init --authority-from\`, or give it a bus of its own`,
    );

  const others = new Map<string, CoordinatorRecord>();
  const watching = await store.value.watch((name, stored) => {
    if (name === own.name) return;
    if (stored === undefined) others.delete(name);
    else others.set(name, stored.value);
  });
  if (!watching.ok) return watching;
  const tell = () => store.value.put(own.name, { ...own, seenAtMs: clock.nowMs() });
  const told = await tell();
  if (!told.ok) return told;
  const timer = setInterval(() => {
    void tell().then((again) => {
      if (!again.ok) log.warn('this coordinator could not tell of itself', { reason: again.failure.message });
    });
  }, tellEveryMs);

  function isRecent({ seenAtMs }: CoordinatorRecord): boolean {
    return clock.nowMs() - seenAtMs < rememberedMs;
  }
  const recent = () => [...others.values()].filter(isRecent);
  return ok({
    addresses: () => [own.address, ...recent().map(({ address }) => address)],
    enrolling: () => recent().filter(({ mayEnrol }) => mayEnrol),
    stop() {
      clearInterval(timer);
      watching.value();
    },
  });
}
