// The maintenance window is open, and for long enough: for what is predicted, and for the way back after it.
import { z } from 'zod';
import { formatDuration } from '../../shared/units.ts';
import { nextOpening, openingAt, wallTime, windowWords } from '../cluster/window.ts';
import { defineCheck } from './define.ts';

export const windowOpen = defineCheck({
  id: 'window-open',
  title: 'The window is open, and long enough',
  section: 'Pre-Upgrade Requirements › Maintenance Window',
  severity: 'blocking',
  remedy:
    'Start it in the window (--at TIME does so by itself), correct `window` in the cluster file, or go on all the same with --accept window-open=REASON.',
  params: z.strictObject({
    /** What is predicted for all and a way back; null: it only tells when the window is open. */
    neededMs: z.number().min(0).nullable(),
  }),
  words: ({ neededMs }, { window }) =>
    window === undefined
      ? 'there is no window'
      : neededMs === null
        ? `upgrades run in the window: ${windowWords(window)}`
        : `the window is open for at least ${formatDuration(neededMs)}: ${windowWords(window)}`,
  *evaluate({ neededMs: planned }, { cluster: { window }, nowMs, neededMs: likely }) {
    if (window === undefined)
      return [{ node: '', limit: 'none', reading: 'no window in the cluster file', verdict: 'pass' as const }];
    const neededMs = planned === null ? null : (likely ?? planned);
    const limit = neededMs === null ? windowWords(window) : `open for ${formatDuration(neededMs)}`;
    const opening = openingAt(window, nowMs);
    const next = nextOpening(window, nowMs);
    const opensNext = next === undefined ? 'it never opens' : `opens next ${wallTime(next.opensAtMs, window.timezone)}`;
    const found = (reading: string, verdict: 'pass' | 'fail') => [{ node: '', limit, reading, verdict }];
    if (opening === undefined) return found(`closed, ${opensNext}`, neededMs === null ? 'pass' : 'fail');
    const leftMs = opening.closesAtMs - nowMs;
    const left = `open for ${formatDuration(leftMs)}, until ${wallTime(opening.closesAtMs, window.timezone)}`;
    if (neededMs === null || leftMs >= neededMs) return found(left, 'pass');
    const isEverLong = next !== undefined && next.closesAtMs - next.opensAtMs >= neededMs;
    return found(`${left}; ${opensNext}${isEverLong ? '' : ', and is never open for so long'}`, 'fail');
  },
});
