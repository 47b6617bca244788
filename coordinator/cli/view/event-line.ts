// One line an event, for logs and pipes. Progress only at each tenth, so that a log stays readable.
import type { WatchDocument } from '../../../shared/documents.ts';
import { clean } from './text.ts';

/** The line of a message; undefined when it is nothing for a log. `tenths` remembers what was said of each item. */
export function eventLine(message: WatchDocument, tenths: Map<string, number>): string | undefined {
  const at = clean(message.at);
  const { event, progress } = message;
  if (event) {
    const where = [event.phase, event.item, event.node].map(clean).filter((word) => word !== '');
    return `${at} ${where.length === 0 ? '' : `[${where.join(' · ')}] `}${clean(event.sentence)}`;
  }
  if (progress?.percent === undefined) return undefined;
  const tenth = Math.floor(progress.percent / 10);
  if (tenths.get(progress.item) === tenth) return undefined;
  tenths.set(progress.item, tenth);
  const line = clean(progress.line);
  const percent = `${Math.round(progress.percent)} %`;
  return `${at} [${clean(progress.item)}] ${line === '' ? percent : /\d ?%/.test(line) ? line : `${percent} ${line}`}`;
}
