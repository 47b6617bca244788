// What a connection may use once TLS is set up: bytes that it sends and calls that it makes. Connections of one
// certificate share, so that making new ones wins nothing. Operators send installers: their bytes are not counted.
import type { Clock } from '../../shared/clock.ts';
import type { Trust } from './access.ts';
import { type Bucket, createBucket, createBuckets } from './bucket.ts';

/**
 * With TLS joining takes about 4 kB, and one call. What comes in one breath is looked at in one breath, resets of calls
 * above all, and everybody else waits meanwhile.
 */
const strangerBytesMax = 16 * 1024;
const strangerCallsMax = 8;
/** An agent says a few kB a second; after a long absence its outbox at once. */
const nodeBytes = { perSecond: 1024 * 1024, burst: 16 * 1024 * 1024 };
const nodeCalls = { perSecond: 5, burst: 50 };
const operatorCalls = { perSecond: 100, burst: 500 };

export interface Allowance {
  /** It has sent so many bytes in all; false when that is too much. */
  sent(bytesInAll: number): boolean;
  /** It makes a call; false when it has made too many. */
  call(): boolean;
}

export function createAllowances(clock: Pick<Clock, 'monotonicMs'>): { of(trust: Trust): Allowance } {
  const bytesOfNodes = createBuckets(nodeBytes, clock);
  const callsOfNodes = createBuckets(nodeCalls, clock);
  const callsOfOperators = createBuckets(operatorCalls, clock);
  const once = (burst: number) => createBucket({ perSecond: 0, burst }, clock);

  return {
    of(trust) {
      let told = 0;
      const spend = (bytes: Bucket) => (inAll: number) => {
        const isEnough = bytes.take(Math.max(0, inAll - told));
        told = inAll;
        return isEnough;
      };
      if (typeof trust === 'string') {
        const calls = once(strangerCallsMax);
        return { sent: spend(once(strangerBytesMax)), call: () => calls.take() };
      }
      if (trust.kind === 'operator') return { sent: () => true, call: () => callsOfOperators.of(trust.serial).take() };
      return {
        sent: spend(bytesOfNodes.of(trust.serial)),
        call: () => callsOfNodes.of(trust.serial).take(),
      };
    },
  };
}
