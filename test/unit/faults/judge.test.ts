// The judge of the fault tests: good histories have no violation, damage has, and what was restored on purpose is excused.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { actionClasses } from '../../../shared/actions/action.ts';
import { repeatable } from '../../faults/judge/i3-unknown-is-no-pass.ts';
import { judge } from '../../faults/judge/judge.ts';
import { aborted, again, changed, good, onLedger, withRecords } from './changes.ts';
import { evidenceOf, goodFacts, journalOf, record, run, told } from './handmade.ts';

describe('the judge of the fault tests', () => {
  it('has nothing against good histories', () => {
    assert.deepEqual(judge(good), []);
    assert.deepEqual(judge(evidenceOf(again)), []);
    assert.deepEqual(judge(evidenceOf(aborted)), []);
  });

  it('I1: finds any changed byte, any missing, doubled or exchanged event, and a cut tail', () => {
    const lines = good.journals[run] ?? [];
    const judged = (journal: typeof lines) =>
      judge({ ...good, journals: { [run]: journal } }).filter(({ invariant }) => invariant === 'I1');
    fc.assert(
      fc.property(fc.nat(lines.length - 2), fc.nat(10_000), (at, place) => {
        const text = lines[at]?.event ?? '';
        const where = place % text.length;
        const flipped = `${text.slice(0, where)}${String.fromCharCode(text.charCodeAt(where) ^ 1)}${text.slice(where + 1)}`;
        assert.notDeepEqual(judged(lines.with(at, { event: flipped })), [], 'a flipped bit');
        assert.notDeepEqual(judged(lines.toSpliced(at, 1)), [], 'a missing event');
        assert.notDeepEqual(judged(lines.toSpliced(at, 0, lines[at] ?? {})), [], 'a doubled event');
        const next = lines[at + 1] ?? {};
        if (next.event !== undefined)
          assert.notDeepEqual(judged(lines.with(at, next).with(at + 1, { event: text })), [], 'exchanged events');
      }),
    );
  });

  it('I1: finds a cut tail by the heads that others hold, even where the export ends well', () => {
    const cut = { ...good, journals: { [run]: journalOf(told(goodFacts.slice(0, 2))) } };
    const messages = judge(cut).map(({ message }) => message);
    assert.ok(messages.includes('event 3, of which somebody who was told knows, is missing'), messages.join('\n'));
    assert.ok(messages.includes('event 4, of which the ledger of n1 knows, is missing'), messages.join('\n'));
  });

  it('excuses what a restored copy has lost, and no second start', () => {
    const forgotten = onLedger(good, 'n1', () => ({ attempts: [], heads: [] }));
    assert.deepEqual(judge({ ...forgotten, restored: ['n1'] }), []);
    const twice = { ...withRecords(record('install', 'start')), restored: ['n1', 'coordinator'] };
    assert.match(
      judge(twice)
        .map(({ message }) => message)
        .join(),
      /started 2 times/,
    );
  });

  it('excuses what a machine that was put back had told before, and what it became after the end', () => {
    const { attempts = [] } = good.ledgers.find(({ node }) => node === 'n1') ?? {};
    const before = [{ verdict: 'succeeded' as const, settled: true }];
    const lost = onLedger(good, 'n1', () => ({
      highestEpoch: 0,
      attempts: attempts.map((row) => ({ ...row, isLost: true, before })),
    }));
    assert.deepEqual(judge(lost), []);
    const again = onLedger(good, 'n1', () => ({
      attempts: attempts.map((row) => ({ ...row, verdict: 'unknown' as const, before })),
    }));
    assert.deepEqual(judge(again), []);
    const putBack = [{ node: 'n3', journaled: { [run]: goodFacts.length } }];
    assert.deepEqual(judge({ ...good, now: { ...good.now, failover: 'suspended' }, putBack }), []);
  });

  it('excuses what a coordinator has lost that was put back, nothing that its copy had, and no start since', () => {
    const records = good.records.map(({ journaled: _, ...one }) => ({ ...one, isOfLostTime: true }));
    const judged = (kept: number, more: Partial<typeof good> = {}): string => {
      const journals = { [run]: journalOf(told(goodFacts.slice(0, 2))) };
      const coordinatorPutBack = [{ journaled: { [run]: kept } }];
      return judge({ ...good, journals, records, coordinatorPutBack, givenBack: [run], ...more })
        .map(({ message }) => message)
        .join('\n');
    };
    assert.equal(judged(2), '');
    assert.match(judged(3), /event 3, of which somebody who was told knows, is missing/);
    assert.match(judged(2, { records: good.records }), /started on n\d without an intent/);
    assert.match(judged(2, { records: [...records, ...records] }), /started 2 times/);
    assert.match(judged(2, { givenBack: [] }), /gave the cluster back before its end/);
  });

  it('excuses what a ledger has forgotten with its run, and not what it had before', () => {
    const closed = onLedger(good, 'n1', () => ({ closedRuns: [run], attempts: [] }));
    assert.deepEqual(judge(closed), []);
    const kept = onLedger(closed, 'n1', () => ({ keepsClosed: true }));
    assert.match(
      judge(kept)
        .map(({ message }) => message)
        .join(),
      /whose ledger does not know of it/,
    );
  });

  it('excuses an observer that was started by hand after the look at it', () => {
    assert.deepEqual(judge(changed({ observerActive: true, observerActiveSince: 8 })), []);
  });

  it('knows of every action whether it may be carried out again by itself', () => {
    const idempotent = Object.entries(actionClasses).flatMap(([kind, is]) => (is === 'idempotent' ? [kind] : []));
    assert.deepEqual([...repeatable].sort(), idempotent.sort());
  });
});
