// Part of I2: what the agents’ ledgers must say of the attempts that the journals know.
import type { Evidence } from './evidence.ts';
import { type Attempt, historiesOf, keptOf, keyOf, ledgerKnowing, runOfKey, wasRestored } from './history.ts';

type Say = (run: string, message: string) => void;

export function judgeLedgers(evidence: Evidence, attempts: Map<string, Attempt>, say: Say): void {
  for (const { node, highestEpoch, attempts: rows } of evidence.ledgers)
    for (const { key, epoch, isLost } of rows) {
      const run = runOfKey(key);
      const intent = attempts.get(key);
      // Of an intent that is gone with the coordinator's newer days only the node still knows.
      const mayBeLost = keptOf(evidence, run) !== Number.POSITIVE_INFINITY || wasRestored(evidence, 'coordinator');
      if (intent === undefined && !mayBeLost)
        say(run, `the ledger of ${node} has ${key}, for which there is no intent`);
      if (intent !== undefined && intent.start.node !== node)
        say(run, `the ledger of ${node} has ${key}, which is for ${intent.start.node}`);
      // What an older copy does not have is not held against the epoch that the copy has.
      if (epoch > highestEpoch && isLost !== true)
        say(run, `the ledger of ${node} has ${key} of epoch ${epoch}, and ${highestEpoch} as highest`);
    }
  for (const { key, start, settledAt } of attempts.values()) {
    const run = runOfKey(key);
    const ledger = ledgerKnowing(evidence, start.node, run);
    const row = ledger?.attempts.find((one) => one.key === key);
    const hasTombstone = row?.settled === true || row?.before?.some(({ settled }) => settled) === true;
    if (ledger !== undefined && settledAt !== undefined && !hasTombstone)
      say(run, `${key} is settled in the journal, and the ledger of ${start.node} has no tombstone for it`);
  }
  judgeOutcomes(evidence, attempts, say);
}

/** A key has one outcome, and it is on the agent’s disk before anybody hears it; an older copy of the disk may lack it. */
function judgeOutcomes(evidence: Evidence, attempts: Map<string, Attempt>, say: Say): void {
  for (const { run, events } of historiesOf(evidence))
    for (const { fact } of events) {
      if (fact.type !== 'OutcomeRecorded' || fact.outcome.verdict === 'refused') continue;
      const key = keyOf(run, fact);
      const node = attempts.get(key)?.start.node ?? '';
      const ledger = ledgerKnowing(evidence, node, run);
      const row = ledger?.attempts.find((one) => one.key === key);
      const told = row?.verdict;
      const wasTold = row?.before?.some(({ verdict }) => verdict === fact.outcome.verdict) === true;
      if (ledger !== undefined && told !== fact.outcome.verdict && !wasTold)
        say(
          run,
          `the journal says that ${key} ${fact.outcome.verdict}, the ledger of ${node} says ${told ?? 'nothing'}`,
        );
    }
}
