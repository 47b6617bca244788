// Knows every boundary that a simulation passes and what is to go wrong at which: it is asked before and after each
// append, send, receive, ledger write and action.

/** How a message may be treated at a boundary; a ledger's write may only fail. Held: until its node knows a newer leader. */
export type Fate = 'go on' | 'lose' | 'twice' | 'late' | 'held';

export interface Point {
  /** What happens there, the same in each repetition. */
  what: string;
  side: 'before' | 'after';
  /** The node that it is about. */
  node?: string;
  /** What can befall it, besides deaths. */
  fates: readonly Fate[];
}

export const lateMs = 20_000;

export class Director {
  /** Number of the next boundary. */
  passed = 0;
  /** Only where it is asked for: every boundary, in order. */
  readonly points: Point[] = [];
  private readonly isRecording: boolean;
  private readonly act: (point: Point, index: number) => Fate;

  /** `act` does what is to happen at a boundary, such as kill, and says what becomes of the message. */
  constructor(act: (point: Point, index: number) => Fate, isRecording = false) {
    this.act = act;
    this.isRecording = isRecording;
  }

  at(what: string, side: Point['side'], fates: readonly Fate[] = [], node?: string): Fate {
    const point: Point = { what, side, fates, ...(node === undefined ? {} : { node }) };
    const index = this.passed;
    this.passed += 1;
    if (this.isRecording) this.points.push(point);
    return this.act(point, index);
  }
}
