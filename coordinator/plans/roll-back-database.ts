// Guide › Rollback to Previous Version, of a database upgrade: observer, services, the master's server of the version before
// by whichever way is left, services again, then the standby's, observer. What the newer servers hold is kept until finalize.
import { minutes, seconds } from '../../shared/units.ts';
import { portalAnswers } from '../checks/portal-answers.ts';
import { replicationStreaming } from '../checks/replication-streaming.ts';
import { serverAsBefore } from '../checks/server-as-before.ts';
import { databaseNodes } from '../checks/server-facts.ts';
import { serverInService } from '../checks/server-in-service.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { setSettings, settingsFor } from './database-settings.ts';
import { armFailover, whileSuspended } from './failover.ts';
import { gate, noUndo, phase, type Unphased } from './items.ts';
import type { PlanItem } from './plan.ts';
import { agents, appNodes } from './preflight.ts';
import { guide, removeTestFile, suspend } from './roll-back-around.ts';
import { looksAhead, masterBack } from './roll-back-master.ts';
import { standbyBack } from './roll-back-standby.ts';
import { sanityAfter } from './sanity.ts';
import { startServices, stayStopped, stopServices } from './services.ts';
import { dataIsSynchronized, resourcesAreUsual, servicesAreHealthy } from './verification.ts';
import { type RollbackFacts, wayBack } from './way-back.ts';
import { type ServersWay, wayBackOfDatabase } from './way-back-database.ts';

/** A standby that was made anew has to receive what was written meanwhile. */
const catchUpMs = minutes(60);

export function rollBackDatabase(cluster: Cluster, facts: RollbackFacts): PlanItem[] {
  const around = wayBack(cluster, facts);
  const way = wayBackOfDatabase(cluster, facts);
  return [
    ...phase('Preflight', [agents(), ...looksAhead(cluster, facts, way)]),
    ...phase('Suspend failover', around.isTouched ? suspend(cluster, around) : []),
    ...whileSuspended([
      ...phase('Stop services', stopAll(cluster, way)),
      ...phase('Master', [
        ...masterBack(cluster, facts, way),
        ...settingsBack(cluster, facts, way, 'master'),
        ...(around.services.length === 0
          ? []
          : [startServices(`${guide} › Restart Services`, master(cluster), cluster, null)]),
      ]),
      ...phase('Standby', [
        ...standbyBack(cluster, facts, way),
        ...settingsBack(cluster, facts, way, 'standby'),
        ...(way.scripted.length === 0
          ? []
          : [
              stayStopped(
                `${guide} › Restart Services: those of the standby stay stopped`,
                appNodes(cluster)[1],
                cluster,
              ),
            ]),
      ]),
    ]),
    ...phase(
      'Arm failover',
      around.isTouched ? [...caughtUp(way), armFailover(`${guide} › Start Observer Service`, cluster)] : [],
    ),
    ...phase('Verify', [
      ...removeTestFile(cluster, around),
      servicesAreHealthy(cluster),
      ...dataIsSynchronized(),
      ...serversAreBack(cluster, facts, way),
      ...sanityAfter(cluster, false),
      resourcesAreUsual(cluster),
    ]),
  ];
}

const master = (cluster: Cluster): string => appNodes(cluster)[0];

/** Whatever writes into the newer server, and what an HA script may have started on the standby. */
function stopAll(cluster: Cluster, way: ServersWay): Unphased[] {
  const [own, other] = appNodes(cluster);
  const section = `${guide} › Restart Services: nothing may write into a server that is left`;
  const stop = (role: 'master' | 'standby', node: string) =>
    stopServices(section, cluster.application, {
      id: `${role}.stop-services`,
      title: `Make sure that the services on ${node} are stopped`,
      node,
      until: role === 'master' ? 'master.start-services' : 'end',
      undo: noUndo(
        role === 'master'
          ? 'they stay stopped until a server of the version before serves; retry is the way on'
          : 'stopped is the steady state of the standby’s services',
      ),
      takesPortalDown: role === 'master',
    });
  return [
    ...(way.scripted.length === 0 ? [] : [stop('standby', other)]),
    ...(way.master === 'as-it-is' ? [] : [stop('master', own)]),
  ];
}

/** What other software was told of the newer server; the master's first, before its services start. */
function settingsBack(
  cluster: Cluster,
  { plan }: RollbackFacts,
  { settings, from }: ServersWay,
  role: 'master' | 'standby',
): Unphased[] {
  const [own, other] = databaseNodes(cluster);
  const nodes = settings.filter((node) => (node === own) === (role === 'master'));
  return nodes.flatMap((node) =>
    setSettings(`${guide}: what the HA software is told of the server`, plan.cluster, {
      id: `${node === own ? 'master' : node === other ? 'standby' : node}.settings`,
      node,
      major: from,
      back: noUndo('it belongs to the server that serves again; retry is the way on'),
      takesPortalDown: role === 'master',
    }),
  );
}

function caughtUp({ isTouched }: ServersWay): Unphased[] {
  if (!isTouched) return [];
  return [
    gate('beyond the guide: an observer that fails over to a standby which lags loses what it lags behind', {
      id: 'restored.replication',
      title: 'The standby streams from the server that serves again',
      checks: [replicationStreaming.ref({})],
      withinMs: catchUpMs,
      everyMs: seconds(5),
    }),
  ];
}

function serversAreBack(cluster: Cluster, { of, plan }: RollbackFacts, way: ServersWay): Unphased[] {
  const { from, name, recorded, settings, isTouched } = way;
  if (!isTouched) return [];
  const [own, other] = databaseNodes(cluster);
  return [
    gate('Post-Upgrade › Step 3: Service Health Verification › PostgreSQL', {
      id: 'verify.servers',
      title: `PostgreSQL ${from} serves on ${own} and ${other} as before run ${of}`,
      checks: [
        serverInService.ref({ node: own, major: from, name, as: 'primary' }),
        serverInService.ref({ node: other, major: from, name, as: 'standby' }),
        ...recorded.map((node) => serverAsBefore.ref({ node, record: of, withoutContent: true })),
        ...settingsFor(plan.cluster, settings, from),
        portalAnswers.ref({ version: null }),
      ],
      withinMs: minutes(1),
    }),
  ];
}
