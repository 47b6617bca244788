// A report's evidence from the journal of a run.
import assert from 'node:assert/strict';
import type { RunEvent, RunFact } from '../../../coordinator/journal/event.ts';
import { reportEvidence } from '../../../coordinator/runs/report-evidence.ts';
import { samplePlan } from '../sequencer/sample-plan.ts';

const run = 'upgrade-1';
const started: RunFact = {
  ...{ type: 'RunStarted', cluster: 'sim', plan: 'upgrade', planHash: '', planArtefact: '', parameters: {} },
  ...{ operator: 'ana', requestId: 'r', change: 'CHG-1', reason: 'quarterly' },
};
const events = (...facts: RunFact[]): RunEvent[] =>
  facts.map((fact, index) => ({
    ...{ schema: 1, id: String(index), run, sequence: index + 1, previous: '', epoch: 1, atMs: index * 1000, fact },
  }));
const command = { phase: 'do', attempt: 1, timeoutMs: 1 } as const;
const begun = (item: string): RunFact => ({
  ...{ type: 'StepStarted', item, node: 'n1', ...command, action: { kind: 'runInstaller', name: 'x', sha256: 'a' } },
});
const ended = (item: string, outcome: Partial<Extract<RunFact, { type: 'OutcomeRecorded' }>['outcome']>): RunFact => ({
  ...{ type: 'OutcomeRecorded', item, phase: 'do', attempt: 1, late: false },
  outcome: { verdict: 'succeeded', commands: [], elapsedMs: 1, ...outcome } as never,
});
const installer = (lastLines: string) => ({
  kind: 'runInstaller' as const,
  ...{ exitCode: 0, elapsedMs: 1, logFile: '/var/log/x', logBytes: 9, lastLines, unit: 'u' },
});

describe('evidence of a run', () => {
  it('says who started it, who decided and why', () => {
    const said: RunFact = {
      ...{
        type: 'OperatorDecided',
        decision: 'approve',
        operator: 'bob',
        item: 'look',
        reason: 'seen',
        requestId: 'q',
      },
    };
    const { change, reason, decisions } = reportEvidence(samplePlan, events(started, said));
    assert.deepEqual([change, reason], ['CHG-1', 'quarterly']);
    assert.deepEqual(
      decisions.map((one) => `${one.operator} ${one.decision} ${one.title}: ${one.reason}`),
      ['ana start : quarterly', 'bob approve a look at the master: seen'],
    );
  });

  it('has every reading, also those that failed', () => {
    const read = (passed: boolean): RunFact => ({
      type: 'ChecksRead',
      item: 'healthy',
      of: 'gate',
      passed,
      results: [],
    });
    const { readings } = reportEvidence(samplePlan, events(started, read(false), read(true)));
    assert.deepEqual(
      readings.map(({ title, phase, passed, sequence }) => [title, phase, passed, sequence]),
      [
        ['gate healthy', 'Preflight', false, 2],
        ['gate healthy', 'Preflight', true, 3],
      ],
    );
  });

  it('has the end of what the installer wrote, where the whole lies, and the evidence of what failed', () => {
    const text = Array.from({ length: 100 }, (_, index) => `${index} %`).join('\n');
    const failure = {
      code: 'command-failed',
      message: 'it ended with 1',
      retryable: false,
      evidence: 'no disk',
    } as const;
    const { logs } = reportEvidence(
      samplePlan,
      events(
        started,
        begun('install'),
        ended('install', { answer: installer(text) }),
        begun('start'),
        ended('start', { verdict: 'failed', failure }),
      ),
    );
    assert.deepEqual(
      logs.map(({ title, node, about, whole }) => [title, node, about, whole]),
      [
        ['step install', 'n1', 'attempt 1: succeeded', '/var/log/x'],
        ['step start', 'n1', 'attempt 1: failed', ''],
      ],
    );
    assert.equal(logs[0]?.text.split('\n').length, 40);
    assert.ok(logs[0]?.text.endsWith('99 %'));
    assert.equal(logs[1]?.text, 'no disk');
  });

  it('of a run that never began is empty', () => {
    assert.deepEqual(reportEvidence(samplePlan, []), { change: '', reason: '', decisions: [], readings: [], logs: [] });
  });
});
