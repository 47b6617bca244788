// Cuts a fact so that its event fits into the journal: agents send what programs print, and that has no limit. Pure.

import { eventBytesMax } from '../journal/chain.ts';
import type { RunFact } from '../journal/event.ts';

/** For the event's own fields around the fact. */
const envelopeBytes = 2_048;

/** The same fact, its longest texts cut at the front until it fits. */
export function fitFact(fact: RunFact): RunFact {
  let fitted = fact;
  for (let textMax = 16_384; textMax >= 16; textMax /= 4) {
    fitted = cut(fact, textMax, Math.max(textMax / 16, 64)) as RunFact;
    if (Buffer.byteLength(JSON.stringify(fitted)) <= eventBytesMax - envelopeBytes) return fitted;
  }
  return fitted;
}

function cut(value: unknown, textMax: number, itemsMax: number): unknown {
  // The end of a text is where programs say what went wrong.
  if (typeof value === 'string') return value.length <= textMax ? value : `…${value.slice(-textMax)}`;
  if (Array.isArray(value)) return value.slice(0, itemsMax).map((item) => cut(item, textMax, itemsMax));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, cut(item, textMax, itemsMax)]));
}
