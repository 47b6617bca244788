// The one clock. Durations come from `monotonicMs`; `nowMs` is for people and for journaled decisions.

export interface Clock {
  /** Wall clock, ms since 1970. */
  nowMs(): number;
  /** Only grows; its zero means nothing. */
  monotonicMs(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener('abort', done, { once: true });
    }),
};

/** Nobody reads it; without a reason an error with its stack is made each time. */
const calledOff = 'called off';

/** Does something after a while, unless it is called off: what it gives back does that. */
export function after(clock: Clock, ms: number, work: () => void): () => void {
  const off = new AbortController();
  void clock.sleep(ms, off.signal).then(() => {
    if (!off.signal.aborted) work();
  });
  return () => off.abort(calledOff);
}

/** Does something again and again, for the first time after `ms`; what it gives back ends that. */
export function every(clock: Clock, ms: number, work: () => void): () => void {
  const off = new AbortController();
  const repeat = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(ms, off.signal);
      if (off.signal.aborted) return;
      work();
    }
  };
  void repeat();
  return () => off.abort(calledOff);
}
