import assert from 'node:assert/strict';
import { changeSentence, changesBetween } from '../../../coordinator/probes/changes.ts';
import type { CheckResultDocument } from '../../../shared/documents.ts';
import type { Verdict } from '../../../shared/probe-documents.ts';

const check = (id: string, verdict: Verdict, node = 'n1', limit = ''): CheckResultDocument => ({
  ...{ id, title: `Title of ${id}`, node, section: '', severity: 'blocking', limit, reading: `${id} is ${verdict}` },
  ...{ verdict, remedy: '' },
});

describe('what changed since the last probe', () => {
  const between = (before: CheckResultDocument[] | undefined, now: CheckResultDocument[]) =>
    changesBetween(before && { checks: before }, now).map(({ id, node, from, to }) => `${id} ${node}: ${from} > ${to}`);

  it('is every verdict that is another, for worse and for better', () =>
    assert.deepEqual(
      between(
        [check('a', 'pass'), check('b', 'fail'), check('c', 'warn'), check('d', 'pass')],
        [check('a', 'unknown'), check('b', 'pass'), check('c', 'warn'), check('d', 'pass')],
      ),
      ['a n1: pass > unknown', 'b n1: fail > pass'],
    ));

  it('is told by node and by limit', () =>
    assert.deepEqual(
      between(
        [check('rows', 'pass', 'n2', 'apolo.request'), check('rows', 'pass', 'n2', 'apolo.task')],
        [check('rows', 'pass', 'n2', 'apolo.request'), check('rows', 'fail', 'n2', 'apolo.task')],
      ),
      ['rows n2: pass > fail'],
    ));

  it('is what does not pass where there was no probe, or where the check is new', () => {
    assert.deepEqual(between(undefined, [check('a', 'pass'), check('b', 'warn')]), ['b n1: absent > warn']);
    assert.deepEqual(between([], [check('a', 'pass'), check('b', 'fail')]), ['b n1: absent > fail']);
  });

  it('is what was bad and is not looked at any more', () =>
    assert.deepEqual(between([check('a', 'fail'), check('b', 'pass')], []), ['a n1: fail > absent']));

  it('is a sentence for people', () => {
    const [change] = changesBetween({ checks: [check('a', 'pass')] }, [check('a', 'fail')]);
    assert.equal(change && changeSentence(change), 'n1: Title of a: fail (was pass): a is fail');
  });
});
