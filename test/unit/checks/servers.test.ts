// Verdicts about PostgreSQL where the cluster file decides: the version in the unit's name, and what it supports.
import assert from 'node:assert/strict';
import type { CheckRef } from '../../../coordinator/checks/check.ts';
import { databaseUnitActive } from '../../../coordinator/checks/database-unit-active.ts';
import { checkSentence, worstVerdict } from '../../../coordinator/checks/evaluate.ts';
import { serverUpgradable } from '../../../coordinator/checks/server-upgradable.ts';
import type { Change } from './cases.ts';
import { activeUnit, context, labCluster, results, stoppedUnit } from './world.ts';

const versioned = {
  ...context,
  cluster: labCluster((text) => text.replace('database: {', "database: { unit: 'postgresql@{major}-main',")),
};

/** On n2 these units are active, and this version answers. */
const with2 =
  (active: string[], major: number): Change =>
  (node, action) => {
    if (node !== 'n2') return action.kind === 'readUnits' ? running(action.units, ['postgresql@17-main']) : undefined;
    if (action.kind === 'readUnits') return running(action.units, active);
    return action.kind === 'readNode' ? { postgresqlMajor: major } : undefined;
  };
const running = (units: string[], active: string[]) => ({
  units: units.map((unit) => (active.includes(unit) ? activeUnit(unit) : stoppedUnit(unit))),
});

function judged(ref: CheckRef, change: Change, inContext = versioned) {
  const found = results([ref], change, inContext);
  return { verdict: worstVerdict(found), words: found.map(checkSentence).join('\n') };
}

describe('database-unit-active where the version is in the unit’s name', () => {
  const ref = databaseUnitActive.ref({});
  const cases: [string, string, string[], number, RegExp][] = [
    ['passes where the unit of the version that answers is active', 'pass', ['postgresql@17-main'], 17, /17 answers/],
    ['fails where nothing answers, and says what is active', 'fail', [], 0, /none of .*@16-main.* is active; no/],
    ['fails where another unit is active', 'fail', ['postgresql@16-main'], 17, /postgresql@17-main inactive/],
    [
      'fails where an old server runs beside the new one',
      'fail',
      ['postgresql@16-main', 'postgresql@17-main'],
      17,
      /but postgresql@16-main active \(running\) runs beside it/,
    ],
    ['fails where a version answers that is not supported', 'fail', [], 14, /PostgreSQL 14 answers, which is not/],
  ];
  for (const [name, verdict, active, major, words] of cases)
    it(name, () => {
      const found = judged(ref, with2(active, major));
      assert.equal(found.verdict, verdict, found.words);
      assert.match(found.words, words);
    });
});

describe('server-upgradable', () => {
  it('fails for a version that the cluster file does not support', () => {
    const ref = serverUpgradable.ref({ from: 17, to: 18, name: 'main', mode: 'copy', standby: 'promote' });
    const found = judged(ref, () => undefined, context);
    assert.equal(found.verdict, 'fail');
    assert.match(found.words, /PostgreSQL 18 is not supported .*supported\.postgresql: 16, 17/);
  });
});
