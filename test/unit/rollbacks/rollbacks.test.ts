// The proof of rollbacks: that it goes through every step of the upgrade, and that it cannot overlook a difference.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Cluster } from '../../../coordinator/cluster/cluster.ts';
import { parseCluster } from '../../../coordinator/cluster/parse.ts';
import type { Plan } from '../../../coordinator/plans/plan.ts';
import { failings } from '../../rollbacks/failings.ts';
import { databaseFailings } from '../../rollbacks/failings-database.ts';
import { differences, setAside } from '../../rollbacks/picture.ts';
import { afterFinalize } from '../../rollbacks/picture-servers.ts';
import { isSame, type Line, spentText, tableText } from '../../rollbacks/table.ts';
import { compile, steps } from '../plans/compiled.ts';
import { listOf, tryToCompile } from '../plans/database-facts.ts';

const file = resolve(import.meta.dirname, '../../../scripts/lab.d/cluster.yaml');

/** The lab's servers are of 15 and become 17. */
function compileFifteen(site: Cluster, parameters: object): Plan {
  const list = (node: string) => listOf(node, { major: 15 }, { installedMajors: [15, 17], linkableMajors: [15, 17] });
  const compiled = tryToCompile({ to: 17, ...parameters }, { servers: { n1: list('n1'), n2: list('n2') } }, site);
  assert.ok(compiled.ok, compiled.ok ? '' : compiled.failure.message);
  return compiled.value.plan;
}

const [failing] = failings;
assert.ok(failing);
const line = (found: string[]): Line => ({
  failing,
  stood: 'there',
  runMs: 20_000,
  rollbackMs: 1_500,
  comparingMs: 4_000,
  portalDownMs: 0,
  kills: 0,
  retries: 0,
  differences: found,
});

describe('the proof of rollbacks', () => {
  it('fails at every step of the upgrade of the lab’s cluster', () => {
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

  it('fails at every step of the database upgrade that touches the cluster, in every way of upgrading', () => {
    const parsed = parseCluster(readFileSync(file, 'utf8').replaceAll('@SUBNET@', '10.0.0'), file);
    assert.ok(parsed.ok, parsed.ok ? '' : parsed.failure.message);
    const wanted = new Set<string>();
    for (const mode of ['copy', 'link'])
      for (const standby of ['promote', 'rebuild'])
        for (const { id, phase } of steps(compileFifteen(parsed.value, { mode, standby }).items))
          if (phase !== 'Back up') wanted.add(id);
    const tried = new Set(databaseFailings.map(({ step }) => step));
    assert.deepEqual(
      [...wanted].filter((id) => !tried.has(id)),
      [],
    );
    assert.deepEqual(
      [...tried].filter((id) => !wanted.has(id)),
      ['the end'],
    );
    const ways = new Set(databaseFailings.map(({ database }) => `${database?.mode} ${database?.standby}`));
    assert.equal(ways.size, 4);
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

  it('lets pass what was written again with the same content, and nothing else of it', () => {
    const key = 'n1 file /etc/postgresql/15/main/pg_hba.conf';
    const before = new Map([[key, 'mode=640 owner=postgres:postgres size=100 mtime=1.5 links=1']]);
    const ways = { mode: 'copy', standby: 'promote' } as const;
    const leftOf = (value: string) => differences(before, new Map([[key, value]]), afterFinalize(ways));
    assert.deepEqual(leftOf('mode=640 owner=postgres:postgres size=100 mtime=2.5 links=1'), []);
    assert.equal(leftOf('mode=600 owner=postgres:postgres size=100 mtime=2.5 links=1').length, 1);
    assert.equal(differences(before, new Map(), afterFinalize(ways)).length, 1);
    const following = (value: string) =>
      differences(
        new Map(),
        new Map([['n1 setting primary_conninfo', value]]),
        afterFinalize({ ...ways, mode: 'link' }),
      );
    assert.deepEqual(following(''), []);
    assert.equal(following('host=n2').length, 1);
    assert.equal(
      differences(new Map([['n1 timeline', '1']]), new Map([['n1 timeline', '2']]), afterFinalize(ways)).length,
      1,
    );
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

  it('tells of a row what has taken its time, also of one that came to no end', () => {
    assert.equal(
      spentText(line([]), 30_000, 12_000),
      '30.0 s: afresh 12.0 s, run 20.0 s, rollback 1.5 s, comparing and finalize 4.0 s',
    );
    assert.equal(spentText({ failing, broken: 'it stands' }, 9_000, 0), '9.0 s');
  });
});
