// A scheduled backup is started once for its time, as one that nobody attends; what a person starts is attended.
import assert from 'node:assert/strict';
import type { ReadAction } from '../../../coordinator/checks/check.ts';
import { compile } from '../../../coordinator/operator/compile-plan.ts';
import { type RunParts, startRun, startScheduledBackup } from '../../../coordinator/operator/runs.ts';
import { runIdOf, type StartRequest } from '../../../coordinator/runs/opening.ts';
import { ok } from '../../../shared/failures.ts';
import { healthy, labCluster } from '../checks/world.ts';
import { profile } from '../plans/compiled.ts';

const cluster = labCluster((text) => `${text}backup: { snapshots: { none: 'there are none' } }\n`);
const requestId = 'scheduled-1';

describe('starting a scheduled backup', () => {
  let started: StartRequest[];
  let listed: { id: string }[];
  const parts = (): RunParts =>
    ({
      clusters: { get: async () => ok(cluster) },
      tables: {
        nodes: {
          get: async (name: string) => ok({ value: { name, profile, joinedAtMs: 1, serial: 's', revokedAtMs: 0 } }),
        },
      },
      fleet: {
        read: async (node: string, action: ReadAction) => ({ ok: true, answer: healthy(node, action), commands: [] }),
      },
      views: { list: async () => ok({ schema: 1, runs: listed }) },
      runs: {
        startRun: async (request: StartRequest) => {
          started.push(request);
          return ok(runIdOf(request.compiled.plan.name, request.requestId));
        },
      },
      audit: { record: () => undefined },
    }) as unknown as RunParts;

  beforeEach(() => {
    started = [];
    listed = [];
  });

  it('starts one that nobody attends, by the schedule', async () => {
    const run = runIdOf('backup', requestId);
    assert.deepEqual(await startScheduledBackup(parts(), cluster.cluster, requestId, 'scheduled for two'), ok(run));
    const [one] = started;
    assert.deepEqual([one?.operator, one?.isUnattended, one?.reason], ['schedule', true, 'scheduled for two']);
    assert.ok(
      one?.compiled.plan.items.every((item) => item.kind === 'gate' || (item.kind === 'step' && item.isHarmless)),
    );
  });

  it('gives the run that the same request has started', async () => {
    listed = [{ id: runIdOf('backup', requestId) }];
    const again = await startScheduledBackup(parts(), cluster.cluster, requestId, 'scheduled for two');
    assert.deepEqual(again, ok(listed[0]?.id));
    assert.deepEqual(started, []);
  });

  it('is another thing than a backup that a person takes', async () => {
    const plan = { plan: 'backup', cluster: cluster.cluster, parametersJson: '{}' };
    const compiled = await compile(parts(), plan);
    assert.ok(compiled.ok);
    const request = { plan, planHash: compiled.value.hash, requestId: 'request-1', change: '', reason: '' };
    assert.ok((await startRun(parts(), request, 'ana')).ok);
    assert.deepEqual(
      started.map(({ isUnattended }) => isUnattended),
      [undefined],
    );
  });
});
