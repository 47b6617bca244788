import assert from 'node:assert/strict';
import { runDocument } from '../../../coordinator/runs/run-document.ts';
import { initialState, type RunState } from '../../../coordinator/sequencer/state.ts';
import { failure } from '../../../shared/failures.ts';
import { compiled } from './process.ts';

describe('A run as a document', () => {
  it('says of a halt where the output of each attempt of a failed installer lies', () => {
    const logFile = (attempt: number) => `/var/lib/baton-agent/units/baton-r1-install-${attempt}/output.log`;
    const attempt = (number: number) => ({
      ...{ phase: 'do' as const, attempt: number, node: 'n1', timeoutMs: 1, startedSequence: 1, startedAtMs: 1 },
      ...{ action: { kind: 'runInstaller' as const, name: 'x', sha256: 'a'.repeat(64) }, isSettled: false },
      outcome: {
        ...{ verdict: 'failed' as const, failure: failure('timeout', 'too long') },
        ...{ commands: [], startedAtMs: 1, elapsedMs: 1 },
        answer: {
          ...{ kind: 'runInstaller' as const, exitCode: -1, elapsedMs: 1, logFile: logFile(number) },
          ...{ logBytes: 1, lastLines: '', unit: 'x' },
        },
      },
    });
    const state: RunState = {
      ...initialState('r1'),
      status: 'halted',
      halt: { item: 'install', reason: 'step-failed', message: 'too long', evidence: '', checks: [] },
      items: {
        install: {
          ...{ status: 'failed', attempts: [attempt(1), attempt(2)], reads: {} },
          ...{ isDone: false, isAdopted: false, isUndone: false, isRejected: false },
        },
      },
    };
    const now = { failover: 'suspended' as const, runsNow: [], downNow: [], nodes: {} };
    const { halt } = runDocument(compiled(), state, { sequence: 1, hash: '' }, now);
    assert.deepEqual(halt?.evidenceAt.slice(-2), [`n1:${logFile(1)}`, `n1:${logFile(2)}`]);
  });
});
