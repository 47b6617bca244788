// What compiling makes of a recovery: its items and costs, or why there is none as things are. Pure.
import { fail, ok, type Result } from '../../shared/failures.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { ParametersOf } from './parameters.ts';
import type { PlanItem } from './plan.ts';
import { recover } from './recover.ts';
import { costsOfRecovery } from './recover-costs.ts';
import { type RecoverFacts, recoveryOf } from './recovery.ts';

type Told = ParametersOf<'recover'>;

export function recoverParts(
  cluster: Cluster,
  told: Told,
  facts: RecoverFacts & { open?: { run: string; status: string } },
): Result<{ parameters: Told; items: PlanItem[]; costs: string[] }> {
  const { cluster: name, backup } = cluster;
  const { open } = facts;
  if ((told.applicationFrom ?? told.databaseFrom) !== undefined && backup === undefined)
    return fail(
      'bad-input',
      `cluster ${name} takes no backups: its file has no key backup; see baton cluster template`,
    );
  if (open?.status === 'running')
    return fail(
      'not-in-state',
      `run ${open.run} is running on cluster ${name}: baton run pause ${open.run} holds it after its current step; a recovery can take over from it then`,
    );
  const way = recoveryOf(cluster, facts, told);
  if (!way.ok) {
    const isAway = [...Object.values(facts.databases), ...Object.values(facts.applications)].some(
      (found) => 'unread' in found && found.isAway,
    );
    return fail(
      isAway ? 'unreachable' : 'not-in-state',
      `cluster ${name} cannot be recovered as things are, nothing was touched: ${way.hindrances.join('; ')}`,
      { retryable: isAway },
    );
  }
  const takenOver =
    open === undefined ? [] : [`run ${open.run}, which is ${open.status}, is ended for it; nothing of it is undone`];
  return ok({
    parameters: told,
    items: recover(cluster, facts, told, way.recovery),
    costs: [...takenOver, ...costsOfRecovery(cluster, facts, told, way.recovery)],
  });
}
