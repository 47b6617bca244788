// Guide › Database Upgrade Steps › Step 1: Upgrade Master Node. From the stop of the services to the moment when clients
// write again; until then an abort brings the old server back.
import { minutes } from '../../shared/units.ts';
import { noOpenPrimary } from '../checks/no-open-primary.ts';
import { serverAsBefore } from '../checks/server-as-before.ts';
import { databaseNodes } from '../checks/server-facts.ts';
import { serverInService } from '../checks/server-in-service.ts';
import { serverStopped } from '../checks/server-stopped.ts';
import { standbyHasAll } from '../checks/standby-has-all.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { setSettings } from './database-settings.ts';
import { noUndo, type Unphased } from './items.ts';
import type { Undo } from './plan.ts';
import { serverMs } from './predictions.ts';
import { appNodes } from './preflight.ts';
import {
  type Majors,
  recordServer,
  returnAction,
  startAction,
  startServer,
  stopServer,
  type UpgradeMode,
  upgradeServer,
} from './servers.ts';
import { startServices } from './services.ts';

/** What is upgraded, and how. */
export interface DatabaseUpgrade extends Majors {
  mode: UpgradeMode;
  /** promote: as the guide says; rebuild: a copy of the upgraded master. */
  standby: 'promote' | 'rebuild';
  /** How long the data are predicted to take to go through once; what was read of them would differ from one look to the next. */
  dataMs: number;
}

const section = 'Step 1: Upgrade Master Node › Standalone PostgreSQL Upgrade Guide';

/** As long as the newer server has seen no client, the old one can come back without loss. */
const endOfReturn = ({ mode, from }: DatabaseUpgrade): NonNullable<Undo['onlyBefore']> =>
  mode === 'link'
    ? {
        step: 'master.start-server',
        because: `the server of ${from} shares its files with the newer one, which was started; baton run rollback goes back another way`,
      }
    : {
        step: 'master.start-services',
        because: 'clients may have written into the newer server since; baton run rollback says what going back costs',
      };

function backToOld(node: string, upgrade: DatabaseUpgrade): Undo {
  const { from, to, name } = upgrade;
  return {
    title: `Let ${from}/${name} serve again on ${node}`,
    ...returnAction({ from, to, name }),
    before: [],
    then: [serverInService.ref({ node, major: from, name, as: 'primary' })],
    thenWithinMs: minutes(1),
    onlyBefore: endOfReturn(upgrade),
  };
}

/** Record, stop, upgrade, adjust, start, compare. */
export function upgradeMaster(cluster: Cluster, upgrade: DatabaseUpgrade): Unphased[] {
  const { from, to, name, mode, dataMs } = upgrade;
  const [node, standby] = databaseNodes(cluster);
  const old = { node, major: from, name };
  return [
    recordServer(
      `${section}: what must be carried over`,
      cluster,
      { ...old, as: 'primary' },
      {
        id: 'master.record-server',
        title: `Record on ${node} what ${from}/${name} is and holds`,
        until: 'master.stop-server',
        undo: noUndo('Baton’s own record, which disturbs nothing'),
        isHarmless: true,
        takesPortalDown: true,
        predictedMs: dataMs,
      },
    ),
    stopServer(`${section}: stop the old server`, old, {
      id: 'master.stop-server',
      title: `Stop ${from}/${name} on ${node}, and see that ${standby} has all that it wrote`,
      deviation: 'the standby’s server is a way back for as long as it is not upgraded',
      then: [serverStopped.ref(old), standbyHasAll.ref({ major: from, name })],
      thenWithinMs: minutes(2),
      // No gate before the upgrade: one that failed halfway leaves a server that tells nothing of itself, and is repeated.
      until: 'master.upgrade-server',
      undo: {
        title: `Start ${from}/${name} on ${node} again`,
        ...startAction(old),
        before: [],
        then: [serverInService.ref({ ...old, as: 'primary' })],
        thenWithinMs: minutes(1),
        onlyBefore: endOfReturn(upgrade),
      },
      takesPortalDown: true,
      predictedMs: serverMs,
    }),
    upgradeServer(
      `${section}: pg_upgrade`,
      cluster,
      { node, from, to, name, mode },
      {
        id: 'master.upgrade-server',
        title: `Upgrade ${from}/${name} to ${to}/${name} on ${node} by ${mode}`,
        until: 'master.start-server',
        undo: backToOld(node, upgrade),
        takesPortalDown: true,
        predictedMs: mode === 'copy' ? dataMs : serverMs,
      },
    ),
    ...setSettings('Step 3: Reconfigure HA › what the HA software is told of the server', cluster, {
      id: 'master.settings',
      node,
      major: to,
      back: from,
      onlyBefore: endOfReturn(upgrade),
      takesPortalDown: true,
    }),
    startServer(
      `${section}: start the new server, statistics`,
      { node, major: to, name, as: 'primary', analyze: true },
      {
        id: 'master.start-server',
        title: `Start ${to}/${name} on ${node}, and see that it is as before`,
        // While a run stands people act: a standby that somebody has promoted serves clients by now.
        before: [noOpenPrimary.ref({ node: standby })],
        then: [
          serverInService.ref({ node, major: to, name, as: 'primary' }),
          serverAsBefore.ref({ node, record: '{{run}}' }),
        ],
        // Clients write after that, and what they write is not as before.
        until: 'master.start-services',
        undo:
          mode === 'link'
            ? noUndo(`its files are those of ${from}/${name}, which can no longer be started`)
            : backToOld(node, upgrade),
        ...(mode === 'link' && { pointOfNoReturn: afterLink(cluster, upgrade) }),
        takesPortalDown: true,
        predictedMs: serverMs,
      },
    ),
  ];
}

const afterLink = (cluster: Cluster, { from }: DatabaseUpgrade): string =>
  `The new server writes into the files of ${from}: from here on going back (baton run rollback) is a copy of the standby’s server, as long as that is not upgraded, or a restore ${
    cluster.backup === undefined ? 'by hand, since this run takes no backup' : 'of this run’s backup'
  }.`;

/** The portal is back: from here on clients write into the new server. */
export function serveAgain(cluster: Cluster, { from, to, name, mode }: DatabaseUpgrade): Unphased {
  const [appMaster] = appNodes(cluster);
  const [node] = databaseNodes(cluster);
  const start = startServices(`${section}: start services`, appMaster, cluster, null);
  const cost = `From here on clients write into the server of ${to} only: going back (baton run rollback) leaves what they wrote there, stopped, until baton run finalize; ${from} has it not. Its plan says how many rows.`;
  return {
    ...start,
    then: [...start.then, serverInService.ref({ node, major: to, name, as: 'primary' })],
    ...(mode === 'copy' && { pointOfNoReturn: cost }),
  };
}
