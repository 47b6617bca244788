import assert from 'node:assert/strict';
import fc from 'fast-check';
import { headOf, type StoredEvent, verifyChain } from '../../../coordinator/journal/chain.ts';
import { type ExportVerdict, exportLines, verifyExport } from '../../../coordinator/journal/export.ts';
import type { ExportLineDocument } from '../../../shared/documents.ts';
import { journalOf } from './sample-journal.ts';

const run = 'upgrade-1';

/** What `run verify` makes of a file's text. */
function verifyText(text: string): ExportVerdict {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return verifyExport(
    lines.map((line): ExportLineDocument => {
      try {
        return (JSON.parse(line) as ExportLineDocument | null) ?? {};
      } catch {
        return {};
      }
    }),
  );
}

const textOf = (events: StoredEvent[]): string =>
  exportLines(events)
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('');
const foundAt = (verdict: ExportVerdict): number => (verdict.ok ? 0 : verdict.sequence);

describe('exported journal', () => {
  it('verifies without a coordinator, also one without events', () => {
    const events = journalOf(4, run);
    assert.deepEqual(verifyText(textOf(events)), { ok: true, run, head: headOf(events) });
    assert.equal(verifyText(textOf([])).ok, true);
  });

  it('shows any single flipped bit at its event, or in its last line', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.nat(), fc.integer({ min: 0, max: 7 }), (count, at, bit) => {
        const bytes = Buffer.from(textOf(journalOf(count, run)));
        const position = at % bytes.length;
        const line = bytes.subarray(0, position).filter((byte) => byte === 10).length + 1;
        bytes[position] = (bytes[position] ?? 0) ^ (1 << bit);
        const verdict = verifyText(bytes.toString());
        assert.equal(verdict.ok, false, `bit ${bit} of byte ${position}`);
        // The last line’s hash against the last event: either may be the changed one.
        if (line === count + 1) assert.ok([count, count + 1].includes(foundAt(verdict)));
        // A lost line feed joins two lines, so the first of them is no event any more.
        else assert.equal(foundAt(verdict), line);
      }),
      { numRuns: 2_000 },
    );
  });

  it('shows a removed, swapped or repeated line, and what was cut off, at its event', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 8 }),
        fc.nat(),
        fc.constantFrom('remove', 'swap', 'repeat', 'cut', 'tear'),
        (count, at, how) => {
          const lines = textOf(journalOf(count, run)).trimEnd().split('\n');
          const index = at % (count - 1);
          const line = lines[index] ?? '';
          if (how === 'remove') lines.splice(index, 1);
          if (how === 'swap') lines.splice(index, 2, ...lines.slice(index, index + 2).reverse());
          if (how === 'repeat') lines.splice(index, 0, line);
          if (how === 'cut') lines.length = index;
          if (how === 'tear') lines.splice(index, lines.length, line.slice(0, line.length / 2));
          assert.equal(foundAt(verifyText(lines.join('\n'))), index + (how === 'repeat' ? 2 : 1));
        },
      ),
    );
  });

  it('of a damaged journal ends before the damage, says where it is, and is never taken for whole', () => {
    const events = journalOf(4, run);
    for (const sequence of [1, 3, 5]) {
      const lines = exportLines(events.slice(0, sequence - 1), { sequence, message: 'it cannot be read' });
      const verdict = verifyExport(lines);
      assert.equal(foundAt(verdict), sequence);
      assert.match(verdict.ok ? '' : verdict.message, /^it cannot be read; .*what lies before it is whole/);
      if (sequence === 1) continue;
      const changed = [{ event: lines[0]?.event?.replace('"epoch":', '"epocH":') ?? '' }, ...lines.slice(1)];
      assert.equal(foundAt(verifyExport(changed)), 1);
      const cut = verifyExport([...lines.slice(0, -2), ...lines.slice(-1)]);
      assert.equal(foundAt(cut), sequence - 1);
      assert.match(cut.ok ? '' : cut.message, new RegExp(`holds ${sequence - 2} events.*damaged at event ${sequence}`));
    }
  });

  it('says what is wrong with the end', () => {
    const events = journalOf(3, run);
    const lines = exportLines(events);
    const message = (changed: ExportLineDocument[]) => {
      const verdict = verifyExport(changed);
      return verdict.ok ? '' : `${verdict.sequence}: ${verdict.message}`;
    };
    const end = lines[3];
    assert.match(message([]), /^1: the file is empty/);
    assert.match(message(lines.slice(0, 3)), /^4: .*the file was cut off/);
    assert.match(message([...lines, { event: 'x' }]), /^4: lines follow/);
    assert.match(
      message([...lines.slice(0, 2), ...lines.slice(3)]),
      /^3: the file holds 2 events, its last line says 3/,
    );
    assert.match(message([...lines.slice(0, 3), { ...end, count: 4 }]), /^4: .*contradict each other/);
    assert.match(message([...lines.slice(0, 3), { count: 3 }]), /^4: the last line is no event/);
    assert.match(message([...lines.slice(0, 1), {}, ...lines.slice(1)]), /^2: the line holds no event/);
  });
});

describe('a journal that is read', () => {
  it('shows any single flipped bit at its event, when its head is known', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.nat(), fc.nat(), (count, which, at) => {
        const events = journalOf(count, run);
        const records = events.map(({ bytes }) => Buffer.from(bytes));
        const record = records[which % count] ?? Buffer.alloc(0);
        const position = at % record.length;
        record[position] = (record[position] ?? 0) ^ (1 << (at % 8));
        const verified = verifyChain(
          run,
          records.map((bytes) => bytes.toString()),
          [headOf(events)],
        );
        assert.equal(verified.ok ? 0 : verified.damage.sequence, (which % count) + 1);
        assert.deepEqual(verified.ok ? [] : verified.whole, events.slice(0, which % count));
      }),
      { numRuns: 2_000 },
    );
  });
});
