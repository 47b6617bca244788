import assert from 'node:assert/strict';
import { progressOf } from '../../../coordinator/runs/node-progress.ts';
import { initialState, itemState, type RunState } from '../../../coordinator/sequencer/state.ts';
import type { Key } from '../../../shared/key.ts';

const key: Key = { run: 'r1', step: 'install-n1', phase: 'do', attempt: 1 };
const empty = initialState('r1');
const state: RunState = {
  ...empty,
  items: {
    [key.step]: {
      ...itemState(empty, key.step),
      attempts: [
        {
          phase: 'do',
          attempt: 1,
          node: 'n1',
          action: { kind: 'stopUnits', units: ['a.service'] },
          timeoutMs: 1_000,
          startedSequence: 2,
          startedAtMs: 1_000,
          isSettled: false,
        },
      ],
    },
  },
};

describe('progress of a step', () => {
  it('is told as the node of the attempt says it', () => {
    const told = progressOf(state, 'n1', { key, percent: 40, line: '40 %' }, 3_000);
    assert.deepEqual(told?.progress, { item: key.step, line: '40 %', percent: 40, elapsedMs: 2_000 });
  });

  it('is left aside when another node says it, and of attempts that are not there', () => {
    assert.equal(progressOf(state, 'n2', { key, percent: 99, line: '' }, 3_000), undefined);
    assert.equal(progressOf(state, 'n1', { key: { ...key, attempt: 2 }, line: '' }, 3_000), undefined);
    assert.equal(progressOf(state, 'n1', { key: { ...key, step: 'other' }, line: '' }, 3_000), undefined);
  });
});
