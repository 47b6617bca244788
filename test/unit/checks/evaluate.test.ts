import assert from 'node:assert/strict';
import type { CheckResult } from '../../../coordinator/checks/check.ts';
import { databaseUnitActive } from '../../../coordinator/checks/database-unit-active.ts';
import { allPass, worstVerdict } from '../../../coordinator/checks/evaluate.ts';
import { failoverArmed } from '../../../coordinator/checks/failover-armed.ts';
import { masterIsPrimary } from '../../../coordinator/checks/master-is-primary.ts';
import { osSupported } from '../../../coordinator/checks/os-supported.ts';
import { portalAnswers } from '../../../coordinator/checks/portal-answers.ts';
import { postgresqlSupported } from '../../../coordinator/checks/postgresql-supported.ts';
import { rowsEqual } from '../../../coordinator/checks/rows-equal.ts';
import { activeUnit, broken, context, drive, healthy, results, stoppedUnit } from './world.ts';

const rounds = (refs: Parameters<typeof drive>[0]) => {
  const seen: string[][] = [];
  const found = drive(
    refs,
    context,
    (node, action) => ({ ok: true, answer: healthy(node, action), commands: [] }),
    (round) => seen.push(round.map(({ node, action }) => `${node} ${action.kind}`)),
  );
  return { seen, results: found };
};

describe('evaluating several checks', () => {
  it('takes the readings of all in one round, and identical ones once', () => {
    const nodes = ['n1', 'n2'];
    const { seen } = rounds([osSupported.ref({ nodes }), postgresqlSupported.ref({}), databaseUnitActive.ref({})]);
    assert.deepEqual(seen, [['n1 readNode', 'n2 readNode', 'n1 readUnits', 'n2 readUnits']]);
  });

  it('lets one that reads again go on while the others are done, and takes its later readings anew', () => {
    const { seen, results: found } = rounds([
      rowsEqual.ref({}),
      portalAnswers.ref({ version: null }),
      rowsEqual.ref({}),
    ]);
    assert.deepEqual(seen, [['n1 countRows', 'n3 readUrl'], ['n2 countRows'], ['n1 countRows']]);
    assert.deepEqual(
      found.map(({ id }) => id),
      ['rows-equal', 'rows-equal', 'portal-answers', 'rows-equal', 'rows-equal'],
    );
  });

  it('asks as long as the most patient of those who share a reading', () => {
    const nodes = ['n1'];
    const timeouts: number[] = [];
    drive(
      [osSupported.ref({ nodes }), osSupported.ref({ nodes: ['n1', 'n2'] })],
      context,
      (node, action) => ({ ok: true, answer: healthy(node, action), commands: [] }),
      (round) => timeouts.push(...round.map(({ timeoutMs }) => timeoutMs)),
    );
    assert.deepEqual(timeouts, [15_000, 15_000]);
  });

  it('does not know a check of another version, and says so', () => {
    const { results: found } = rounds([{ check: 'moon-phase', params: {} }]);
    assert.equal(found[0]?.verdict, 'unknown');
    assert.equal(allPass(found), false);
  });

  it('takes an answer that did not come for unknown', () => {
    const evaluation = drive([portalAnswers.ref({ version: null })], context, () => undefined as never);
    assert.equal(evaluation[0]?.verdict, 'unknown');
  });

  it('turns a failure that an operator has accepted into a warning with the reason, and nothing else', () => {
    const ref = { ...portalAnswers.ref({ version: null }), accepted: 'maintenance page, CHG-1' };
    const [pass] = results([ref]);
    const [failed] = results([ref], (_, { kind }) => (kind === 'readUrl' ? { status: 503 } : undefined));
    const [notRead] = results([ref], (_, { kind }) => (kind === 'readUrl' ? broken : undefined));
    assert.deepEqual([pass?.verdict, pass?.accepted], ['pass', undefined]);
    assert.deepEqual([failed?.verdict, failed?.accepted], ['warn', 'maintenance page, CHG-1']);
    assert.match(failed?.remedy ?? '', /./);
    assert.deepEqual([notRead?.verdict, notRead?.accepted], ['unknown', undefined]);
  });

  it('says of an observer’s unit that is not there to name the one that is, not to arm', () => {
    const absent = { ...stoppedUnit('ha-observer'), loadState: 'not-found', unitFileState: '' };
    const failing = (units: unknown[]) =>
      results([failoverArmed.ref({})], (_, { kind }) =>
        kind === 'readFailover' ? ({ armed: false, units } as never) : undefined,
      )[0]?.remedy ?? '';
    assert.match(failing([activeUnit('ha'), absent]), /^ha-observer does not exist there.*observer\.units/);
    assert.match(failing([stoppedUnit('ha')]), /baton failover arm/);
  });

  it('accepts for nobody that a check fails which is never accepted', () => {
    const ref = { ...masterIsPrimary.ref({}), accepted: 'I know better' };
    const [failed] = results([ref], (_, { kind }) => (kind === 'readReplication' ? { inRecovery: true } : undefined));
    assert.deepEqual([failed?.verdict, failed?.accepted], ['fail', undefined]);
  });

  it('passes with warnings, never with unknown', () => {
    const of = (...verdicts: CheckResult['verdict'][]) => verdicts.map((verdict) => ({ verdict }) as CheckResult);
    assert.deepEqual(
      [allPass(of('pass', 'warn')), allPass(of('pass', 'unknown')), allPass(of('fail'))],
      [true, false, false],
    );
    assert.deepEqual(
      [
        worstVerdict([]),
        worstVerdict(of('pass', 'warn')),
        worstVerdict(of('warn', 'unknown')),
        worstVerdict(of('unknown', 'fail', 'pass')),
      ],
      ['pass', 'warn', 'unknown', 'fail'],
    );
  });
});
