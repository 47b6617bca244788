// What a review under kill and cut had found, each as the situation in which it showed.
import assert from 'node:assert/strict';
import { awaitOutcome, settle } from '../../../coordinator/sequencer/attempt.ts';
import { legalDecisions } from '../../../coordinator/sequencer/legal.ts';
import { defaultLimits as limits } from '../../../coordinator/sequencer/limits.ts';
import { nothingSeen, notice, type Observation, type Seen } from '../../../coordinator/sequencer/seen.ts';
import { type AttemptState, initialState, type RunState } from '../../../coordinator/sequencer/state.ts';
import { fail, failure, ok } from '../../../shared/failures.ts';
import type { Key } from '../../../shared/key.ts';
import { drive } from './drive.ts';
import { hasMark, samplePlan } from './sample-plan.ts';
import { World } from './world.ts';

const run = 'upgrade-1';
const key: Key = { run, step: 'install', phase: 'do', attempt: 1 };
const step = samplePlan.items.find(({ id }) => id === 'install');
const attempt: AttemptState = {
  phase: 'do',
  attempt: 1,
  node: 'n1',
  action: { kind: 'runInstaller', name: 'i', sha256: 'a' },
  timeoutMs: 3_600_000,
  startedSequence: 9,
  startedAtMs: 0,
  isSettled: false,
};
const ofSuspended: RunState = initialState(run);

function next(seen: Seen, nowMs: number, act = awaitOutcome) {
  assert.ok(step?.kind === 'step');
  // Something was changed already, so that halts are halts.
  const state = { ...ofSuspended, items: { install: { ...touched, attempts: [attempt] } } };
  return act({ plan: samplePlan, state, seen, nowMs, limits }, step, attempt);
}
const touched = {
  status: 'running' as const,
  reads: {},
  isDone: false,
  isAdopted: false,
  isUndone: false,
  isRejected: false,
};
const seenAfter = (...observations: Observation[]): Seen => observations.reduce(notice, nothingSeen);
const busy = (atMs: number): Observation => ({
  type: 'outcome',
  key,
  atMs,
  outcome: { verdict: 'refused', commands: [], startedAtMs: 0, elapsedMs: 0, failure: failure('refused-busy', 'busy') },
});
const sent = (atMs: number): Observation => ({ type: 'sent', key, result: ok(undefined), atMs });
const asked = (status: 'running' | 'absent', atMs: number): Observation => ({
  type: 'asked',
  key,
  result: ok({ status }),
  atMs,
});

describe('an attempt between its intent and its end', () => {
  it('that was refused as busy, sent again and accepted, is never journaled as refused', () => {
    const seen = seenAfter(sent(0), busy(10), sent(5_010), asked('running', 20_010));
    for (const nowMs of [20_010, limits.busyWithinMs + 1_000, limits.busyWithinMs * 2]) {
      const what = next(seen, nowMs);
      assert.ok(what.kind === 'ask' || what.kind === 'wait', JSON.stringify(what));
    }
  });

  it('that the agent had begun and no longer knows, is not sent again: the node was restored', () => {
    assert.equal(next(seenAfter(asked('absent', 0)), 0).kind, 'send');
    const gone = next(seenAfter(sent(0), asked('running', 15_000), asked('absent', 30_000)), 30_000);
    assert.ok(gone.kind === 'meter' || gone.kind === 'append', JSON.stringify(gone));
  });

  it('whose settling ran out of time is settled anew when an operator says so', () => {
    const silent: Observation = { type: 'settled', key, result: fail('unreachable', 'n1 is away'), atMs: 0 };
    const late = limits.settleWithinMs + 1;
    const given = next(seenAfter(sent(0), silent), late, settle);
    assert.notEqual(given.kind, 'settle');
    const word = { decision: 'retry' as const, operator: 'ana', item: 'install', reason: '', requestId: 'x' };
    const said: Observation = { type: 'appended', run, fact: { type: 'OperatorDecided', ...word }, atMs: late };
    assert.equal(next(seenAfter(sent(0), silent, said), late, settle).kind, 'settle');
  });

  it('is not settled by what its agent had said before, once it cannot be asked any more', () => {
    const ended = { verdict: 'unknown' as const, commands: [], startedAtMs: 0, elapsedMs: 0 };
    const cutOff: Observation = { type: 'settled', key, result: fail('unreachable', 'n1 is away'), atMs: 5 };
    for (const standing of [{ status: 'finished' as const, outcome: ended }, { status: 'closed' as const }]) {
      const before: Observation = { type: 'asked', key, result: ok(standing), atMs: 1 };
      const what = next(seenAfter(sent(0), before, cutOff), 10, settle);
      assert.equal(what.kind, 'wait', JSON.stringify(what));
    }
  });

  it('of a run that the agent has closed counts as settled once the agent was asked to', () => {
    const closed: Observation = { type: 'settled', key, result: ok({ status: 'closed' }), atMs: 5 };
    const what = next(seenAfter(sent(0), closed), 10, settle);
    assert.ok(what.kind === 'append' && what.fact.type === 'AttemptSettled', JSON.stringify(what));
  });
});

