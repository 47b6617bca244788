// Which of two databases has what was written last. Positions are compared only along one history: a timeline that was
// left for another one goes on as something else. What cannot be told is said, never guessed. Pure.
import { bytesBetween, parseLsn } from '../checks/lsn.ts';
import type { Server } from '../checks/server-facts.ts';
import type { KnownSide } from './side.ts';

export type Comparison =
  /** `first` or `second` has all that the other has, or, where the other crashed, all that is known of it. */
  | { newer: 'first' | 'second'; isOtherContained: boolean; why: string }
  /** Each may have what the other lacks. */
  | { split: string }
  /** They are not copies of one database, or too little is known. */
  | { incomparable: string };

export function newerSide(first: KnownSide, second: KnownSide): Comparison {
  const [a, b] = [first.server, second.server];
  if (a.major !== b.major)
    return { incomparable: `one is of PostgreSQL ${a.major}, the other of ${b.major}: positions say nothing` };
  if (a.systemIdentifier === '' || b.systemIdentifier === '')
    return { incomparable: 'the system identifier of one could not be read' };
  if (a.systemIdentifier !== b.systemIdentifier)
    return { incomparable: 'they are not copies of one database (their system identifiers differ)' };
  if (parseLsn(a.lsn) === undefined || parseLsn(b.lsn) === undefined)
    return { incomparable: 'the position of one could not be read' };
  // What receives from the other one shares its history, whatever else could be read.
  if (first.streams !== second.streams) return alongOne(first, second);
  switch (relationOf(a, b)) {
    case 'unread':
      return { incomparable: 'the history of timelines of one could not be read' };
    case 'same':
      return alongOne(first, second);
    case 'apart':
      return { split: 'both were promoted, each for itself' };
    case 'second-goes-on':
      return goneOn(first, second, 'second');
    case 'first-goes-on':
      return goneOn(second, first, 'first');
  }
}

type Relation = 'unread' | 'same' | 'apart' | 'first-goes-on' | 'second-goes-on';

/** Of a timeline that it has only heard of nothing is its own yet. */
const ownHistory = (server: Server): Server => ({
  ...server,
  history: server.history.filter(({ timeline }) => timeline < server.timeline),
});

function relationOf(one: Server, other: Server): Relation {
  const [a, b] = [ownHistory(one), ownHistory(other)];
  if (!isHistoryRead(a) || !isHistoryRead(b)) return 'unread';
  if (a.timeline === b.timeline) return isPrefix(a.history, b.history) ? 'same' : 'apart';
  const [older, newer] = a.timeline < b.timeline ? [a, b] : [b, a];
  const isParent = newer.history[older.history.length]?.timeline === older.timeline;
  if (!isParent || !isPrefix(older.history, newer.history)) return 'apart';
  return newer === b ? 'second-goes-on' : 'first-goes-on';
}

/** The first timeline has no history, every other one has. */
const isHistoryRead = ({ timeline, history }: Server): boolean => timeline === 1 || history.length > 0;

function isPrefix(short: Server['history'], long: Server['history']): boolean {
  return short.every(({ timeline, lsn }, index) => {
    const other = long[index];
    return other?.timeline === timeline && parseLsn(other.lsn) === parseLsn(lsn);
  });
}

/**
 * A control file tells where the record of a clean stop begins, and a standby that has received it where it ends: 120 or 128
 * bytes, with the header of a page in between. Nothing that changes a row has room in what is left of this.
 */
const lastRecordBytes = 160;

/** Both on one timeline of one history. */
function alongOne(first: KnownSide, second: KnownSide): Comparison {
  const order = compareLsn(first.server.lsn, second.server.lsn);
  if (first.is === 'primary' && second.is === 'primary')
    return { split: 'both are primaries of the same timeline: one was copied or put back' };
  if (first.is === 'standby' && second.is === 'standby') {
    const isFirst = order >= 0;
    const behind = isFirst ? second : first;
    return {
      newer: isFirst ? 'first' : 'second',
      isOtherContained: behind.isEndKnown,
      why: 'both are standbys of one history, and this one is further on',
    };
  }
  const [primary, standby, isFirst] =
    first.is === 'primary' ? ([first, second, true] as const) : ([second, first, false] as const);
  const aheadBytes = bytesBetween(primary.server.lsn, standby.server.lsn) ?? 0;
  const isAhead = aheadBytes > (primary.isRunning ? 0 : lastRecordBytes);
  // Of a primary that crashed the control file tells only its last checkpoint; it is asked again once it runs.
  if (isAhead && primary.isEndKnown && !standby.streams)
    return { split: 'the standby is further on than its primary: an older copy of the primary was put back' };
  return { newer: isFirst ? 'first' : 'second', isOtherContained: true, why: 'the other one is its standby' };
}

/** `further` continues what `left` had when it was promoted. */
function goneOn(left: KnownSide, further: KnownSide, newer: 'first' | 'second'): Comparison {
  const branch = further.server.history.find(({ timeline }) => timeline === left.server.timeline)?.lsn ?? '';
  if (left.is === 'primary' && left.isRunning)
    return { split: `both are primaries; they parted at ${branch}, and the older one still takes writes` };
  if (compareLsn(left.server.lsn, branch) > 0)
    return {
      split: `they parted at ${branch}, and the one that was left behind has gone on for itself, to ${left.server.lsn}`,
    };
  return {
    newer,
    isOtherContained: left.isEndKnown,
    why: `it was promoted at ${branch}, from what the other one had`,
  };
}

function compareLsn(a: string, b: string): number {
  const [left, right] = [parseLsn(a) ?? 0n, parseLsn(b) ?? 0n];
  return left === right ? 0 : left > right ? 1 : -1;
}
