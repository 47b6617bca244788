// A run's journal as lines of text, and the verification of such a file without a coordinator. Pure.
import type { ExportLineDocument } from '../../shared/documents.ts';
import type { Head } from '../fleet/fleet.ts';
import { type Damage, headOf, type StoredEvent, verifyChain } from './chain.ts';

export type ExportVerdict = { ok: true; run: string; head: Head } | { ok: false; sequence: number; message: string };

/**
 * The stored bytes of each event, then one line with their count and head; or, of a damaged journal, the events before the
 * damage and one line that says where it is.
 */
export function exportLines(events: StoredEvent[], damage?: Damage): ExportLineDocument[] {
  const end = damage === undefined ? { count: events.length, head: headOf(events) } : { damage };
  return [...events.map(({ bytes }) => ({ event: bytes })), end];
}

/**
 * Checks an exported file: every event is there, unchanged, in order, and the last line's count and head are theirs. Names
 * the first event that is not; one more than there are where the end is what is wrong.
 */
export function verifyExport(lines: ExportLineDocument[]): ExportVerdict {
  const firstOther = lines.findIndex(({ event }) => typeof event !== 'string');
  const records = lines.slice(0, firstOther < 0 ? lines.length : firstOther).map(({ event }) => event ?? '');
  const end = firstOther < 0 ? undefined : endIn(lines[firstOther]);
  const afterLast = records.length + 1;
  const run = runOf(records[0]);

  const verified = verifyChain(run, records, end === undefined ? [] : [end.head]);
  // The events by themselves first: the last line may be what is damaged.
  if (!verified.ok && !verifyChain(run, records).ok) return { ok: false, ...verified.damage };
  const damaged = (message: string): ExportVerdict => ({ ok: false, sequence: afterLast, message });
  if (lines.length === 0) return damaged('the file is empty');
  if (firstOther < 0) return damaged('the last line with count and head is missing: the file was cut off');
  const known = lines[firstOther]?.damage;
  // A damaged journal stays damaged, whatever follows the line that says so.
  if (end === undefined && known !== undefined)
    return damaged(
      known?.sequence === afterLast
        ? `${known.message}; so it was found when it was exported, what lies before it is whole`
        : `the file holds ${records.length} events, its last line says that the journal is damaged at event ${known?.sequence}`,
    );
  if (end === undefined)
    return damaged(
      firstOther === lines.length - 1
        ? 'the last line is no event and has no count and head'
        : 'the line holds no event',
    );
  if (firstOther < lines.length - 1) return damaged('lines follow the one with count and head');
  if (end.count !== end.head.sequence) return damaged('the last line’s count and head contradict each other');
  if (end.count !== records.length)
    return {
      ok: false,
      sequence: Math.min(end.count, records.length) + 1,
      message: `the file holds ${records.length} events, its last line says ${end.count}`,
    };
  if (!verified.ok) return { ok: false, ...verified.damage };
  return { ok: true, run, head: verified.head };
}

function endIn(line: ExportLineDocument | undefined): { count: number; head: Head } | undefined {
  const { count, head } = line ?? {};
  return Number.isInteger(count) && Number.isInteger(head?.sequence) && typeof head?.hash === 'string'
    ? { count: count as number, head }
    : undefined;
}

function runOf(record: string | undefined): string {
  try {
    return String((JSON.parse(record ?? '') as { run?: unknown }).run);
  } catch {
    return '';
  }
}
