// What the fold refuses, so that no run goes on from a state that nobody foresaw.
import assert from 'node:assert/strict';
import type { CheckResult } from '../../../coordinator/checks/check.ts';
import type { RunEvent } from '../../../coordinator/journal/event.ts';
import { fold } from '../../../coordinator/sequencer/apply.ts';
import { earlierIn } from '../../../coordinator/sequencer/state.ts';

describe('guard of the fold', () => {
  const started: RunEvent = {
    schema: 1,
    id: 'a',
    run: 'upgrade-1',
    sequence: 1,
    previous: '',
    epoch: 1,
    atMs: 0,
    fact: {
      type: 'RunStarted',
      cluster: 'sim',
      plan: 'upgrade',
      planHash: '',
      planArtefact: '',
      parameters: {},
      operator: '',
      requestId: '',
      change: '',
      reason: '',
    },
  };

  it('refuses a gap and a move that the table does not have', () => {
    assert.throws(() => fold('upgrade-1', [{ ...started, sequence: 2 }]), /cannot follow/);
    const success: RunEvent = {
      ...started,
      sequence: 2,
      fact: { type: 'ItemSucceeded', item: 'stop', adopted: false },
    };
    assert.throws(() => fold('upgrade-1', [started, success]), /item stop is pending; item-succeeded cannot follow/);
  });

  it('tells what a gate found when it let the run pass first, not what it found later', () => {
    const found = (reading: string): CheckResult => ({
      ...{ id: 'response-time', title: '', node: 'n1', section: '', severity: 'warning', limit: '', reading },
      ...{ verdict: 'pass', remedy: '', measure: { value: 12, unit: 'ms' } },
    });
    const read = (sequence: number, passed: boolean, reading: string): RunEvent => ({
      ...{ ...started, id: `read-${sequence}`, sequence },
      fact: { type: 'ChecksRead', item: 'baseline', of: 'gate', passed, results: [found(reading)] },
    });
    const readings = [read(2, false, 'not yet'), read(3, true, 'before'), read(4, true, 'later')];
    const earlier = (count: number) =>
      earlierIn(fold('upgrade-1', [started, ...readings.slice(0, count)]))('baseline').map(({ reading }) => reading);
    assert.deepEqual([earlier(0), earlier(1), earlier(2), earlier(3)], [[], [], ['before'], ['before']]);
  });

  it('knows how long a step took for which there is nothing to undo, however late an abort came by', () => {
    const at = (sequence: number, atMs: number, fact: RunEvent['fact']): RunEvent => ({
      ...{ ...started, id: `event-${sequence}`, sequence, atMs },
      fact,
    });
    const own = { item: 'stop', phase: 'do', attempt: 1 } as const;
    const intent = { action: { kind: 'stopUnits' as const, units: [] }, node: 'n1', timeoutMs: 1 };
    const outcome = { verdict: 'succeeded', commands: [], startedAtMs: 1, elapsedMs: 1 } as const;
    const events = [
      started,
      at(2, 1_000, { type: 'StepStarted', ...own, ...intent }),
      at(3, 2_000, { type: 'OutcomeRecorded', ...own, outcome: { ...outcome, commands: [] }, late: false }),
      at(4, 2_000, { type: 'ItemSucceeded', item: 'stop', adopted: false }),
      at(5, 60_000, { type: 'ItemUndone', item: 'stop', how: 'nothing-to-undo', note: '' }),
    ];
    assert.equal(fold('upgrade-1', events).items.stop?.tookUntilMs, 2_000);
  });

  it('refuses a rollback that names nobody who goes back', () => {
    const word = { decision: 'rollback', operator: 'ana', item: '', reason: '', requestId: 'b' } as const;
    const said: RunEvent = { ...started, sequence: 2, fact: { type: 'OperatorDecided', ...word } };
    assert.throws(() => fold('upgrade-1', [started, said]), /names no successor/);
  });
});
