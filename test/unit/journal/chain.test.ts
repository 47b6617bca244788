import assert from 'node:assert/strict';
import fc from 'fast-check';
import { emptyHead, encodeEvent, headOf, type StoredEvent, verifyChain } from '../../../coordinator/journal/chain.ts';
import { journalOf } from './sample-journal.ts';

const bytesOf = (events: StoredEvent[]): string[] => events.map(({ bytes }) => bytes);

describe('chain of a journal', () => {
  it('verifies what was written, and its head', () => {
    const events = journalOf(5);
    const verified = verifyChain('upgrade-1', bytesOf(events), [headOf(events)]);
    assert.deepEqual(verified, { ok: true, events, head: headOf(events) });
    assert.deepEqual(verifyChain('upgrade-1', []), { ok: true, events: [], head: emptyHead });
  });

  it('finds removed, swapped and repeated events, naming the first', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 8 }),
        fc.nat(),
        fc.constantFrom('remove', 'swap', 'repeat'),
        (count, at, how) => {
          const events = journalOf(count);
          const records = bytesOf(events);
          const index = at % (count - 1);
          if (how === 'remove') records.splice(index, 1);
          if (how === 'swap') records.splice(index, 2, ...records.slice(index, index + 2).reverse());
          if (how === 'repeat') records.splice(index, 0, records[index] ?? '');
          const verified = verifyChain('upgrade-1', records, [headOf(events)]);
          assert.equal(verified.ok, false);
          if (!verified.ok) assert.equal(verified.damage.sequence, how === 'repeat' ? index + 2 : index + 1);
        },
      ),
    );
  });

  it('finds a cut tail by a head that was known once, naming the first missing event', () => {
    const events = journalOf(5);
    const verified = verifyChain('upgrade-1', bytesOf(events).slice(0, 3), [headOf(events)]);
    assert.equal(verified.ok, false);
    if (!verified.ok) {
      assert.equal(verified.damage.sequence, 4);
      assert.match(verified.damage.message, /had 5 events, now it has 3/);
    }
  });

  it('finds a history that was rewritten as a whole', () => {
    const verified = verifyChain('upgrade-1', bytesOf(journalOf(4)), [{ sequence: 2, hash: 'f'.repeat(64) }]);
    assert.equal(verified.ok ? 0 : verified.damage.sequence, 2);
  });

  it('refuses another run’s journal and an epoch that goes back', () => {
    assert.equal(verifyChain('other', bytesOf(journalOf(2))).ok, false);
    const first = journalOf(1)[0];
    assert.ok(first);
    const older = encodeEvent({ ...first.event, id: 'x', sequence: 2, previous: first.hash, epoch: 0 });
    const verified = verifyChain('upgrade-1', [first.bytes, older.bytes]);
    assert.match(verified.ok ? '' : verified.damage.message, /epoch 0 is older than 1/);
  });

  it('refuses to make an event that is larger than its limit', () => {
    assert.throws(
      () =>
        encodeEvent({
          ...(journalOf(1)[0]?.event ?? assert.fail()),
          fact: { type: 'LeaderChanged', coordinator: 'x'.repeat(300_000) },
        }),
      /more than 262144/,
    );
  });
});
