import assert from 'node:assert/strict';
import { agentsConnected } from '../../../coordinator/checks/agents-connected.ts';
import { checkCatalogue } from '../../../coordinator/checks/catalogue.ts';
import type { CheckRef, NodePresence } from '../../../coordinator/checks/check.ts';
import { clockOffset } from '../../../coordinator/checks/clock-offset.ts';
import { checkSentence, worstVerdict } from '../../../coordinator/checks/evaluate.ts';
import { suites as backupSuites } from './cases-of-backups.ts';
import { suites as dataSuites } from './cases-of-data.ts';
import { suites as fileSuites } from './cases-of-files.ts';
import { suites as monitoringSuites } from './cases-of-monitoring.ts';
import { suites as nodeSuites } from './cases-of-nodes.ts';
import { suites as recoverySuites } from './cases-of-recovery.ts';
import { suites as sanitySuites } from './cases-of-sanity.ts';
import { suites as securitySuites } from './cases-of-security.ts';
import { suites as serverSuites } from './cases-of-servers.ts';
import { suites as serviceSuites } from './cases-of-services.ts';
import { broken, context, results } from './world.ts';

/** Seen in evidence.test.ts. */
const inEvidence = ['probe-recent', 'backup-recent'];
const suites = [
  ...serviceSuites,
  ...dataSuites,
  ...fileSuites,
  ...monitoringSuites,
  ...backupSuites,
  ...serverSuites,
  ...recoverySuites,
  ...nodeSuites,
  ...securitySuites,
  ...sanitySuites,
];
const presence = (change: Partial<NodePresence>) => ({
  ...context,
  presence: context.presence.map((one) => (one.node === 'n2' ? { ...one, ...change } : one)),
});

describe('checks', () => {
  for (const { ref, passing, cases } of suites)
    describe(ref.check, () => {
      it('passes in the state that it asks for', () => {
        const found = results([ref], passing);
        assert.ok(found.length > 0);
        for (const result of found) assert.equal(result.verdict, 'pass', checkSentence(result));
      });
      for (const [name, verdict, change, reading] of cases)
        it(`says ${verdict} of ${name}`, () => {
          const found = results([ref], change);
          assert.equal(worstVerdict(found), verdict, found.map(checkSentence).join('\n'));
          assert.match(
            found
              .filter((result) => result.verdict === verdict)
              .map((result) => result.reading)
              .join('\n'),
            reading,
          );
        });
      it('is unknown, never passed, when nothing can be read', () => {
        const found = results([ref], () => broken);
        assert.ok(found.some(({ node }) => node !== ''));
        for (const result of found.filter(({ node }) => node !== '')) {
          assert.equal(result.verdict, 'unknown', checkSentence(result));
          assert.match(checkSentence(result), /not read .*no answer/);
        }
      });
      it('names node, limit, reading and remedy of all that does not pass', () => {
        for (const [, , change] of cases)
          for (const result of results([ref], change).filter((one) => one.verdict !== 'pass'))
            for (const field of ['limit', 'reading', 'remedy', 'title', 'section'] as const)
              assert.notEqual(result[field], '', `${ref.check}: ${field}`);
      });
    });

  it('are all seen passing and failing here', () => {
    // The window by its own tests, test/unit/window.
    const elsewhere = ['agents-connected', 'clock-offset', 'window-open', ...inEvidence];
    const seen = new Set([...suites.map(({ ref }) => ref.check), ...elsewhere]);
    assert.deepEqual(
      [...checkCatalogue.keys()].filter((id) => !seen.has(id)),
      [],
    );
  });
});

describe('checks of presence', () => {
  const verdicts = (ref: CheckRef, change: Partial<NodePresence>) =>
    results([ref], () => undefined, presence(change)).map(({ verdict }) => verdict);

  it('want every agent connected and none on hold', () => {
    const ref = agentsConnected.ref({});
    assert.deepEqual(verdicts(ref, {}), ['pass', 'pass', 'pass']);
    for (const change of [{ joined: false }, { connected: false }, { hold: true }])
      assert.deepEqual(verdicts(ref, change), ['pass', 'fail', 'pass']);
    const nobody = results([ref], () => undefined, { ...context, presence: [] });
    assert.match(nobody.map(checkSentence).join('\n'), /n1: .*never joined.*baton node add n1 --role master/);
  });

  it('want every clock within the limit, on either side, and measured', () => {
    const ref = clockOffset.ref({});
    assert.deepEqual(verdicts(ref, { clockOffsetMs: -499 }), ['pass', 'pass', 'pass']);
    assert.deepEqual(verdicts(ref, { clockOffsetMs: -501 }), ['pass', 'fail', 'pass']);
    assert.deepEqual(verdicts(ref, { clockOffsetMs: 501 }), ['pass', 'fail', 'pass']);
    const unmeasured = { ...context, presence: context.presence.map(({ clockOffsetMs: _, ...rest }) => rest) };
    assert.equal(worstVerdict(results([ref], () => undefined, unmeasured)), 'unknown');
  });
});
