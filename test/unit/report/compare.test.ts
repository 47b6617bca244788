// What a report makes of a run's readings, and that its evidence is in every form.
import assert from 'node:assert/strict';
import {
  acceptedIn,
  acceptedInVain,
  comparedIn,
  excerptsOf,
  stepTimesOf,
} from '../../../coordinator/report/compare.ts';
import { curvePicture } from '../../../coordinator/report/curve-picture.ts';
import { reportMarkdown } from '../../../coordinator/report/markdown.ts';
import { reportPage } from '../../../coordinator/report/page.ts';
import type { CheckResultDocument } from '../../../shared/documents.ts';
import type { ReportDocument } from '../../../shared/report-document.ts';
import type { ReadingDocument } from '../../../shared/report-evidence.ts';
import { failingCheck, haltedRun, sampleReport, succeededRun } from '../cli/samples.ts';

const check = (reading: string, more: Partial<CheckResultDocument> = {}): CheckResultDocument => ({
  ...{ ...failingCheck, reading, verdict: 'pass' as const },
  ...more,
});
const reading = (
  phase: string,
  checks: CheckResultDocument[],
  more: Partial<ReadingDocument> = {},
): ReadingDocument => ({
  ...{
    at: '2026-11-21T23:00:02.000Z',
    sequence: 1,
    item: phase,
    title: phase,
    phase,
    of: 'gate',
    passed: true,
    checks,
  },
  ...more,
});
const report = (readings: ReadingDocument[]): ReportDocument => ({ ...sampleReport(), readings });
const rowsOf = (readings: ReadingDocument[]) =>
  comparedIn(report(readings)).map(({ node, before, after }) => [node, before?.reading, after?.reading]);

describe('checks before and after', () => {
  it('stand side by side where they are about the same thing', () => {
    const before = [check('1'), check('2', { node: 'n1' }), check('3', { about: 'x' })];
    const after = [check('4'), check('5', { about: 'x' }), check('6', { id: 'other' })];
    assert.deepEqual(rowsOf([reading('Preflight', before), reading('Verify', after)]), [
      ['n2', '1', '4'],
      ['n1', '2', undefined],
      ['n2', '3', '5'],
      ['n2', undefined, '6'],
    ]);
  });

  it('keep two findings of one check on one node apart', () => {
    const two = [check('a'), check('b')];
    assert.deepEqual(rowsOf([reading('Preflight', two), reading('Verify', two)]), [
      ['n2', 'a', 'a'],
      ['n2', 'b', 'b'],
    ]);
  });

  it('are what let the run begin and what it ended with, not what was read in between', () => {
    const readings = [
      reading('Preflight', [check('failing')], { passed: false }),
      reading('Preflight', [check('first')]),
      reading('Preflight', [check('of the middle')]),
      reading('Master', [check('of a step')], { of: 'then' }),
      reading('Verify', [check('not yet')], { passed: false }),
      reading('Verify', [check('last')]),
    ];
    assert.deepEqual(rowsOf(readings), [['n2', 'first', 'last']]);
    assert.deepEqual(rowsOf(readings.slice(0, 1)), [['n2', 'failing', undefined]]);
  });
});

describe('what was accepted', () => {
  const accepted = check('2', { verdict: 'warn', accepted: 'CHG-1' });
  it('is told once, with its newest reading', () => {
    const found = acceptedIn(
      report([reading('Preflight', [accepted]), reading('Verify', [{ ...accepted, reading: '3' }])]),
    );
    assert.deepEqual(
      found.map(({ check: { reading: told }, reason }) => [told, reason]),
      [['3', 'CHG-1']],
    );
  });
  it('is told as not needed where the check passed', () => {
    const named = (readings: ReadingDocument[]) => {
      const plain = report(readings);
      const items = plain.plan.items.map((item) => ({ ...item, accepted: [{ check: accepted.id, reason: 'CHG-1' }] }));
      return acceptedInVain({ ...plain, plan: { ...plain.plan, items } }).map(({ check: id }) => id);
    };
    assert.deepEqual(named([reading('Preflight', [check('1')])]), ['replication-streaming']);
    assert.deepEqual(named([reading('Preflight', [accepted])]), []);
  });
});

