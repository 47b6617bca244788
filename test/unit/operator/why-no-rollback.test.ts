// Which run of a cluster can be rolled back: the latest that changed it, once it stands or is over.
import assert from 'node:assert/strict';
import { whyNoRollback } from '../../../coordinator/operator/rollback-facts.ts';
import type { RunSummaryDocument } from '../../../shared/documents.ts';

const run = (id: string, more: Partial<RunSummaryDocument> = {}): RunSummaryDocument => ({
  ...{
    id,
    cluster: 'lab',
    plan: id.split('-')[0] ?? '',
    status: 'halted',
    operator: 'ana',
    startedAt: '',
    message: '',
  },
  ...more,
});
const over = { endedAt: '2026-01-10T01:00:00.000Z' };
const of = run('upgrade-1');
const why = (...runs: RunSummaryDocument[]) => whyNoRollback(runs, 'lab', of.id);

describe('a run can be rolled back', () => {
  it('while it stands, and once it is over, however it ended', () => {
    for (const status of ['halted', 'awaiting-operator', 'succeeded', 'aborted', 'failed'] as const)
      assert.equal(why({ ...of, status }), undefined, status);
  });

  it('when it failed early, whatever became of the ones before it', () => {
    const earlier = run('upgrade-0', { ...over, status: 'rolled-back' });
    assert.equal(why({ ...of, ...over, status: 'failed' }, earlier), undefined);
  });

  it('whatever ran since that changed nothing, or was refused before it changed anything', () => {
    const later = [run('stage-2', over), run('backup-3', over), run('upgrade-4', { ...over, status: 'failed' })];
    assert.equal(why(...later, of), undefined);
  });

  it('after a later one that was taken back itself, and after none that a given up rollback left', () => {
    const later = run('upgrade-2', { ...over, status: 'rolled-back', rolledBackBy: 'rollback-3' });
    const back = run('rollback-3', { ...over, status: 'succeeded', rollbackOf: later.id });
    assert.equal(why(back, later, of), undefined);
    const givenUp = run('rollback-3', { ...over, status: 'aborted', rollbackOf: later.id });
    assert.equal(why(givenUp, { ...later, status: 'aborted' }, of)?.code, 'conflict');
  });

  it('again where a rollback of it was given up', () => {
    assert.equal(why(run('rollback-2', { ...over, status: 'aborted', rollbackOf: of.id }), of), undefined);
  });
});

describe('a run cannot be rolled back', () => {
  it('while it runs: it is paused first', () => {
    const refused = why({ ...of, status: 'running' });
    assert.equal(refused?.code, 'not-in-state');
    assert.match(refused.message, /baton run pause upgrade-1/);
  });

  it('after another run has changed the cluster, which is named', () => {
    const refused = why(run('upgrade-2', { ...over, status: 'aborted' }), of);
    assert.equal(refused?.code, 'conflict');
    assert.match(refused.message, /upgrade-2 has changed cluster lab since upgrade-1/);
  });

  it('twice, nor by two runs at a time', () => {
    assert.match(why({ ...of, status: 'rolled-back', rolledBackBy: 'rollback-2' })?.message ?? '', /by rollback-2/);
    const under = why(run('rollback-2', { rollbackOf: of.id }), { ...of, status: 'aborted' });
    assert.match(under?.message ?? '', /rollback-2 goes back from upgrade-1 already and is halted/);
  });

  it('where it is none that changes a cluster, or none at all', () => {
    assert.equal(whyNoRollback([run('stage-1')], 'lab', 'stage-1')?.code, 'bad-input');
    assert.match(
      whyNoRollback([run('rollback-1')], 'lab', 'rollback-1')?.message ?? '',
      /one of rollback; only runs of upgrade/,
    );
    assert.equal(whyNoRollback([], 'lab', 'upgrade-1')?.code, 'not-found');
  });
});
