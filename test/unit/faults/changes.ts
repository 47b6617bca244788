// Changes of the handmade history, and how a test says what the judge must find in a changed one.
import assert from 'node:assert/strict';
import type { Evidence, LedgerEvidence, Violation } from '../../faults/judge/evidence.ts';
import type { Fact } from '../../faults/judge/journal-facts.ts';
import { judge } from '../../faults/judge/judge.ts';
import {
  beginning,
  ended,
  evidenceOf,
  goodFacts,
  halted,
  keyOf,
  over,
  read,
  said,
  settled,
  started,
  suspension,
} from './handmade.ts';

/** What is wrong, the evidence in which it is, and what the judge says of it. */
export type Case = [what: string, evidence: () => Evidence, message: RegExp];

/** A test for each case: the judge finds it, under this invariant. */
export function finds(invariant: Violation['invariant'], cases: Case[]): void {
  for (const [what, evidence, message] of cases)
    it(`finds ${what}`, () => {
      const violations = judge(evidence());
      const found = violations.filter((one) => one.invariant === invariant && message.test(one.message));
      assert.ok(found.length > 0 && found.every(({ run }) => run !== ''), JSON.stringify(violations, undefined, 1));
    });
}

export const without = (wrong: (fact: Fact) => boolean): Fact[] => goodFacts.filter((fact) => !wrong(fact));
export const isRead = (item: string, of: string) => (fact: Fact) =>
  fact.type === 'ChecksRead' && fact.item === item && fact.of === of;
export const instead = (wrong: (fact: Fact) => boolean, ...right: Fact[]): Fact[] => {
  const at = goodFacts.findIndex(wrong);
  return [...goodFacts.slice(0, at), ...right, ...goodFacts.slice(at + 1)];
};
export const onLedger = (
  evidence: Evidence,
  node: string,
  change: (ledger: LedgerEvidence) => Partial<LedgerEvidence>,
) => ({
  ...evidence,
  ledgers: evidence.ledgers.map((ledger) => (ledger.node === node ? { ...ledger, ...change(ledger) } : ledger)),
});
export const good = evidenceOf();
export const withRecords = (...records: Evidence['records']): Evidence => ({
  ...good,
  records: [...good.records, ...records],
});
export const install = good.records.findIndex(({ key }) => key === keyOf('install'));
export const changed = (change: Partial<Evidence['records'][number]>): Evidence => ({
  ...good,
  records: good.records.map((one, at) => (at === install ? { ...one, ...change } : one)),
});

/** The installer ended unknown, was settled, and the operator asked for another attempt. */
export const again: Fact[] = [
  ...beginning,
  ended('install', 'unknown'),
  halted('install', 'step-unknown'),
  said('retry', 'install'),
  settled('install'),
  suspension(),
  read('install', 'before', 'failover-suspended'),
  started('install', 2),
  ended('install', 'succeeded', 2),
  ...goodFacts.slice(beginning.length + 2),
];
export const aborted: Fact[] = [
  ...beginning,
  ended('install', 'failed'),
  halted('install', 'step-failed'),
  said('abort', 'install'),
  { type: 'ItemUndone', item: 'install', how: 'nothing-to-undo' },
  read('suspend', 'undo-before', 'portal-answers', 'replication-streaming'),
  started('suspend', 1, 'undo'),
  ended('suspend', 'succeeded', 1, { phase: 'undo' }),
  read('suspend', 'undo-then', 'failover-armed'),
  { type: 'ItemUndone', item: 'suspend', how: 'undone' },
  over('aborted'),
];
export const dropped = (facts: Fact[], ...types: string[]): Fact[] =>
  facts.filter((fact) => !types.includes(fact.type === 'OperatorDecided' ? fact.decision : fact.type));