describe('an installer that is gone from a node after it was staged', () => {
  const items = samplePlan.items.map((item) =>
    item.id === 'install' && item.kind === 'step'
      ? { ...item, before: [hasMark('stage'), hasMark('stop')], redo: [] }
      : item,
  );
  const lose = (mark: string) => {
    const world = new World();
    let isLost = false;
    let consequence = '';
    const { state, events } = drive({
      plan: { ...samplePlan, items },
      world,
      operator: (legal, now) => {
        if (legal.includes('approve')) return 'approve';
        if (now.halt?.item !== 'install') return undefined;
        consequence = legalDecisions({ ...samplePlan, items }, now)[0]?.consequence ?? '';
        return 'retry';
      },
      onEvent: ({ fact }) => {
        if (isLost || fact.type !== 'ItemSucceeded' || fact.item !== 'stop') return;
        isLost = true;
        world.marks.delete(mark);
      },
    });
    const startsOf = (id: string) =>
      events.filter(({ fact }) => fact.type === 'StepStarted' && fact.item === id && fact.phase === 'do').length;
    return { state, startsOf, consequence };
  };

  it('halts the run before the installer, and a retry stages it again first', () => {
    const { state, startsOf, consequence } = lose('stage');
    assert.equal(state.status, 'succeeded', state.halt?.message ?? '');
    assert.equal(startsOf('stage'), 2);
    assert.equal(startsOf('install'), 1);
    assert.match(consequence, /carries out “step stage” again/);
  });

  it('is another thing than a service that runs again: what touches the cluster is carried out again only where the plan says so', () => {
    const { state, startsOf } = lose('stop');
    assert.match(state.halt?.message ?? '', /step stop no longer holds/);
    assert.equal(startsOf('stop'), 1);
    assert.equal(startsOf('install'), 0);
  });
});

describe('the end of a run', () => {
  it('is no success while failover is not armed any more', () => {
    const world = new World();
    const { state } = drive({
      plan: samplePlan,
      world,
      operator: (legal) => (legal.includes('approve') ? 'approve' : undefined),
      onEvent: ({ fact }) => {
        if (fact.type === 'ChecksRead' && fact.item === 'well') world.marks.delete('arm');
      },
    });
    assert.equal(state.status, 'halted');
    assert.match(state.halt?.message ?? '', /step arm no longer holds/);
  });

  it('is reached by an abort also after arming has failed and left the observer unmasked', () => {
    const world = new World({ fates: ['well', 'well', 'well', 'well', 'well', 'well', 'fails'] });
    const { state } = drive({
      plan: samplePlan,
      world,
      operator: (legal, now) => {
        if (legal.includes('approve')) return 'approve';
        if (now.halt?.item === 'arm') world.marks.delete('suspend');
        return legal.includes('abort') ? 'abort' : undefined;
      },
    });
    assert.equal(state.status, 'aborted', state.halt?.message ?? '');
    assert.match(state.ended?.message ?? '', /except: step install; step install-standby/);
  });

  it('is not reached by a second installer that was cut off, whatever the first one left', () => {
    const world = new World({ fates: ['well', 'well', 'well', 'fails-after-effect', 'well', 'unknown-with-effect'] });
    const { state } = drive({
      plan: samplePlan,
      world,
      operator: (legal, now) => (now.halt?.reason === 'step-failed' && legal.includes('retry') ? 'retry' : undefined),
    });
    assert.equal(state.halt?.reason, 'step-unknown');
    assert.equal(state.status, 'awaiting-operator');
  });
});

describe('a command that was journaled and never sent when its coordinator died', () => {
  /** The coordinator dies just before it sends the first attempt; somebody starts the observer before the next one leads. */
  const takenOver = (item: string, phase: Key['phase'], decision?: 'abort') => {
    const world = new World();
    let isOver = false;
    return {
      world,
      ...drive({
        plan: samplePlan,
        world,
        operator: (legal) => (legal.includes('approve') ? (decision ?? 'approve') : undefined),
        isCrash: (instruction) => {
          if (isOver || instruction.kind !== 'send') return false;
          if (instruction.key.step !== item || instruction.key.phase !== phase) return false;
          isOver = true;
          world.marks.delete('suspend');
          return true;
        },
      }),
    };
  };

  it('goes out after the takeover only where failover is still seen suspended', () => {
    const { world, state } = takenOver('install', 'do');
    assert.match(state.halt?.message ?? '', /failover is no longer suspended/);
    assert.ok(!world.started.some((key) => key.step === 'install'));
  });

  it('nor does an undo', () => {
    const { world, state } = takenOver('stop', 'undo', 'abort');
    assert.match(state.halt?.message ?? '', /failover is no longer suspended/);
    assert.ok(!world.started.some((key) => key.step === 'stop' && key.phase === 'undo'));
  });

  it('is settled and never begun where the run is aborted before it went out', () => {
    const world = new World();
    const { state, events } = drive({
      plan: samplePlan,
      world,
      interrupt: (legal, now) =>
        now.items.install?.status === 'running' && legal.includes('abort') ? 'abort' : undefined,
    });
    assert.equal(state.status, 'aborted');
    assert.ok(events.some(({ fact }) => fact.type === 'AttemptSettled' && fact.item === 'install'));
    assert.ok(!world.started.some((key) => key.step === 'install'));
  });
});
