// An upgrade with a backup that is brought to a halt, and the rollback that it is handed over to.
import assert from 'node:assert/strict';
import type { Plan } from '../../../coordinator/plans/plan.ts';
import { runIdOf } from '../../../coordinator/runs/opening.ts';
import type { Action } from '../../../shared/actions/action.ts';
import { ok } from '../../../shared/failures.ts';
import { sampleStep } from '../sequencer/sample-plan.ts';
import type { Fate as AgentFate } from '../sequencer/world.ts';
import { type Process, request, type Site, simPlan } from './process.ts';

const stage = simPlan.items.findIndex(({ id }) => id === 'stage');
const at = { directory: '/var/backups/baton', backup: '{{run}}' };
const backUp = (id: string, action: Action) => ({
  ...sampleStep(id, 'n1', action),
  ...{ isHarmless: true, then: [{ check: 'units-active', params: { node: 'n1', units: [id], activeForMs: 0 } }] },
});
const backUps = [
  backUp('backup-files', {
    kind: 'backUpFiles',
    ...at,
    part: 'application',
    paths: ['/opt/a'],
    excludes: [],
    units: [],
  }),
  backUp('backup-database', { kind: 'backUpDatabase', ...at, database: 'db', jobs: 1, parity: [] }),
];

/** The sample plan with a backup of what its installer changes. */
export const upgrade: Plan = {
  ...simPlan,
  items: simPlan.items.toSpliced(stage, 0, ...backUps),
};
export const run = runIdOf('upgrade', 'r1');
const pick = (...ids: string[]) => ids.flatMap((id) => simPlan.items.filter((item) => item.id === id));
export const rollback: Plan = {
  ...simPlan,
  name: 'rollback',
  parameters: { of: run },
  items: pick('healthy', 'suspend', 'stop', 'arm'),
};
export const back = runIdOf('rollback', 'back-1');
export const backRequest = request('back-1', rollback);

/** Of the steps until the installer, and of the installer. */
export const upTo = (installer: AgentFate): AgentFate[] => [...Array<AgentFate>(5).fill('well'), installer];

export async function halted(site: Site, process: Process, status = 'halted'): Promise<void> {
  assert.deepEqual(await site.run(process.service.startRun(request('r1', upgrade))), ok(run));
  await site.until(run, status);
}
export const locksOf = (site: Site): string[] =>
  (site.memory.clusters.get('sim') ?? []).map((fact) =>
    fact.type === 'RunOpened' ? `${fact.run} after ${fact.after ?? 'nobody'}` : `${fact.run} closed`,
  );
export const wellLocked = [`${run} after nobody`, `${back} after ${run}`, `${back} closed`];
