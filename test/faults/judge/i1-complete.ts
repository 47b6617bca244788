// I1: every acknowledged event is there, byte for byte, in order; damage and truncation, the tail’s too, are found.
import { createHash } from 'node:crypto';
import type { Evidence, JournalHead, Violation } from './evidence.ts';
import { keptOf, wasRestored } from './history.ts';
import { readEvent } from './journal-facts.ts';

const nothingBefore = '0'.repeat(64);

export function judgeComplete(evidence: Evidence): Violation[] {
  const hashes = new Map<string, string[]>();
  const violations: Violation[] = [];
  for (const [run, lines] of Object.entries(evidence.journals)) {
    const say = (message: string) => void violations.push({ invariant: 'I1', run, message });
    const records = lines.slice(0, -1).map(({ event }) => event ?? '');
    const own = records.map((bytes) => createHash('sha256').update(bytes).digest('hex'));
    hashes.set(run, own);
    judgeChain(run, records, own, say);
    const last = lines.at(-1);
    if (last?.count !== records.length) say(`the export ends with the count ${last?.count}, it has ${records.length}`);
    const head = { sequence: records.length, hash: own.at(-1) ?? nothingBefore };
    if (last?.head?.sequence !== head.sequence || last.head.hash !== head.hash)
      say(`the export ends with head ${last?.head?.sequence}, its last event is ${head.sequence}, or another one`);
  }
  // An older copy of the coordinator’s disk has lost what was acknowledged; what it must do then is not to act on it.
  if (!wasRestored(evidence, 'coordinator'))
    for (const { run, sequence, hash, holder } of headsOf(evidence)) {
      if (sequence > keptOf(evidence, run)) continue;
      const found = hashes.get(run)?.[sequence - 1];
      const say = (message: string) => void violations.push({ invariant: 'I1', run, message });
      if (found === undefined) say(`event ${sequence}, of which ${holder} knows, is missing`);
      else if (found !== hash) say(`event ${sequence} is not the one of which ${holder} knows`);
    }
  return violations;
}

function judgeChain(run: string, records: string[], own: string[], say: (message: string) => void): void {
  const ids = new Set<string>();
  for (const [index, bytes] of records.entries()) {
    const sequence = index + 1;
    const event = readEvent(bytes);
    if (event === undefined) {
      say(`event ${sequence} cannot be read`);
      continue;
    }
    if (event.sequence !== sequence) say(`event ${sequence} says that it is event ${event.sequence}`);
    if (event.run !== run) say(`event ${sequence} belongs to run ${event.run}`);
    if (event.previous !== (own[index - 1] ?? nothingBefore))
      say(`event ${sequence} does not follow the one before it: its hash of that one is another`);
    if (ids.has(event.id)) say(`the id of event ${sequence} was used before`);
    if ((event.fact.type === 'RunStarted') !== (sequence === 1)) say(`event ${sequence} is ${event.fact.type}`);
    ids.add(event.id);
  }
}

function headsOf(evidence: Evidence): (JournalHead & { holder: string })[] {
  return [
    ...evidence.acknowledged.map((head) => ({ ...head, holder: 'somebody who was told' })),
    ...evidence.ledgers.flatMap(({ node, heads }) =>
      heads.map((head) => ({ ...head, holder: `the ledger of ${node}` })),
    ),
  ].filter(({ sequence }) => sequence > 0);
}
