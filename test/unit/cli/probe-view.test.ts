import assert from 'node:assert/strict';
import { probesView, schedulesView } from '../../../coordinator/cli/view/probe-view.ts';
import { paintWhen } from '../../../coordinator/cli/view/text.ts';
import type { CheckResultDocument } from '../../../shared/documents.ts';
import type { ProbeDocument, ProbesDocument, Verdict } from '../../../shared/probe-documents.ts';

const plain = paintWhen(false);
const check = (id: string, verdict: Verdict, value?: number): CheckResultDocument => ({
  ...{ id, title: id, node: 'n2', section: '', severity: 'blocking', limit: '', reading: '\u001b[31mred', verdict },
  remedy: '',
  ...(value !== undefined && { measure: { value, unit: '%' } }),
});
const probe = (night: number, verdict: Verdict, checks: CheckResultDocument[], run?: string): ProbeDocument => ({
  ...{ schema: 1, id: `p${night}`, cluster: 'lab', by: 'schedule', elapsedMs: 900, verdict, checks },
  startedAt: `2026-11-0${night}T02:00:00.000Z`,
  changes:
    night === 3 ? [{ id: 'disk', title: 'Disk', node: 'n2', from: 'pass', to: 'fail', reading: 'full\u0007' }] : [],
  ...(run !== undefined && { run }),
});
const history: ProbesDocument = {
  ...{ schema: 1, cluster: 'lab' },
  probes: [
    probe(1, 'pass', [check('disk', 'pass', 50), check('rows', 'pass')]),
    probe(2, 'warn', [check('disk', 'warn', 20), check('rows', 'pass')]),
    probe(3, 'fail', [check('disk', 'fail', 5), check('rows', 'pass')]),
    probe(4, 'unknown', [check('disk', 'unknown'), check('rows', 'pass')]),
    probe(5, 'fail', [check('rows', 'pass')], 'upgrade-1'),
  ],
  missed: [{ at: '2026-11-06T02:00:00.000Z', why: 'no coordinator was there to start it' }],
};

describe('the history of probes', () => {
  const lines = probesView(history, plain).split('\n');
  const line = (label: string) => lines.find((one) => one.startsWith(label)) ?? '';

  it('has a column for each probe: all checks together, and each that was ever bad', () => {
    assert.match(line('all checks'), / {2}·!✖\?R$/);
    assert.match(line('disk n2 '), / {2}·!✖\? $/);
    assert.equal(line('rows'), '');
  });

  it('draws what was measured, with its range', () =>
    assert.ok(
      lines.some((one) => /^disk n2 .* █▃▁ {2}.*5 % now, 5 % to 50 %$/.test(one)),
      lines.join('\n'),
    ));

  it('tells what changed, nights without a probe, and how to schedule', () => {
    const text = lines.join('\n');
    assert.match(text, /2026-11-03 02:00:00 UTC {2}n2: Disk: fail \(was pass\): full/);
    assert.match(text, /no probe at 2026-11-06 02:00:00 UTC: no coordinator/);
    assert.match(text, /baton schedule add/);
  });

  it('holds no control character of what a node answered', () =>
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
    assert.doesNotMatch(lines.join(''), /[\u0000-\u001f\u007f-\u009f]/));

  it('says how to begin where there is none', () => {
    assert.match(probesView({ ...history, probes: [] }, plain), /baton probe lab/);
    assert.match(schedulesView({ schema: 1, schedules: [] }), /Nothing is scheduled/);
  });
});
