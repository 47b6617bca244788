// The live view: what the stream tells is what is seen.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { eventLine } from '../../../coordinator/cli/view/event-line.ts';
import { liveFrame } from '../../../coordinator/cli/view/live-frame.ts';
import { applyWatch, type RunView, viewOf } from '../../../coordinator/cli/view/run-view.ts';
import { paintWhen } from '../../../coordinator/cli/view/text.ts';
import type { PlanItemStatus, WatchDocument } from '../../../shared/documents.ts';
import { eventOf, sampleRun } from './samples.ts';

const plainly = paintWhen(false);
const nowMs = Date.parse('2026-11-21T23:00:30.000Z');
const draw = (view: RunView) => liveFrame(view, nowMs, { columns: 100, rows: 40 }, plainly).join('\n');
const told = (...messages: WatchDocument[]) => messages.reduce(applyWatch, viewOf(sampleRun({}, 3)));
const progress = (percent: number | undefined, line: string): WatchDocument => ({
  schema: 1,
  sequence: 4,
  at: '2026-11-21T23:00:20.000Z',
  progress: { item: 'install-master', ...(percent === undefined ? {} : { percent }), line, elapsedMs: 1_000 },
});

describe('the live view', () => {
  it('shows the running step of the open phase and its time', () => {
    const picture = draw(told(eventOf(20, 'install-master', 'running')));
    assert.match(picture, /❯ Master +1\/2/);
    assert.match(picture, /Run the installer {2}n1 +10\.0 s/);
    assert.match(picture, /✔ Preflight +1\/1/);
    assert.match(picture, /· Standby +0\/1/);
  });
  it('has a bar for the installer’s own percentage, and its last line', () => {
    const picture = draw(told(eventOf(20, 'install-master', 'running'), progress(40, 'migrating\u001b[2J schema')));
    assert.match(picture, /█{8}░{12} 40 %/);
    assert.match(picture, /^ +migrating schema$/m);
  });
  it('keeps the percentage when a line comes without one, and has no bar when there was none', () => {
    assert.match(
      draw(told(eventOf(20, 'install-master', 'running'), progress(40, ''), progress(undefined, 'x'))),
      /40 %/,
    );
    assert.doesNotMatch(draw(told(eventOf(20, 'install-master', 'running'), progress(undefined, 'x'))), /%|░/);
  });
  it('starts a second attempt without the first one’s percentage and time', () => {
    const view = told(
      eventOf(10, 'install-master', 'running'),
      progress(40, 'x'),
      eventOf(15, 'install-master', 'failed'),
      eventOf(28, 'install-master', 'running'),
    );
    assert.match(draw(view), /Run the installer {2}n1 +2\.0 s/);
    assert.doesNotMatch(draw(view), /40 %/);
  });
  it('leaves the time of a finished item as it is when its condition is read again', () => {
    const view = told(
      eventOf(10, 'install-master', 'running'),
      eventOf(15, 'install-master', 'succeeded'),
      eventOf(40, 'install-master', 'succeeded'),
    );
    assert.equal(view.items.find((item) => item.id === 'install-master')?.elapsedMs, 5_000);
  });
  it('ends with the run’s own document', () => {
    const run = sampleRun({ status: 'succeeded' }, 7);
    assert.equal(told({ schema: 1, sequence: 9, at: '', run }).run, run);
  });
  it('never has more lines than the terminal, whatever happens, and shows what runs', () => {
    const statuses: PlanItemStatus[] = [
      'reading',
      'running',
      'verifying',
      'succeeded',
      'failed',
      'unknown',
      'undoing',
      'undone',
    ];
    const message = fc
      .tuple(fc.nat(59), fc.constantFrom(...sampleRun().steps.map((step) => step.id)), fc.constantFrom(...statuses))
      .map(([sequence, item, status]) => eventOf(sequence, item, status));
    fc.assert(
      fc.property(
        fc.array(message),
        fc.integer({ min: 4, max: 30 }),
        fc.integer({ min: 10, max: 200 }),
        (messages, rows, columns) => {
          const view = messages.reduce(applyWatch, viewOf(sampleRun()));
          const lines = liveFrame(view, nowMs, { columns, rows }, plainly);
          assert.ok(lines.length <= rows, `${lines.length} lines for ${rows}`);
        },
      ),
    );
  });
  it('ignores an item that it does not know', () => {
    const view = viewOf(sampleRun());
    assert.deepEqual(applyWatch(view, eventOf(1, 'elsewhere', 'running')), view);
  });
});

describe('one line an event', () => {
  it('has time, place and sentence', () => {
    assert.equal(
      eventLine(eventOf(7, 'install-master', 'running'), new Map()),
      '2026-11-21T23:00:07.000Z [Master · install-master · n1] Run the installer: running',
    );
  });
  it('says progress at each tenth only', () => {
    const tenths = new Map<string, number>();
    const lines = Array.from({ length: 101 }, (_, percent) => eventLine(progress(percent, ''), tenths));
    assert.equal(lines.filter((line) => line !== undefined).length, 11);
  });
  it('says nothing about output without a percentage', () => {
    assert.equal(eventLine(progress(undefined, 'noise'), new Map()), undefined);
  });
});
