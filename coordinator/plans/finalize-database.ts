// `baton run finalize` of a database upgrade: the old servers, which it has kept on both nodes, are removed with their data.
import { fail, ok, type Result } from '../../shared/failures.ts';
import { replicationStreaming } from '../checks/replication-streaming.ts';
import { databaseNodes } from '../checks/server-facts.ts';
import { serverInService } from '../checks/server-in-service.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { FinalizeFacts } from './finalize.ts';
import { gate, noUndo, phase } from './items.ts';
import type { Plan, PlanItem } from './plan.ts';
import { serverMs } from './predictions.ts';
import { agents } from './preflight.ts';
import { dropServer, type Majors } from './servers.ts';

const section = 'beyond the guide: the old servers that a database upgrade has kept take room';

/** Only one that ended well, or a recovery after it, has left the new servers in service; the plan's gate sees whether they are. */
export function judgeFinalizeDatabase({ of, state }: FinalizeFacts): Result<void> {
  const { ended, successor } = state;
  if (ended?.status === 'succeeded' || (ended !== undefined && successor?.plan === 'recover')) return ok(undefined);
  const back =
    ended !== undefined && successor === undefined
      ? `; to give up what it has left, baton run rollback ${of} first`
      : '';
  return fail(
    'not-in-state',
    `run ${of} is ${state.status}: its old servers may still be needed${back}; what a rollback of it has kept is given up by the id of that rollback`,
  );
}

/** As the run has found and named them. */
function majorsOf({ parameters: { from, to, name } }: Plan): Majors {
  if (typeof from !== 'number' || typeof to !== 'number' || typeof name !== 'string')
    throw new Error('the plan of a database upgrade does not say of which servers it is');
  return { from, to, name };
}

export function finalizeDatabase(cluster: Cluster, { plan }: FinalizeFacts): PlanItem[] {
  const { from, to, name } = majorsOf(plan);
  const [master, standby] = databaseNodes(cluster);
  return [
    ...phase('Preflight', [
      agents(),
      gate(section, {
        id: 'preflight.servers',
        title: `PostgreSQL ${to} serves on both nodes, and the standby streams`,
        checks: [
          serverInService.ref({ node: master, major: to, name, as: 'primary' }),
          serverInService.ref({ node: standby, major: to, name, as: 'standby' }),
          replicationStreaming.ref({}),
        ],
      }),
    ]),
    ...phase(
      'Finalize',
      // The master's last: it is the one that a person would still want to look into.
      [standby, master].map((node) =>
        dropServer(
          section,
          { node, major: from, name },
          {
            id: `finalize.${node}.drop-server`,
            title: `Remove ${from}/${name} on ${node} with its data`,
            undo: noUndo('what was removed is gone; PostgreSQL of the newer version has all of it'),
            ...(node === master && {
              pointOfNoReturn: `PostgreSQL ${from} and its data as they were before the upgrade are gone then; going back is a restore from a backup.`,
            }),
            predictedMs: serverMs,
          },
        ),
      ),
    ),
  ];
}

export function costsOfFinalizeDatabase({ of, plan }: FinalizeFacts): string[] {
  const { from, name } = majorsOf(plan);
  return [`${from}/${name} is removed on both nodes: run ${of} can no longer be rolled back after that`];
}
