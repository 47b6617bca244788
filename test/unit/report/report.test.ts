// The report in its three forms: complete, and never a way for a machine's words to become markup.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { escapeHtml, escapeMarkdown, fenced } from '../../../coordinator/report/escape.ts';
import { reportMarkdown } from '../../../coordinator/report/markdown.ts';
import { reportPage } from '../../../coordinator/report/page.ts';
import { portalPicture, timelinePicture } from '../../../coordinator/report/picture.ts';
import type { ReportDocument } from '../../../shared/report-document.ts';
import { failingCheck, haltedRun, sampleReport, succeededRun } from '../cli/samples.ts';

const evil = `<script>alert(1)</script>"'><img src=x onerror=y>\u001b[31m&`;

/** Every text of a document replaced, as the worst machine would. */
function poisoned<T>(value: T, keep: readonly string[]): T {
  return JSON.parse(
    JSON.stringify(value, (name, item: unknown) =>
      typeof item === 'string' && !keep.includes(name) && !/At$|^at$/.test(name) ? evil : item,
    ),
  ) as T;
}

const withChecks = (report: ReportDocument): ReportDocument => ({
  ...report,
  run: { ...report.run, steps: report.run.steps.map((step) => ({ ...step, checks: [failingCheck] })) },
});
const forms = { html: reportPage, markdown: reportMarkdown };

describe('a report', () => {
  for (const [name, render] of Object.entries(forms)) {
    it(`as ${name} has versions, times, downtime as metered, commands and deviations`, () => {
      const text = render(sampleReport());
      for (const word of [
        '8.6.0',
        '8.7.0',
        '42.3 s',
        '4 min 0 s',
        './MotadataServiceOpsCommonUpgrade_V870',
        'instead of chmod 777',
        'c'.repeat(64),
      ])
        assert.ok(text.replaceAll('\\', '').includes(word), word);
    });
    it(`as ${name} tells a halt with evidence and next commands`, () => {
      const text = render(sampleReport(haltedRun())).replaceAll('\\', '');
      for (const word of [
        'the installer ended with 1 after 12 s',
        'n1 ft-main-server.service',
        'migration failed',
        'baton run retry',
        'suspended',
      ])
        assert.ok(text.includes(word), word);
    });
    it(`as ${name} has limit, reading and remedy of failing checks`, () => {
      const text = render(withChecks(sampleReport())).replaceAll('\\', '');
      for (const word of [failingCheck.limit, failingCheck.reading, failingCheck.remedy])
        assert.ok(text.includes(word), word);
    });
  }

  it('as HTML holds no markup but its own, whatever the machines said', () => {
    for (const run of [succeededRun(), haltedRun()]) {
      const keep = ['kind', 'status', 'verdict', 'failover'];
      const page = reportPage(poisoned(withChecks(sampleReport(run)), keep));
      assert.doesNotMatch(page, /<script|<img/);
      assert.ok(!page.includes('\u001b'));
      assert.equal(page.match(/<[a-z]+[^>]*onerror/), null);
    }
  });
  it('as HTML loads nothing from anywhere and runs nothing', () => {
    const page = reportPage(sampleReport());
    assert.doesNotMatch(page, /https?:\/\/|<link|<script|@import|url\(/);
    assert.match(page, /Content-Security-Policy" content="default-src 'none'/);
    assert.match(page, /prefers-color-scheme: dark/);
    assert.match(page, /@media print/);
  });
  it('as HTML opens and closes the same elements', () => {
    const page = reportPage(withChecks(sampleReport(haltedRun()))).replace(/<style>[\s\S]*<\/style>/, '');
    const open: string[] = [];
    for (const [, slash, name, rest] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)([^>]*)>/g)) {
      if (['meta', 'br'].includes(name ?? '') || rest?.endsWith('/')) continue;
      if (slash === '') open.push(name ?? '');
      else assert.equal(open.pop(), name);
    }
    assert.deepEqual(open, []);
  });
});

describe('escaping', () => {
  const anyText = fc.string({ unit: 'binary' });
  it('leaves no markup in HTML', () => {
    fc.assert(fc.property(anyText, (text) => !/[<>"']/.test(escapeHtml(text))));
  });
  it('keeps a Markdown text in its cell', () => {
    fc.assert(fc.property(anyText, (text) => !/(?<!\\)(\\\\)*[|<`]/.test(escapeMarkdown(text).replaceAll('\\\\', ''))));
    fc.assert(fc.property(anyText, (text) => !escapeMarkdown(text).includes('\n')));
  });
  it('keeps a block in its fence', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('`', 'a', '\n') }), (text) => {
        const lines = fenced(text).split('\n');
        const fence = lines[0] ?? '';
        assert.ok(lines.slice(1, -1).every((line) => !line.includes(fence)));
        assert.equal(lines.at(-1), fence);
      }),
    );
  });
});

describe('the pictures', () => {
  it('have a bar for each item that started', () => {
    assert.equal(timelinePicture(succeededRun()).match(/class="bar /g)?.length, succeededRun().steps.length);
    assert.equal(timelinePicture({ ...succeededRun(), steps: [] }), '');
  });
  it('keep every gap of the portal inside, however long', () => {
    const interval = fc.tuple(fc.nat(1e7), fc.nat(1e7)).map(([fromMs, length]) => ({ fromMs, toMs: fromMs + length }));
    fc.assert(
      fc.property(fc.array(interval), fc.nat(1e7), (intervals, durationMs) => {
        const portal = { downMs: 0, longestMs: 0, unobservedMs: 0, samples: 1, failures: 0, intervals };
        for (const [, x, length] of portalPicture(portal, durationMs).matchAll(
          /class="down" x="([\d.]+)"[^>]*? width="([\d.]+)"/g,
        ))
          assert.ok(Number(x) >= 0 && Number(x) + Number(length) <= 960);
      }),
    );
  });
});
