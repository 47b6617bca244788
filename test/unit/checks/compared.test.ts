import assert from 'node:assert/strict';
import type { CheckResult } from '../../../coordinator/checks/check.ts';
import { errorRate } from '../../../coordinator/checks/error-rate.ts';
import { responseTime } from '../../../coordinator/checks/response-time.ts';
import { context, results } from './world.ts';

describe('What was measured before', () => {
  const verdictAfter = (id: string, node: string, measure: CheckResult['measure'], change: object) => {
    const before = { id, node, measure } as CheckResult;
    const earlier = (item: string) => (item === 'before' ? [before] : []);
    const ref =
      id === 'response-time' ? responseTime.ref({ comparedTo: 'before' }) : errorRate.ref({ comparedTo: 'before' });
    const found = results(
      [ref],
      (of, { kind }) => (['readUrl', 'readErrors'].includes(kind) && of === node ? change : undefined),
      {
        ...context,
        earlier,
      },
    );
    return found.filter((one) => one.node === node).map(({ verdict }) => verdict)[0];
  };

  it('makes a portal slow that takes more than twice as long, if anybody would notice', () => {
    const ms = (value: number) => ({ value, unit: 'ms' });
    assert.equal(verdictAfter('response-time', 'n3', ms(400), { elapsedMs: 900 }), 'warn');
    assert.equal(verdictAfter('response-time', 'n3', ms(400), { elapsedMs: 790 }), 'pass');
    assert.equal(verdictAfter('response-time', 'n3', ms(10), { elapsedMs: 100 }), 'pass');
  });
  it('lets errors be as many as before, and twice that', () => {
    const of = (value: number) => ({ value, unit: 'lines/min', of: 'logs' });
    const sources = (count: number) => ({ sources: [{ source: 'logs', count, lastLine: '', isCut: false }] });
    assert.equal(verdictAfter('error-rate', 'n1', of(50), sources(990)), 'pass');
    assert.equal(verdictAfter('error-rate', 'n1', of(50), sources(1010)), 'warn');
    assert.equal(verdictAfter('error-rate', 'n1', of(1), sources(99)), 'pass');
  });
  it('is told with its unit by each finding', () => {
    const found = results([responseTime.ref({ comparedTo: null }), errorRate.ref({ comparedTo: null })]);
    assert.deepEqual(
      found.map(({ node, measure }) => [node, measure?.unit, measure?.of]),
      [
        ['n3', 'ms', undefined],
        ['n1', 'lines/min', 'logs'],
        ['n1', 'lines/min', 'journals'],
        ['n3', 'lines/min', 'mixed_logs'],
        ['n3', 'lines/min', 'journals'],
      ],
    );
  });
});