describe('the journal around what failed', () => {
  const timeline = Array.from({ length: 40 }, (_, index) => ({
    ...{ at: '2026-11-21T23:00:02.000Z', sequence: index + 1, item: 'install-master', sentence: `event ${index + 1}` },
    type: [10, 13, 30].includes(index + 1) ? 'RunHalted' : 'ChecksRead',
  }));
  it('is cut out around each, those that touch as one', () => {
    const found = excerptsOf({ ...sampleReport(), timeline }).map((part) => [part[0]?.sequence, part.at(-1)?.sequence]);
    assert.deepEqual(found, [
      [6, 17],
      [26, 34],
    ]);
    assert.deepEqual(
      excerptsOf({ ...sampleReport(), timeline: timeline.filter(({ type }) => type !== 'RunHalted') }),
      [],
    );
  });
  it('has the outcome of a step that failed', () => {
    const events = timeline.map((entry) =>
      entry.sequence === 20 ? { ...entry, type: 'OutcomeRecorded' } : { ...entry, type: 'ChecksRead' },
    );
    assert.equal(excerptsOf({ ...sampleReport(haltedRun()), timeline: events }).length, 1);
    assert.equal(excerptsOf({ ...sampleReport(succeededRun()), timeline: events }).length, 0);
  });
});

describe('the evidence of a report', () => {
  for (const [name, render] of Object.entries({ html: reportPage, markdown: reportMarkdown }))
    it(`is in ${name}: change, decisions, what was accepted, before and after, times, the installer’s words`, () => {
      const text = render(sampleReport()).replaceAll('\\', '');
      for (const word of [
        'CHG-4711',
        'quarterly upgrade',
        'bob',
        'approve',
        'seen on n2',
        'the vendor knows',
        '200 in 12 ms',
        '200 in 19 ms',
        'Predicted',
        'upgraded to 8.7.0',
      ])
        assert.ok(text.includes(word), word);
    });
  it('has each step’s time beside the predicted one', () => {
    assert.deepEqual(
      stepTimesOf(sampleReport()).find(({ title }) => title === 'Run the installer'),
      { title: 'Run the installer', node: 'n1', status: 'succeeded', predictedMs: 60_000, actualMs: 8000 },
    );
  });
  it('folds long scripts on the page', () => {
    const run = succeededRun();
    const script = Array.from({ length: 30 }, (_, index) => `line ${index}`).join('\n');
    const page = reportPage(
      sampleReport({ ...run, steps: run.steps.map((step) => ({ ...step, commands: [script] })) }),
    );
    assert.match(page, /<details><summary><code>line 0<\/code> <span class="soft">30 lines<\/span><\/summary>/);
  });
});

describe('the curve of the portal', () => {
  const portal = {
    downMs: 0,
    longestMs: 0,
    unobservedMs: 0,
    samples: 1,
    failures: 0,
    intervals: [{ fromMs: 3000, toMs: 8000 }],
  };
  const span = (fromMs: number) => ({ fromMs, samples: 10, failures: 0, medianMs: 10, slowestMs: 400 });
  it('is interrupted where nobody answered, and shades that', () => {
    const picture = curvePicture({ spanMs: 1000, spans: [0, 1000, 2000, 8000, 9000].map(span) }, portal);
    assert.equal(picture.match(/class="median"/g)?.length, 2);
    assert.equal(picture.match(/class="gap"/g)?.length, 1);
  });
  it('stays inside, also of a single span, and is none where nothing was measured', () => {
    for (const spans of [[span(0)], [span(0), span(5_000_000)]])
      for (const [, points] of curvePicture({ spanMs: 1000, spans }, portal).matchAll(/points="([^"]+)"/g))
        for (const point of points?.split(' ') ?? []) {
          const [x = -1, y = -1] = point.split(',').map(Number);
          assert.ok(x >= 0 && x <= 960 && y >= 0 && y <= 200, point);
        }
    const failing = { fromMs: 0, samples: 10, failures: 10 };
    assert.equal(curvePicture({ spanMs: 1000, spans: [failing] }, portal), '');
  });
});
