// A run that was put off is started by the coordinator that leads, for somebody who still may start runs.
import assert from 'node:assert/strict';
import type { OperatorRole } from '../../../coordinator/access/roles.ts';
import type { ReadAction } from '../../../coordinator/checks/check.ts';
import { compile } from '../../../coordinator/operator/compile-plan.ts';
import { decideScheduled, type ScheduledParts, startScheduled } from '../../../coordinator/operator/scheduled.ts';
import { agreedHash } from '../../../coordinator/plans/agreed.ts';
import type { ScheduledRun } from '../../../coordinator/schedule/scheduled-runs.ts';
import { fail, ok, type Result } from '../../../shared/failures.ts';
import { healthy, labCluster } from '../checks/world.ts';
import { profile } from '../plans/compiled.ts';

const cluster = labCluster((text) => `${text}backup: { snapshots: { none: 'there are none' } }\n`);
const run = 'backup-1234abcd';

describe('starting a run that was put off', () => {
  let started: string[];
  let listed: { id: string }[];
  let role: OperatorRole | undefined;
  let answer: Result<string>;
  let entry: ScheduledRun;
  const parts = (): ScheduledParts =>
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
        startRun: async ({ operator }: { operator: string }) => {
          started.push(operator);
          return answer;
        },
      },
      operators: { roleOf: () => role, serialOf: () => 's' },
      scheduled: { get: async () => ok({ key: run, value: entry, revision: 1 }) },
      audit: { record: () => undefined },
    }) as unknown as ScheduledParts;

  beforeEach(async () => {
    started = [];
    listed = [];
    role = 'operator';
    answer = ok(run);
    const plan = { plan: 'backup', cluster: cluster.cluster, parametersJson: '{}' };
    const compiled = await compile(parts(), plan);
    assert.ok(compiled.ok);
    entry = {
      ...{ ...plan, run, agreedHash: agreedHash(compiled.value.plan), planArtefact: '', planHash: '' },
      ...{ requestId: 'request-1', operator: 'ana', change: '', reason: '', atMs: 1, askedAtMs: 0, state: 'waiting' },
    };
  });

  it('starts it in the name of who has put it off', async () => {
    assert.deepEqual(await startScheduled(parts(), entry), { is: 'started' });
    assert.deepEqual(started, ['ana']);
  });

  it('starts none for somebody who was revoked or has a lesser role by now', async () => {
    for (const now of [undefined, 'viewer', 'approver'] as const) {
      role = now;
      assert.deepEqual(await startScheduled(parts(), entry), {
        is: 'never',
        why: 'ana, who has scheduled it, may not start runs any more',
      });
    }
    assert.deepEqual(started, []);
  });

  it('leaves it to who has taken over, and cancels nothing', async () => {
    answer = fail('refused-old-epoch', 'another coordinator has taken over; say it again');
    assert.equal((await startScheduled(parts(), entry)).is, 'not-yet');
  });

  it('is no run to cancel once it is there, whatever is kept of it', async () => {
    listed = [{ id: run }];
    const word = { run, decision: 'abort', reason: '', requestId: 'request-2' };
    assert.equal(await decideScheduled(parts(), word, { operator: 'ana', role: 'operator' }), undefined);
  });
});
