// The contract of exit codes (DESIGN §8).
import assert from 'node:assert/strict';
import { exitOfFailure, exitOfRun, exitOfVerdict } from '../../../coordinator/cli/exit-codes.ts';
import { type FailureCode, failure, failureCodes } from '../../../shared/failures.ts';

describe('exit codes', () => {
  it('of a run are those of its status', () => {
    assert.deepEqual(
      (['succeeded', 'halted', 'awaiting-operator', 'failed', 'rolled-back', 'aborted'] as const).map((status) =>
        exitOfRun({ status, plan: 'upgrade' }),
      ),
      [0, 1, 3, 1, 1, 1],
    );
  });
  it('of a rollback is 0 once it has gone back, and 1 of the run that it went back from', () => {
    assert.equal(exitOfRun({ status: 'rolled-back', plan: 'rollback' }), 0);
    assert.equal(exitOfRun({ status: 'rolled-back', plan: 'upgrade' }), 1);
    assert.equal(exitOfRun({ status: 'halted', plan: 'rollback' }), 1);
  });
  it('of checks: warnings are fine, unknown is not a pass', () => {
    assert.deepEqual((['pass', 'warn', 'fail', 'unknown'] as const).map(exitOfVerdict), [0, 0, 1, 1]);
  });
  it('of bad input, unknown things and conflicts are 2, of silence 4', () => {
    const codes: [FailureCode, number][] = [
      ['bad-input', 2],
      ['not-found', 2],
      ['conflict', 2],
      ['checksum-mismatch', 2],
      ['unreachable', 4],
      ['timeout', 4],
    ];
    for (const [code, exit] of codes) assert.equal(exitOfFailure(failure(code, '')), exit, code);
  });
  it('of no failure is 0', () => {
    for (const code of Object.keys(failureCodes) as FailureCode[])
      assert.ok(exitOfFailure(failure(code, '')) > 0, code);
  });
});
