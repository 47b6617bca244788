// A clock that jumps to the next thing that somebody waits for, as soon as nobody has anything else to do.
import type { Clock } from '../../../shared/clock.ts';

interface Sleeper {
  atMs: number;
  wake(): void;
}

export class FakeClock implements Clock {
  private now = 1_000;
  private readonly turnRealMs: number;

  /** `turnRealMs`: how long a turn takes at least, where real servers have to keep up. */
  constructor(turnRealMs = 0) {
    this.turnRealMs = turnRealMs;
  }

  private sleepers: Sleeper[] = [];

  nowMs = (): number => 1_700_000_000_000 + this.now;
  monotonicMs = (): number => this.now;

  sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const sleeper: Sleeper = {
        atMs: this.now + ms,
        wake: () => {
          this.sleepers = this.sleepers.filter((one) => one !== sleeper);
          resolve();
        },
      };
      if (signal?.aborted) return resolve();
      signal?.addEventListener('abort', sleeper.wake, { once: true });
      this.sleepers.push(sleeper);
    });

  /** Lets time pass until the promise is settled; `others` tells when the next thing happens elsewhere, and lets it. */
  async run<T>(
    promise: Promise<T>,
    others: { nextAtMs(): number | undefined; advanceTo(nowMs: number): void },
  ): Promise<T> {
    let isSettled = false;
    const settled = promise.finally(() => {
      isSettled = true;
    });
    settled.catch(() => undefined);
    for (let turn = 0; !isSettled; turn += 1) {
      if (turn > 200_000) throw new Error('it does not come to an end');
      if (this.turnRealMs > 0) await new Promise((resolve) => setTimeout(resolve, this.turnRealMs));
      for (let rest = 0; rest < 3; rest += 1) await new Promise((resolve) => setImmediate(resolve));
      if (isSettled) break;
      const next = Math.min(others.nextAtMs() ?? Number.POSITIVE_INFINITY, ...this.sleepers.map(({ atMs }) => atMs));
      if (Number.isFinite(next)) this.now = Math.max(this.now, next);
      others.advanceTo(this.now);
      for (const { atMs, wake } of [...this.sleepers]) if (atMs <= this.now) wake();
    }
    return settled;
  }
}
