// A run's journal as lines of text, and the verification of such a file without a coordinator. Pure.
import type { ExportLineDocument } from '../../shared/documents.ts';
import type { Head } from '../fleet/fleet.ts';
import { headOf, type StoredEvent, verifyChain } from './chain.ts';

export type ExportVerdict = { ok: true; run: string; head: Head } | { ok: false; sequence: number; message: string };

/** The stored bytes of each event, then one line with their count and head. */
export function exportLines(events: StoredEvent[]): ExportLineDocument[] {
  return [...events.map(({ bytes }) => ({ event: bytes })), { count: events.length, head: headOf(events) }];
}

/** Checks an exported file: every event is there, unchanged, in order, and the last line's count and head are theirs. */
export function verifyExport(lines: ExportLineDocument[]): ExportVerdict {
  const last = lines.at(-1);
  if (last?.count === undefined || last.head === undefined)
    return { ok: false, sequence: lines.length, message: 'the last line with count and head is missing: cut off' };
  const records: string[] = [];
  for (const [index, line] of lines.slice(0, -1).entries()) {
    if (line.event === undefined) return { ok: false, sequence: index + 1, message: 'the line holds no event' };
    records.push(line.event);
  }
  const run = runOf(records[0]);
  const verified = verifyChain(run, records, [last.head]);
  if (!verified.ok) return { ok: false, ...verified.damage };
  if (last.count !== records.length || last.head.sequence !== records.length)
    return {
      ok: false,
      sequence: Math.min(last.count, records.length) + 1,
      message: `the file holds ${records.length} events, its last line says ${last.count}`,
    };
  return { ok: true, run, head: verified.head };
}

function runOf(record: string | undefined): string {
  try {
    return String((JSON.parse(record ?? '') as { run?: unknown }).run);
  } catch {
    return '';
  }
}
