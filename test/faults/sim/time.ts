// Simulated time: it jumps from one thing that is due to the next, as soon as all that the last one set off has run.
// Everything of a simulation happens here, in one order that only the times and the order of asking decide.

export interface Due {
  atMs: number;
  order: number;
  work: (() => void) | undefined;
}

export class Time {
  nowMs = 0;
  /** How many things have happened. */
  happened = 0;
  private readonly heap: Due[] = [];
  private order = 0;

  /** Does something later; `callOff` takes it back. */
  in(ms: number, work: () => void): Due {
    this.order += 1;
    const due: Due = { atMs: this.nowMs + Math.max(0, ms), order: this.order, work };
    this.heap.push(due);
    this.up(this.heap.length - 1);
    return due;
  }

  callOff(due: Due): void {
    due.work = undefined;
  }

  /** Lets time pass until it is over, until nothing is due, or until `untilMs`; says whether it is over. */
  pass(isOver: () => boolean, untilMs: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      let isDone = false;
      // One thing a turn: all promises that can go on do so between two immediates. Many turns are asked for at once,
      // since what the event loop does between its rounds takes longer than a turn.
      const turn = (isLast: boolean): void => {
        if (isDone) return;
        try {
          const isPassed = this.next(isOver, untilMs);
          if (isPassed !== undefined) {
            isDone = true;
            resolve(isPassed);
          } else if (isLast) ask();
        } catch (error) {
          isDone = true;
          reject(error);
        }
      };
      const ask = (): void => {
        for (let left = turnsAtOnce; left > 0; left -= 1) setImmediate(turn, left === 1);
      };
      ask();
    });
  }

  /** Lets the next thing happen; says whether it is over once there is none. */
  private next(isOver: () => boolean, untilMs: number): boolean | undefined {
    if (isOver()) return true;
    for (;;) {
      const due = this.heap[0];
      if (due === undefined || due.atMs > untilMs) return false;
      this.pop();
      if (due.work === undefined) continue;
      this.nowMs = due.atMs;
      this.happened += 1;
      due.work();
      return undefined;
    }
  }

  private pop(): Due | undefined {
    const first = this.heap[0];
    const last = this.heap.pop();
    if (first === undefined || last === undefined || first === last) return first;
    this.heap[0] = last;
    this.down();
    return first;
  }

  private up(from: number): void {
    const { heap } = this;
    for (let index = from; index > 0; ) {
      const parent = (index - 1) >> 1;
      if (!isBefore(heap[index], heap[parent])) return;
      swap(heap, index, parent);
      index = parent;
    }
  }

  private down(): void {
    const { heap } = this;
    for (let index = 0; ; ) {
      const left = 2 * index + 1;
      const child = isBefore(heap[left + 1], heap[left]) ? left + 1 : left;
      if (!isBefore(heap[child], heap[index])) return;
      swap(heap, index, child);
      index = child;
    }
  }
}

const turnsAtOnce = 64;

function isBefore(a: Due | undefined, b: Due | undefined): boolean {
  if (a === undefined) return false;
  if (b === undefined) return true;
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function swap(heap: Due[], a: number, b: number): void {
  const [one, other] = [heap[a], heap[b]];
  if (one === undefined || other === undefined) return;
  heap[a] = other;
  heap[b] = one;
}
