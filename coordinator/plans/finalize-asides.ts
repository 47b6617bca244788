// `baton run finalize` of what copies and restores of whole servers have set aside: the data that a node had before a recovery
// gave it other data, or a rollback restored its server. Only what that very run has set aside is removed.
import { fail, ok, type Result } from '../../shared/failures.ts';
import { masterIsPrimary } from '../checks/master-is-primary.ts';
import { replicationStreaming } from '../checks/replication-streaming.ts';
import { databaseNodes } from '../checks/server-facts.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { stepsBegun } from '../sequencer/begun.ts';
import type { FinalizeFacts } from './finalize.ts';
import { gate, noUndo, phase, type Unphased } from './items.ts';
import type { PlanItem } from './plan.ts';
import { serverMs } from './predictions.ts';
import { agents } from './preflight.ts';
import { dropAsides } from './standby-servers.ts';

const section = 'beyond the guide: what a recovery or a rollback has set aside takes room';

/** Nodes on which the run may have set data of a server aside, the master last: the one that a person would look into. */
export function nodesWithAsides(cluster: Cluster, { plan, state }: FinalizeFacts): string[] {
  const kept = stepsBegun(plan, state).flatMap(({ node, action }) =>
    action.kind === 'restoreServer' || (action.kind === 'copyServer' && action.keep) ? [node] : [],
  );
  return databaseNodes(cluster)
    .toReversed()
    .filter((node) => kept.includes(node));
}

export function dropAsidesOf(cluster: Cluster, facts: FinalizeFacts): Unphased[] {
  const nodes = nodesWithAsides(cluster, facts);
  return nodes.map((node) =>
    dropAsides(section, node, facts.of, {
      id: `finalize.${node}.drop-asides`,
      title: `Remove what ${facts.of} has set aside of PostgreSQL's data on ${node}`,
      undo: noUndo('what was removed is gone; nothing has served from it since it was set aside'),
      ...(node === nodes.at(-1) && {
        pointOfNoReturn: `What was in that data and is not in the cluster is lost with it.`,
      }),
      predictedMs: serverMs,
    }),
  );
}

export function judgeFinalizeRecovery(cluster: Cluster, facts: FinalizeFacts): Result<void> {
  const { of, state } = facts;
  if (state.ended === undefined)
    return fail('not-in-state', `run ${of} is ${state.status}: what it has set aside may still be needed`);
  if (nodesWithAsides(cluster, facts).length === 0)
    return fail('not-in-state', `run ${of} has set nothing aside; there is nothing to give up`);
  return ok(undefined);
}

export function finalizeRecovery(cluster: Cluster, facts: FinalizeFacts): PlanItem[] {
  return [
    ...phase('Preflight', [
      agents(),
      gate(section, {
        id: 'preflight.databases',
        title: 'The master’s database is the primary, and the standby streams',
        checks: [masterIsPrimary.ref({}), replicationStreaming.ref({})],
      }),
    ]),
    ...phase('Finalize', dropAsidesOf(cluster, facts)),
  ];
}

export const costsOfAsides = (cluster: Cluster, facts: FinalizeFacts): string[] =>
  nodesWithAsides(cluster, facts).map(
    (node) =>
      `what ${facts.of} has set aside on ${node} is removed: rows that are only there cannot be had back after that`,
  );
