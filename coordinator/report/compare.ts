// What was found before the work beside what was found after it, what was accepted, and each step's time beside the one
// that was predicted. Pure.
import type { CheckResultDocument } from '../../shared/documents.ts';
import type { ReportDocument } from '../../shared/report-document.ts';
import type { ReadingDocument } from '../../shared/report-evidence.ts';

export interface Compared {
  title: string;
  node: string;
  before?: CheckResultDocument;
  after?: CheckResultDocument;
}

/** Every check of the preflight and of the verification, those of one thing side by side. */
export function comparedIn({ readings }: ReportDocument): Compared[] {
  const rows = new Map<string, Compared>();
  const put = (which: 'before' | 'after', decisive: ReadingDocument[]) => {
    const seen = new Map<string, number>();
    for (const check of decisive.flatMap(({ checks }) => checks)) {
      const name = JSON.stringify([check.id, check.about ?? '', check.node]);
      const count = seen.get(name) ?? 0;
      seen.set(name, count + 1);
      const key = `${name} ${count}`;
      rows.set(key, { ...(rows.get(key) ?? { title: check.title, node: check.node }), [which]: check });
    }
  };
  const gates = readings.filter(({ of }) => of === 'gate');
  // What let the run begin, and what it ended with: in between gates are read again, of a cluster in the middle of the work.
  put(
    'before',
    eachItem(
      gates.filter(({ phase }) => phase === 'Preflight'),
      (same) => same.find(({ passed }) => passed) ?? same.at(-1),
    ),
  );
  put(
    'after',
    eachItem(
      gates.filter(({ phase }) => phase === 'Verify'),
      (same) => same.at(-1),
    ),
  );
  return [...rows.values()];
}

function eachItem(
  readings: ReadingDocument[],
  choose: (same: ReadingDocument[]) => ReadingDocument | undefined,
): ReadingDocument[] {
  const items = Map.groupBy(readings, ({ item }) => item);
  return [...items.values()].flatMap((same) => choose(same) ?? []);
}

export interface Accepted {
  check: CheckResultDocument;
  reason: string;
}

/** What had failed and was accepted, each finding once, with its newest reading. */
export function acceptedIn({ readings }: ReportDocument): Accepted[] {
  const found = readings.flatMap(({ checks }) =>
    checks.flatMap((check) => (check.accepted === undefined ? [] : [{ check, reason: check.accepted }])),
  );
  return [
    ...new Map(
      found.map((one) => [JSON.stringify([one.check.id, one.check.about ?? '', one.check.node]), one]),
    ).values(),
  ];
}

/** Named in advance and never needed: the check passed. */
export function acceptedInVain(report: ReportDocument): { check: string; reason: string }[] {
  const needed = new Set(acceptedIn(report).map(({ check }) => check.id));
  const named = report.plan.items.flatMap(({ accepted }) => accepted ?? []);
  return [...new Map(named.map((one) => [one.check, one])).values()].filter(({ check }) => !needed.has(check));
}

export interface StepTime {
  title: string;
  node: string;
  status: string;
  predictedMs: number;
  actualMs: number;
}

/** Of each item that was carried out and takes time. */
export function stepTimesOf({ run, plan }: ReportDocument): StepTime[] {
  const predicted = new Map(plan.items.map(({ id, predictedMs }) => [id, predictedMs]));
  return run.steps.flatMap(({ id, kind, title, node, status, elapsedMs }) =>
    kind !== 'step' || elapsedMs === undefined
      ? []
      : [{ title, node, status, predictedMs: predicted.get(id) ?? 0, actualMs: elapsedMs }],
  );
}

/** The journal around what failed and where the run stood still: entries shortly before and after. */
export function excerptsOf({ timeline, run }: ReportDocument): ReportDocument['timeline'][] {
  const around = 4;
  const failed = new Set(run.steps.filter(({ failure }) => failure !== undefined).map(({ id }) => id));
  const isTrouble = (entry: ReportDocument['timeline'][number]) =>
    entry.type === 'RunHalted' || (entry.type === 'OutcomeRecorded' && failed.has(entry.item));
  const excerpts: [number, number][] = [];
  for (const [index, entry] of timeline.entries()) {
    if (!isTrouble(entry)) continue;
    const last = excerpts.at(-1);
    const [from, to] = [Math.max(0, index - around), Math.min(timeline.length, index + around + 1)];
    if (last !== undefined && from <= last[1]) last[1] = to;
    else excerpts.push([from, to]);
  }
  return excerpts.map(([from, to]) => timeline.slice(from, to));
}
