// Probes for people: how a cluster was over many nights, a column each, the newest at the right. Pure.
import type { CheckResultDocument } from '../../../shared/documents.ts';
import type { ProbeDocument, ProbesDocument, SchedulesDocument, Verdict } from '../../../shared/probe-documents.ts';
import { formatDuration } from '../../../shared/units.ts';
import { changeSentence } from '../../probes/changes.ts';
import { table } from './table.ts';
import { clean, cut, moment, type Paint } from './text.ts';

const columnsMax = 60;
const labelWidth = 34;
const signs: Record<Verdict, string> = { pass: '·', warn: '!', fail: '✖', unknown: '?' };
const levels = '▁▂▃▄▅▆▇█';

/** The chart: all checks together, each that was ever bad, each figure that was measured; then the last changes. */
export function probesView(document: ProbesDocument, paint: Paint): string {
  const { cluster, probes, missed, schedule } = document;
  const shown = probes.slice(-columnsMax);
  const newest = shown.at(-1);
  if (newest === undefined)
    return [`No probe of ${clean(cluster)} was taken yet: baton probe ${clean(cluster)}`, scheduleLine(schedule)].join(
      '\n',
    );
  const name = (text: string) => cut(clean(text), labelWidth).padEnd(labelWidth);
  return [
    paint(
      'bold',
      `Probes of ${clean(cluster)}: ${probes.length}, ${moment(shown[0]?.startedAt)} to ${moment(newest.startedAt)}`,
    ),
    '',
    `${paint('bold', name('all checks'))}  ${shown.map(({ verdict, run }) => mark(verdict, run, paint)).join('')}`,
    ...everBad(shown).map(
      ({ label, verdicts }) =>
        `${name(label)}  ${verdicts.map((verdict) => (verdict === undefined ? ' ' : mark(verdict, undefined, paint))).join('')}`,
    ),
    ...measured(shown).map(({ label, values, unit }) => `${name(label)}  ${sparkline(values)}  ${range(values, unit)}`),
    '',
    paint(
      'dim',
      '· pass   ! warn   ✖ fail   ? unknown   R while a run held the cluster   each column a probe, newest at the right',
    ),
    ...lastChanges(shown, paint),
    ...missed.map(({ at, why }) => paint('yellow', `no probe at ${moment(at)}: ${clean(why)}`)),
    scheduleLine(schedule),
  ].join('\n');
}

/** One probe: what changed since the one before. */
export function probeView(probe: ProbeDocument, paint: Paint): string {
  const { changes } = probe;
  return [
    paint('bold', changes.length === 0 ? 'Nothing is another than at the probe before.' : 'Since the probe before:'),
    ...changes.map((change) => `  ${clean(changeSentence(change))}`),
  ].join('\n');
}

/** `schedule ls`. */
export function schedulesView({ schedules }: SchedulesDocument): string {
  if (schedules.length === 0)
    return "Nothing is scheduled. Probes: baton schedule add CLUSTER --probe --cron '0 2 * * *' --timezone Asia/Kolkata";
  return table(
    'What starts by itself',
    [
      { head: 'Cluster', value: ({ cluster }) => cluster },
      { head: 'What', value: ({ what }) => what },
      { head: 'When', value: ({ cron, timezone }) => `${cron} ${timezone}` },
      { head: 'Next', value: ({ nextAt }) => moment(nextAt) },
      { head: 'Last', value: ({ last }) => moment(last?.at) },
      { head: 'By', value: ({ addedBy }) => addedBy ?? 'cluster file' },
    ],
    schedules,
  );
}

function scheduleLine(schedule: ProbesDocument['schedule']): string {
  return schedule === undefined
    ? 'Not scheduled: baton schedule add CLUSTER --probe --cron … --timezone …'
    : `Scheduled: ${clean(schedule.cron)} ${clean(schedule.timezone)}, next ${moment(schedule.nextAt)}`;
}

function mark(verdict: Verdict, run: string | undefined, paint: Paint): string {
  if (run !== undefined) return paint('dim', 'R');
  switch (verdict) {
    case 'pass':
      return paint('green', signs.pass);
    case 'warn':
      return paint('yellow', signs.warn);
    case 'fail':
      return paint('red', signs.fail);
    case 'unknown':
      return paint('magenta', signs.unknown);
  }
}

const labelOf = ({ id, node }: CheckResultDocument): string => (node === '' ? id : `${id} ${node}`);
const order: Verdict[] = ['pass', 'warn', 'unknown', 'fail'];

/** The worst of each check and node, over the probes; only those that were ever bad. */
function everBad(probes: ProbeDocument[]): { label: string; verdicts: (Verdict | undefined)[] }[] {
  const labels = new Set(
    probes.flatMap(({ checks }) => checks.filter(({ verdict }) => verdict !== 'pass').map(labelOf)),
  );
  return [...labels].sort().map((label) => ({
    label,
    verdicts: probes.map(({ checks }) =>
      checks
        .filter((check) => labelOf(check) === label)
        .map(({ verdict }) => verdict)
        .sort((a, b) => order.indexOf(b) - order.indexOf(a))
        .at(0),
    ),
  }));
}

interface Series {
  label: string;
  unit: string;
  values: (number | undefined)[];
}

function measured(probes: ProbeDocument[]): Series[] {
  const series = new Map<string, Series>();
  for (const [index, { checks }] of probes.entries())
    for (const check of checks) {
      const { measure } = check;
      if (measure === undefined || !Number.isFinite(measure.value)) continue;
      const label = [labelOf(check), measure.of ?? ''].filter((part) => part !== '').join(' ');
      const one = series.get(label) ?? { label, unit: measure.unit, values: probes.map(() => undefined) };
      one.values[index] = measure.value;
      series.set(label, one);
    }
  return [...series.values()].sort((a, b) => a.label.localeCompare(b.label));
}

function sparkline(values: (number | undefined)[]): string {
  const known = values.filter((value) => value !== undefined);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const level = (value: number) =>
    most === least ? 0 : Math.round(((value - least) / (most - least)) * (levels.length - 1));
  return values.map((value) => (value === undefined ? ' ' : (levels[level(value)] ?? ' '))).join('');
}

function range(values: (number | undefined)[], unit: string): string {
  const known = values.filter((value) => value !== undefined);
  const [least, most, last] = [Math.min(...known), Math.max(...known), known.at(-1) ?? 0];
  const text = (value: number) => (unit === 'ms' ? formatDuration(value) : `${Math.round(value * 100) / 100} ${unit}`);
  return `${text(last)} now, ${text(least)} to ${text(most)}`;
}

function lastChanges(probes: ProbeDocument[], paint: Paint): string[] {
  const changed = probes.filter(({ changes, run }) => changes.length > 0 && run === undefined).slice(-5);
  if (changed.length === 0) return [];
  return [
    '',
    paint('bold', 'Last changes'),
    ...changed.flatMap(({ startedAt, changes }) =>
      changes.slice(0, 10).map((change) => `${moment(startedAt)}  ${clean(changeSentence(change))}`),
    ),
    '',
  ];
}
