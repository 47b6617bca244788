// `baton run finalize` of a rollback of a database upgrade: the newer servers, which it has kept with what was written into
// them, are removed on both nodes.
import { replicationStreaming } from '../checks/replication-streaming.ts';
import { databaseNodes } from '../checks/server-facts.ts';
import { serverInService } from '../checks/server-in-service.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { FinalizeFacts } from './finalize.ts';
import { dropAsidesOf } from './finalize-asides.ts';
import { gate, noUndo, phase } from './items.ts';
import type { Plan, PlanItem } from './plan.ts';
import { serverMs } from './predictions.ts';
import { agents } from './preflight.ts';
import { dropServer, type Majors } from './servers.ts';

const section = 'beyond the guide: the newer servers that a rollback has left take room';

/** Of which servers a rollback was; undefined of one that touched none. */
export const serversOf = ({ parameters }: Plan): Majors | undefined => parameters.servers as Majors | undefined;

export function finalizeWayBack(cluster: Cluster, facts: FinalizeFacts, { from, to, name }: Majors): PlanItem[] {
  const { of } = facts;
  const [master, standby] = databaseNodes(cluster);
  return [
    ...phase('Preflight', [
      agents(),
      gate(section, {
        id: 'preflight.servers',
        title: `PostgreSQL ${from} serves on both nodes, and the standby streams`,
        checks: [
          serverInService.ref({ node: master, major: from, name, as: 'primary' }),
          serverInService.ref({ node: standby, major: from, name, as: 'standby' }),
          replicationStreaming.ref({}),
        ],
      }),
    ]),
    ...phase('Finalize', [
      ...dropAsidesOf(cluster, facts),
      // The master's last: only there clients may have written.
      ...[standby, master].map((node) =>
        dropServer(
          section,
          { node, major: to, name },
          {
            id: `finalize.${node}.drop-server`,
            title: `Remove ${to}/${name} on ${node} with its data, if it is there`,
            undo: noUndo(`what was removed is gone; it was what the rollback ${of} had left`),
            ...(node === master && {
              pointOfNoReturn: `What was written between the upgrade and the rollback ${of} is in ${to}/${name} on ${master} only, and is lost with it.`,
            }),
            predictedMs: serverMs,
          },
        ),
      ),
    ]),
  ];
}

export const costsOfFinalizeWayBack = ({ of }: FinalizeFacts, { to, name }: Majors): string[] => [
  `${to}/${name} is removed on both nodes: what was written between the upgrade and ${of} cannot be had back after that`,
];
