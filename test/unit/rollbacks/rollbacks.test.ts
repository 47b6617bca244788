// The proof of rollbacks: that it goes through every step of the upgrade, and that it cannot overlook a difference.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseCluster } from '../../../coordinator/cluster/parse.ts';
import { failings } from '../../rollbacks/failings.ts';
import { differences, setAside } from '../../rollbacks/picture.ts';
import { isSame, type Line, tableText } from '../../rollbacks/table.ts';
import { compile, steps } from '../plans/compiled.ts';

const [failing] = failings;
assert.ok(failing);
const line = (found: string[]): Line => ({
  failing,
  stood: 'there',
  rollbackMs: 1_500,
  portalDownMs: 0,
  kills: 0,
  retries: 0,
  differences: found,
});

describe('the proof of rollbacks', () => {
  it('fails at every step of the upgrade of the lab’s cluster', () => {
    const file = resolve(import.meta.dirname, '../../../scripts/lab.d/cluster.yaml');
    const parsed = parseCluster(readFileSync(file, 'utf8').replaceAll('@SUBNET@', '10.0.0'), file);
    assert.ok(parsed.ok, parsed.ok ? '' : parsed.failure.message);
    const tried = new Set(failings.map(({ step }) => step));
    const wanted = steps(compile('upgrade', parsed.value).plan.items).map(({ id }) => id);
    assert.deepEqual(
      wanted.filter((id) => !tried.has(id)),
      [],
    );
    assert.deepEqual(
      [...tried].filter((id) => !wanted.includes(id)),
      ['the end'],
    );
  });

  it('tells what was changed, what is gone and what is new', () => {
    const before = new Map([
      ['n1 version', '8.6.0'],
      ['n1 file a', 'mode=644'],
      ['n1 timeline', '1'],
    ]);
    const after = new Map([
      ['n1 version', '8.7.0'],
      ['n1 file b', 'mode=600'],
      ['n1 timeline', '1'],
    ]);
    assert.deepEqual(differences(before, after), [
      'n1 file a: mode=644 → not there',
      'n1 file b: not there → mode=600',
      'n1 version: 8.6.0 → 8.7.0',
    ]);
  });

  it('lets pass the set-aside database alone, and only where it is named', () => {
    const after = new Map([
      ['n1 database baton-aside-rollback-1a2b3c4d', 'postgres'],
      ['n2 database other', 'postgres'],
    ]);
    assert.deepEqual(differences(new Map(), after, [setAside]), ['n2 database other: not there → postgres']);
    assert.equal(differences(new Map(), after).length, 2);
  });

  it('counts what differs, and what came to no end, as not the same', () => {
    assert.ok(isSame(line([])));
    assert.ok(!isSame(line(['n1 timeline: 1 → 2'])));
    assert.ok(!isSame({ failing, broken: 'the rollback stands' }));
    const text = tableText([line([]), line(['n1 timeline: 1 → 2']), { failing, broken: 'the rollback stands' }], 9_000);
    assert.match(text, /1\.5 s +0\.0 s +none\n/);
    assert.match(text, /n1 timeline: 1 → 2/);
    assert.match(text, /the rollback stands/);
    assert.match(text, /3 rollbacks, 2 left something different, 9 s$/);
  });
});
