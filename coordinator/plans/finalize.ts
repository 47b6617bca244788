// `baton run finalize`: what a run has kept for the way back is given up: the database that a rollback has set aside, the old
// servers of a database upgrade, the data that a recovery has replaced. Nothing else is ever dropped.
import { asideName } from '../../shared/actions/jobs/places.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { minutes } from '../../shared/units.ts';
import { databaseGone } from '../checks/database-gone.ts';
import { masterIsPrimary } from '../checks/master-is-primary.ts';
import { type Cluster, nodeOf } from '../cluster/cluster.ts';
import { stepsBegun } from '../sequencer/begun.ts';
import type { RunState } from '../sequencer/state.ts';
import { costsOfAsides, finalizeRecovery, judgeFinalizeRecovery } from './finalize-asides.ts';
import { costsOfFinalizeDatabase, finalizeDatabase, judgeFinalizeDatabase } from './finalize-database.ts';
import { costsOfFinalizeWayBack, finalizeWayBack, serversOf } from './finalize-way-back.ts';
import { gate, noUndo, phase, step } from './items.ts';
import type { Plan, PlanItem } from './plan.ts';
import { requestMs } from './predictions.ts';
import { agents } from './preflight.ts';

/** The run that is finalized, as it was planned and as it stands. */
export interface FinalizeFacts {
  of: string;
  plan: Plan;
  state: RunState;
}

/** Whether the run is one that has kept something, and is over. */
export function judgeFinalize(cluster: Cluster, facts: FinalizeFacts): Result<void> {
  const { of, plan, state } = facts;
  if (plan.cluster.cluster !== cluster.cluster)
    return fail('bad-input', `run ${of} is one of cluster ${plan.cluster.cluster}, not of ${cluster.cluster}`);
  if (plan.name === 'db-upgrade') return judgeFinalizeDatabase(facts);
  if (plan.name === 'recover') return judgeFinalizeRecovery(cluster, facts);
  if (plan.name !== 'rollback')
    return fail(
      'bad-input',
      `run ${of} is one of ${plan.name}; what is given up is what a rollback, a recovery or a database upgrade has kept, so name that run`,
    );
  if (state.ended === undefined)
    return fail(
      'not-in-state',
      `run ${of} is ${state.status}: what it has set aside may still be needed; see baton run show ${of}`,
    );
  if (serversOf(plan) !== undefined) return ok(undefined);
  if (!stepsBegun(plan, state).some(({ action }) => action.kind === 'restoreDatabase'))
    return fail('not-in-state', `run ${of} has set no database aside; there is nothing to give up`);
  return ok(undefined);
}

export function finalize(cluster: Cluster, facts: FinalizeFacts): PlanItem[] {
  const { of, plan } = facts;
  if (plan.name === 'db-upgrade') return finalizeDatabase(cluster, facts);
  if (plan.name === 'recover') return finalizeRecovery(cluster, facts);
  const servers = serversOf(plan);
  if (servers !== undefined) return finalizeWayBack(cluster, facts, servers);
  const database = asideName(of);
  const node = nodeOf(cluster, 'master', 'db').name;
  const section = 'beyond the guide: the database that a rollback has set aside takes room';
  return [
    ...phase('Preflight', [
      agents(),
      gate(section, {
        id: 'preflight.primary',
        title: 'The master’s database is the primary',
        checks: [masterIsPrimary.ref({})],
      }),
    ]),
    ...phase('Finalize', [
      step(section, {
        id: 'finalize.drop-database',
        title: `Drop ${database} on ${node}`,
        node,
        action: { kind: 'dropDatabase', database },
        timeoutMs: minutes(30),
        then: [databaseGone.ref({ database })],
        until: 'end',
        undo: noUndo('what was dropped is gone; it was what the rollback had replaced'),
        pointOfNoReturn: `What was written between the backup and the rollback ${of} is in ${database} only, and is lost with it.`,
        predictedMs: requestMs,
      }),
    ]),
  ];
}

export function costsOfFinalize(cluster: Cluster, facts: FinalizeFacts): string[] {
  const { of, plan } = facts;
  if (plan.name === 'db-upgrade') return costsOfFinalizeDatabase(facts);
  if (plan.name === 'recover') return costsOfAsides(cluster, facts);
  const servers = serversOf(plan);
  return servers === undefined
    ? [`${asideName(of)} is dropped: what was written between the backup and ${of} cannot be had back after that`]
    : [...costsOfFinalizeWayBack(facts, servers), ...costsOfAsides(cluster, facts)];
}
