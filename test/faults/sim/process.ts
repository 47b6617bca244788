// A simulated process: it can be killed and stopped for a while. What reaches it from outside comes through `enter`; after
// its death nothing does, and what it still tries has no effect.
import type { Clock } from '../../../shared/clock.ts';
import type { Time } from './time.ts';

/** Thrown out of a synchronous write of a process that is dead. */
export class Killed extends Error {}

/** A machine's wall clock, which somebody may set. */
export interface Wall {
  offsetMs: number;
}

/** The wall clocks at the beginning. */
export const wallStartMs = Date.UTC(2026, 0, 10, 1, 0, 0);

export class SimProcess {
  readonly name: string;
  readonly clock: Clock;
  isDead = false;
  private isPaused = false;
  private waiting: (() => void)[] = [];
  private readonly atDeath: (() => void)[] = [];
  private readonly time: Time;

  constructor(name: string, time: Time, wall: Wall) {
    this.name = name;
    this.time = time;
    this.clock = {
      // As the system's: in whole ms.
      nowMs: () => Math.floor(wallStartMs + time.nowMs + wall.offsetMs),
      monotonicMs: () => time.nowMs + 1_000,
      sleep: (ms, signal) => this.sleep(ms, signal),
    };
  }

  /** Lets something of the outside happen in the process: now, when it is continued, or never. */
  enter(work: () => void): void {
    if (this.isDead) return;
    if (this.isPaused) this.waiting.push(work);
    else work();
  }

  /** Before every effect that a dead process must not have. */
  alive(): void {
    if (this.isDead) throw new Killed(`${this.name} is dead`);
  }

  onDeath(work: () => void): void {
    this.atDeath.push(work);
  }

  kill(): void {
    if (this.isDead) return;
    this.isDead = true;
    this.waiting = [];
    for (const work of this.atDeath) work();
  }

  /** As SIGSTOP. */
  pause(): void {
    this.isPaused = true;
  }

  /** As SIGCONT: what came meanwhile happens now, one after the other. */
  continue(): void {
    this.isPaused = false;
    for (const work of this.waiting.splice(0)) this.time.in(0, () => this.enter(work));
  }

  private sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const awake = (): void => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const due = this.time.in(ms, () => this.enter(awake));
      const abort = (): void => {
        this.time.callOff(due);
        awake();
      };
      signal?.addEventListener('abort', abort, { once: true });
    });
  }
}
