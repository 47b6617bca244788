// Where an agent's ledger stands: which one it is, and how far it has come. Two of them tell whether it has forgotten.

export interface LedgerMark {
  /** A name given at the ledger's creation and anew at each joining. */
  generation: string;
  /** Only grows. */
  counter: number;
}

/** Whether a ledger that stands at `now` cannot answer for what was known of it at `before`. */
export function hasForgotten(now: LedgerMark, before: LedgerMark): boolean {
  return now.generation !== before.generation || now.counter < before.counter;
}
