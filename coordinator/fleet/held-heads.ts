// Heads of journals as agents have been told of them. What an agent holds must be in the journal, for ever: a journal that
// does not reach it was cut or put back. Pure.
import type { Hello } from '../../shared/gen/baton/v1/fleet_pb.ts';
import type { Head } from './fleet.ts';

export interface RunHead extends Head {
  run: string;
  /** Its agent was told that the run is over. */
  isClosed?: true;
}
export interface HeldHead extends RunHead {
  /** Whose agent holds it. */
  node: string;
}

/** More open runs than any node has. */
const headsMax = 100;
const runPattern = /^[a-z0-9][a-z0-9-]{0,63}$/;
const hashPattern = /^[0-9a-f]{64}$/;

/** The heads of a hello; what cannot be one proves nothing and is left out. */
export function headsOf({ heads = [] }: Partial<Pick<Hello, 'heads'>>): RunHead[] {
  return heads.slice(0, headsMax).flatMap(({ run, head, closed }) => {
    if (head === undefined || !runPattern.test(run) || !hashPattern.test(head.hash)) return [];
    const { sequence, hash } = head;
    return Number.isSafeInteger(sequence) && sequence > 0
      ? [{ run, sequence, hash, ...(closed ? { isClosed: true as const } : {}) }]
      : [];
  });
}
