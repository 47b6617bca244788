// I6: never two databases that clients can write to, and one at the end, with the other one streaming from it. A database
// that is promoted on purpose is fenced from clients before; one that was split before anybody began is nobody's doing.
import type { DatabaseRecord, Evidence, Violation } from './evidence.ts';
import { type History, historiesOf, walk, wellEnded } from './history.ts';

type Say = (message: string) => void;

/** What changes which database is what: a plan with one of these answers for how it leaves them. */
const decisive = ['upgradeServer', 'startServer', 'returnServer', 'copyServer', 'restoreServer', 'runHaScript'];

export function judgeOnePrimary(evidence: Evidence): Violation[] {
  const { now, doublePrimaries, databases } = evidence;
  const histories = historiesOf(evidence);
  const violations: Violation[] = [];
  const sayOf =
    (run: string): Say =>
    (message) =>
      void violations.push({ invariant: 'I6', run, message });
  const say = sayOf(histories.at(-1)?.run ?? '');
  for (const { nodes } of doublePrimaries)
    say(`the databases of ${nodes.join(' and ')} accepted writes at the same time`);
  if (databases === undefined) {
    if (now.writable.length > 1) say(`in the end ${now.writable.join(' and ')} accept writes`);
    const last = histories.at(-1)?.events.at(-1)?.fact;
    if (now.writable.length === 0 && last?.type === 'RunEnded' && last.status === 'succeeded')
      say('the run succeeded, and no database accepts writes');
    return violations;
  }
  judgeMoments(databases, evidence, say);
  // Of a journal that was put back nobody can say which moment was which.
  if (evidence.coordinatorPutBack === undefined || evidence.coordinatorPutBack.length === 0)
    for (const history of histories) judgeEnd(databases, history, sayOf(history.run));
  return violations;
}

function judgeMoments(databases: DatabaseRecord[], { putBack = [] }: Evidence, say: Say): void {
  // A machine that was put back may have been a primary then, which nobody has made it now.
  const wasPutBack = (node: string, record: DatabaseRecord): boolean =>
    putBack.some(
      (one) =>
        one.node === node &&
        Object.entries(one.journaled).every(([run, events]) => events <= (record.journaled[run] ?? 0)),
    );

  // A machine of a split that was there before starts as what it was, until somebody has taken that from it.
  const fromBefore = new Set<string>();
  for (const { primaries, record } of momentsOf(databases)) {
    const hasBegun = Object.values(record.journaled).some((events) => events > 0);
    if (!hasBegun && primaries.length > 1) for (const node of primaries) fromBefore.add(node);
    if (hasBegun && (record.is === 'fenced' || record.is === 'standby')) fromBefore.delete(record.node);
    const isOfNow = !primaries.some((node) => wasPutBack(node, record));
    const isNew = record.is === 'primary' && primaries.some((node) => !fromBefore.has(node));
    if (primaries.length > 1 && isNew && hasBegun && isOfNow)
      say(`the databases of ${primaries.join(' and ')} accepted writes from clients at the same time`);
  }
}

/** Between its last change and its end there was a moment at which all was as it must be: what it saw was so. */
function judgeEnd(databases: DatabaseRecord[], history: History, say: Say): void {
  const { run, plan } = history;
  if (!plan?.items.some(({ action }) => decisive.includes(action?.kind ?? ''))) return;
  walk(history, ({ fact }, { effect }, at) => {
    if (fact.type !== 'RunEnded' || !wellEnded.includes(fact.status)) return;
    const moments = momentsOf(databases).filter(({ record }) => (record.journaled[run] ?? 0) <= at);
    const lastBefore = moments.findLastIndex(({ record }) => (record.journaled[run] ?? 0) <= effect);
    if (!moments.slice(Math.max(0, lastBefore)).some(({ isWhole }) => isWhole))
      say(`the run ended as ${fact.status} without one database that takes writes and the other one streaming from it`);
  });
}

interface Moment {
  record: DatabaseRecord;
  primaries: string[];
  /** One takes writes, all others stream from it. */
  isWhole: boolean;
}

/** How things stood after each record. */
function momentsOf(databases: DatabaseRecord[]): Moment[] {
  const now = new Map<string, DatabaseRecord>();
  return databases.map((record) => {
    now.set(record.node, record);
    const standing = [...now.values()];
    const primaries = standing.filter(({ is }) => is === 'primary').map(({ node }) => node);
    const others = standing.filter(({ is }) => is !== 'primary');
    const isWhole = primaries.length === 1 && others.every(({ streamsFrom }) => streamsFrom === primaries[0]);
    return { record, primaries, isWhole };
  });
}
