// Which connections are let in before they have proved an identity: few from each network, few in all, and not too fast.
// When there is no place the oldest goes, so that whoever holds on to places keeps nobody out. Networks that have proved
// an identity lately, or before the coordinator was started, are not counted with the others: agents come back while
// strangers crowd the port.
import type { Clock } from '../../shared/clock.ts';
import { createBucket, createBuckets } from './bucket.ts';

export const strangersPerNetworkMax = 8;
export const strangersMax = 64;
const strangerRate = { perSecond: 5, burst: 32 };
const allStrangersRate = { perSecond: 10, burst: 40 };
const provenRate = { perSecond: 2, burst: 32 };
const allProvenRate = { perSecond: 20, burst: 100 };
/** Remembered of one certificate, so that a stolen one is not a way in for many. */
export const networksOfOneMax = 4;
const certificatesMax = 1_000;

/** What a stranger's connection is to the admission. */
export interface Stranger {
  address: string;
  destroy(): void;
}

export interface Admission<T extends Stranger> {
  /** Whether somebody may come now; each question counts. Costs little, since most of those who crowd the port end here. */
  mayCome(address: string): boolean;
  /** Gives a place to one that may come; others may be ended for it. */
  admit(stranger: T): void;
  /** An identity was proved from there. */
  isKnown(address: string): boolean;
  /** It has proved an identity: it no longer counts, and its network is remembered with the certificate's serial. */
  prove(stranger: T, serial: string): void;
  /** A certificate's networks as they were known before, the newest last. */
  know(networks: readonly string[], serial: string): void;
  /** The certificate is worth nothing any more. */
  forget(serial: string): void;
  /** It has ended. */
  leave(stranger: T): void;
}

export function createAdmission<T extends Stranger>(
  clock: Pick<Clock, 'monotonicMs'>,
  told: (reason: string) => void,
): Admission<T> {
  /** Oldest first. */
  const strangers = new Set<T>();
  const provenNetworks = new Set<string>();
  const networksOf = new Map<string, string[]>();
  const ofStrangers = createBuckets(strangerRate, clock);
  const ofProven = createBuckets(provenRate, clock);
  const ofAllStrangers = createBucket(allStrangersRate, clock);
  const ofAllProven = createBucket(allProvenRate, clock);

  const endOldest = (among: (stranger: T) => boolean, limit: number, reason: string) => {
    const those = [...strangers].filter(among);
    for (const oldest of those.slice(0, Math.max(0, those.length - limit + 1))) {
      told(reason);
      strangers.delete(oldest);
      oldest.destroy();
    }
  };

  const remember = (serial: string, networks: string[]) => {
    const forgotten = networksOf.get(serial) ?? [];
    networksOf.delete(serial);
    if (networks.length > 0) networksOf.set(serial, networks);
    const oldest = networksOf.entries().next();
    if (networksOf.size > certificatesMax && !oldest.done) {
      networksOf.delete(oldest.value[0]);
      forgotten.push(...oldest.value[1]);
    }
    // Another certificate may have come from there too.
    const others = new Set([...networksOf.values()].flat());
    for (const one of forgotten) if (!others.has(one)) provenNetworks.delete(one);
    for (const one of networks) provenNetworks.add(one);
  };

  return {
    mayCome(address) {
      const network = networkOf(address);
      const mayCome = provenNetworks.has(network)
        ? ofProven.of(network).take() && ofAllProven.take()
        : ofStrangers.of(network).take() && ofAllStrangers.take();
      if (!mayCome) told('they came too fast');
      return mayCome;
    },
    admit(stranger) {
      const network = networkOf(stranger.address);
      const isProven = provenNetworks.has(network);
      endOldest((one) => networkOf(one.address) === network, strangersPerNetworkMax, 'too many of their network');
      if (!isProven) endOldest((one) => !provenNetworks.has(networkOf(one.address)), strangersMax, 'too many in all');
      strangers.add(stranger);
    },
    isKnown: (address) => provenNetworks.has(networkOf(address)),
    prove(stranger, serial) {
      strangers.delete(stranger);
      remember(serial, addNetwork(networksOf.get(serial) ?? [], networkOf(stranger.address)));
    },
    know(networks, serial) {
      remember(serial, [...networks, ...(networksOf.get(serial) ?? [])].reduce<string[]>(addNetwork, []));
    },
    forget: (serial) => remember(serial, []),
    leave: (stranger) => void strangers.delete(stranger),
  };
}

/** The newest last; the oldest is left out where there are too many. */
export function addNetwork(networks: readonly string[], network: string): string[] {
  return [...networks.filter((one) => one !== network), network].slice(-networksOfOneMax);
}

/** What one party has at its disposal: an IPv4 address, or the first half of an IPv6 one. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1] ?? '';
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  return [...before, ...zeros, ...after].slice(0, 4).join(':');
}
