// Guide › Database Upgrade Steps › Step 2: Upgrade Slave Node. The standby becomes a temporary master, which no client may
// reach, and is upgraded as the master was; or, where asked, it is only set aside and made anew from the upgraded master.
import { minutes, seconds } from '../../shared/units.ts';
import { portalAnswers } from '../checks/portal-answers.ts';
import { serverAsBefore } from '../checks/server-as-before.ts';
import { databaseNodes } from '../checks/server-facts.ts';
import { serverInService } from '../checks/server-in-service.ts';
import { unitsActive } from '../checks/units-active.ts';
import { unitsStopped } from '../checks/units-stopped.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { gate, noUndo, step, type Unphased } from './items.ts';
import { serverMs } from './predictions.ts';
import { appNodes } from './preflight.ts';
import { recordServer, type ServerAt, startAction, startServer, stopServer, upgradeServer } from './servers.ts';
import { fenceServer } from './standby-servers.ts';
import type { DatabaseUpgrade } from './upgrade-database-master.ts';

const section = 'Step 2: Upgrade Slave Node';
const promotion = 'master.sh';
/** It is rebuilt from the master afterwards, whatever became of it. */
const madeAnew = noUndo('the standby is made anew from the master, whatever became of it');

/** As the guide says: promote, upgrade. */
export function promoteAndUpgrade(cluster: Cluster, upgrade: DatabaseUpgrade): Unphased[] {
  const { from, to, name, mode, dataMs } = upgrade;
  const [master, node] = databaseNodes(cluster);
  const [, appStandby] = appNodes(cluster);
  const { units } = cluster.application;
  const old = { node, major: from, name };
  const masterServes = serverInService.ref({ node: master, major: to, name, as: 'primary' });
  return [
    record(cluster, upgrade, old, 'standby.fence'),
    fenceServer(
      'beyond the guide: nobody may write into a temporary master, since that would be lost',
      { ...old, as: 'standby' },
      {
        id: 'standby.fence',
        title: `Fence ${from}/${name} on ${node} from clients`,
        before: [masterServes],
        until: 'standby.promote',
        undo: {
          title: `Open ${from}/${name} on ${node} to clients again`,
          action: { kind: 'unfenceServer' },
          timeoutMs: minutes(5),
          before: [],
          then: [serverInService.ref({ ...old, as: 'standby' })],
          thenWithinMs: seconds(30),
          onlyBefore: {
            step: 'standby.promote',
            because: 'it may be a temporary master now, into which nobody may write',
          },
        },
        predictedMs: seconds(2),
      },
    ),
    step(`${section} › Promote Slave to Master: sh master.sh`, {
      id: 'standby.promote',
      title: `Promote ${node} to a temporary master by ${promotion}`,
      node,
      action: { kind: 'runHaScript', script: promotion },
      timeoutMs: minutes(10),
      before: [
        masterServes,
        serverInService.ref({ ...old, as: 'standby', fenced: true }),
        unitsStopped.ref({ node: appStandby, units }),
      ],
      then: [serverInService.ref({ ...old, as: 'primary', fenced: true })],
      until: 'standby.upgrade-server',
      undo: madeAnew,
      predictedMs: seconds(10),
    }),
    staysTemporary(cluster, upgrade),
    upgradeServer(
      `${section} › Upgrade the Node: Standalone PostgreSQL Upgrade Guide`,
      cluster,
      { node, from, to, name, mode },
      {
        id: 'standby.upgrade-server',
        title: `Upgrade ${from}/${name} to ${to}/${name} on ${node} by ${mode}`,
        until: 'standby.start-server',
        undo: madeAnew,
        predictedMs: mode === 'copy' ? dataMs : serverMs,
      },
    ),
    startServer(
      `${section} › Upgrade the Node: start the new server`,
      { node, major: to, name, as: 'primary', fenced: true },
      {
        id: 'standby.start-server',
        title: `Start ${to}/${name} on ${node}, and see that it is as before`,
        then: [
          serverInService.ref({ node, major: to, name, as: 'primary', fenced: true }),
          serverAsBefore.ref({ node, record: '{{run}}' }),
        ],
        // What is done over again with a rebuild that failed finds another server in its place.
        until: 'master.create-slot',
        undo: madeAnew,
        ...(mode === 'link' && {
          pointOfNoReturn: `The server of ${from} on ${node} is spent from here on too: what is left to go back to is ${
            cluster.backup === undefined ? 'a backup or a VM snapshot of your own' : 'this run’s backup'
          }.`,
        }),
        predictedMs: serverMs,
      },
    ),
  ];
}

/** The script must not have taken services or the clients' address from the master, which has them. */
function staysTemporary(cluster: Cluster, { to, name }: DatabaseUpgrade): Unphased {
  const [master, node] = databaseNodes(cluster);
  const [appMaster, appStandby] = appNodes(cluster);
  const { units } = cluster.application;
  return gate('Step 2: Upgrade Slave Node › temporary master mode', {
    id: 'standby.stays-temporary',
    title: `${node} is a temporary master only: clients are served by ${appMaster}`,
    checks: [
      unitsStopped.ref({ node: appStandby, units }),
      unitsActive.ref({ node: appMaster, units, activeForMs: 0 }),
      portalAnswers.ref({ version: null }),
      // Its own server was seen behind its fence after the promotion: an upgrade of it that failed halfway has stopped it.
      serverInService.ref({ node: master, major: to, name, as: 'primary' }),
    ],
    withinMs: seconds(30),
  });
}

/** Instead: the old server is stopped and kept, as it was when the master stopped. */
export function setAside(cluster: Cluster, upgrade: DatabaseUpgrade): Unphased[] {
  const { from, name } = upgrade;
  const [, node] = databaseNodes(cluster);
  const old = { node, major: from, name };
  return [
    record(cluster, upgrade, old, 'standby.stop-server'),
    stopServer(`${section} (rebuilt instead of promoted: --standby rebuild)`, old, {
      id: 'standby.stop-server',
      title: `Stop ${from}/${name} on ${node}`,
      deviation: 'not promoted and upgraded, but made anew from the upgraded master: never are there two masters',
      undo: {
        title: `Start ${from}/${name} on ${node} again`,
        ...startAction(old),
        before: [],
        then: [serverInService.ref({ ...old, as: 'standby' })],
        thenWithinMs: minutes(1),
        onlyBefore: { step: 'standby.rebuild', because: 'the new server may be in its place' },
      },
      predictedMs: serverMs,
    }),
  ];
}

function record(cluster: Cluster, { from, name, dataMs }: DatabaseUpgrade, old: ServerAt, until: string): Unphased {
  return recordServer(
    `${section} › Standalone PostgreSQL Upgrade Guide: what must be carried over`,
    cluster,
    { ...old, as: 'standby' },
    {
      id: 'standby.record-server',
      title: `Record on ${old.node} what ${from}/${name} is and holds`,
      until,
      undo: noUndo('Baton’s own record, which disturbs nothing'),
      isHarmless: true,
      predictedMs: dataMs,
    },
  );
}
