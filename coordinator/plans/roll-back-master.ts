// The master's server of the version before serves again: as it was left, or as a copy of the standby's, or from the run's
// backup. Never are there two servers into which clients could write.
import { backupComplete } from '../checks/backup-complete.ts';
import type { CheckRef } from '../checks/check.ts';
import { noOpenPrimary } from '../checks/no-open-primary.ts';
import { roomForServer } from '../checks/room-for-server.ts';
import { rowsAsBackedUp } from '../checks/rows-as-backed-up.ts';
import { serverAsBefore } from '../checks/server-as-before.ts';
import { databaseNodes, nameOf } from '../checks/server-facts.ts';
import { serverInService } from '../checks/server-in-service.ts';
import { serverUsable } from '../checks/server-usable.ts';
import { unitsStopped } from '../checks/units-stopped.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { gate, noUndo, type Unphased } from './items.ts';
import { serverMs } from './predictions.ts';
import { appNodes } from './preflight.ts';
import { guide } from './roll-back-around.ts';
import { databaseCopyTimeoutMs, jobsOf, made, returnServer, startServer, stopServer } from './servers.ts';
import { copyServer, fenceServer } from './standby-servers.ts';
import { directoryIn, type RollbackFacts } from './way-back.ts';
import { isStandbyStill, madeOn, type ServersWay, serverOn } from './way-back-database.ts';

const again = noUndo('half gone back is no state to return to; retry is the way on');
const kept = noUndo('what it holds is kept, stopped, until baton run finalize');

/** A server holds more than its dump, and a disk of today does this while it does other things. */
const bytesPerMs = 10_000;

/** How long the data take to go through once, by the run's own backup: what is measured now would differ each time. */
export const dataMs = ({ parts }: RollbackFacts): number =>
  serverMs + Math.round((parts.find(({ part }) => part === 'database')?.bytes ?? 0) / bytesPerMs);

/** That the way which was planned is still there. */
export function looksAhead(cluster: Cluster, facts: RollbackFacts, way: ServersWay): Unphased[] {
  const [node, standby] = databaseNodes(cluster);
  const { from: major, to, name } = way;
  const usable = (on: string) => serverUsable.ref({ node: on, major, name });
  const directory = directoryIn(facts.plan) ?? '';
  const parts = [{ node, part: 'database' }];
  const checks: Record<ServersWay['master'], CheckRef[]> = {
    'as-it-is': way.isTouched ? [serverInService.ref({ node, major, name, as: 'primary' })] : [],
    start: [usable(node)],
    return: [usable(node)],
    copy: [usable(standby), ...(way.source === 'serves' ? [sourceServes(cluster, facts, way)] : [])],
    restore: [backupComplete.ref({ directory, backup: facts.of, parts, asked: 'verified' })],
  };
  const nodes = madeOn(cluster, way);
  const room = nodes.length === 0 ? [] : [roomForServer.ref({ nodes, from: major, to, name })];
  const ahead = [...checks[way.master], ...room];
  if (ahead.length === 0) return [];
  return [
    gate(`${guide} (looked at ahead)`, {
      id: 'preflight.way-back',
      title: `What ${nameOf({ major, name })} comes back from is there`,
      checks: ahead,
    }),
  ];
}

export function masterBack(cluster: Cluster, facts: RollbackFacts, way: ServersWay): Unphased[] {
  const [node, standby] = databaseNodes(cluster);
  const { from, to, name } = way;
  // While a run stands people act: a standby that somebody has promoted serves clients by now.
  const alone = noOpenPrimary.ref({ node: standby });
  const told = {
    before: way.master === 'copy' || way.master === 'restore' ? [...servicesStopped(cluster), alone] : [alone],
    until: 'master.start-services',
    then: serves(cluster, facts, way),
    takesPortalDown: true,
    undo: again,
  };
  const old = nameOf({ major: from, name });
  switch (way.master) {
    case 'as-it-is':
      return [];
    case 'start':
      return [
        startServer(
          `${guide}: the server was only stopped`,
          { node, major: from, name, as: 'primary' },
          { id: 'master.start-server', title: `Start ${old} on ${node} again`, ...told, predictedMs: serverMs },
        ),
      ];
    case 'return':
      return [
        returnServer(
          `${guide}: the old server was left as it was`,
          { node, from, to, name, as: 'primary' },
          { id: 'master.return-server', title: `Let ${old} serve again on ${node}`, ...told, predictedMs: serverMs },
        ),
      ];
    case 'copy':
      return [
        ...stopNewer(way, node, 'master', true),
        ...sourceUp(cluster, facts, way),
        copyFromStandby(cluster, facts, way, told),
      ];
    case 'restore':
      return [...stopNewer(way, node, 'master', true), restoreFromBackup(cluster, facts, way, told)];
  }
}

/** The newer server, wherever it may run: from here on nothing is written into it. */
export function stopNewer(
  { newer, to, name }: ServersWay,
  node: string,
  role: 'master' | 'standby',
  takesPortalDown: boolean,
): Unphased[] {
  if (!newer.includes(node)) return [];
  return [
    stopServer(
      `${guide}: the newer server is left`,
      { node, major: to, name },
      {
        id: `${role}.stop-newer`,
        title: `Make sure that ${nameOf({ major: to, name })} on ${node} is stopped, also after a reboot`,
        undo: kept,
        takesPortalDown,
        predictedMs: serverMs,
      },
    ),
  ];
}

/** What must be so before clients write again; afterwards it may differ. */
function serves(
  cluster: Cluster,
  facts: RollbackFacts,
  { from: major, name, master, recorded }: ServersWay,
): CheckRef[] {
  const [node] = databaseNodes(cluster);
  const asRecorded = recorded.includes(node) ? [serverAsBefore.ref({ node, record: facts.of })] : [];
  const asBackedUp = [rowsAsBackedUp.ref({ node, directory: directoryIn(facts.plan) ?? '', backup: facts.of })];
  return [
    serverInService.ref({ node, major, name, as: 'primary' }),
    ...(master === 'restore' ? asBackedUp : asRecorded),
  ];
}

/** The standby's server of the version before: a standby without a primary, or the temporary master, which is fenced. */
function sourceAs(cluster: Cluster, facts: RollbackFacts, { from, name }: ServersWay) {
  const [, node] = databaseNodes(cluster);
  const source = serverOn(facts, node, from, name);
  const as = source !== undefined && isStandbyStill(source) ? ('standby' as const) : ('primary' as const);
  return { node, major: from, name, as, fenced: source?.isFenced === true };
}

const sourceServes = (cluster: Cluster, facts: RollbackFacts, way: ServersWay): CheckRef =>
  serverInService.ref(sourceAs(cluster, facts, way));

/** It serves nobody but the copy: a server that was a master once stays fenced. */
function sourceUp(cluster: Cluster, facts: RollbackFacts, way: ServersWay): Unphased[] {
  const { from, to, name } = way;
  const source = sourceAs(cluster, facts, way);
  const { node, as, fenced } = source;
  const told = {
    title: `Let ${nameOf({ major: from, name })} answer on ${node}, to be copied from`,
    until: 'standby.rebuild',
    then: [serverInService.ref(source)],
    undo: again,
    takesPortalDown: true,
    predictedMs: serverMs,
  };
  const section = `${guide}: the standby’s server of the version before has all that was written into it`;
  const up: Record<NonNullable<ServersWay['source']>, Unphased[]> = {
    serves: [],
    start: [startServer(section, source, { id: 'standby.start-server', ...told })],
    return: [returnServer(section, { node, from, to, name, as }, { id: 'standby.return-server', ...told })],
  };
  const isOpen = as === 'primary' && !fenced;
  return [
    ...stopNewer(way, node, 'standby', true),
    ...up[way.source ?? 'serves'].map((item) =>
      isOpen && item.kind === 'step' ? { ...item, until: 'standby.fence' } : item,
    ),
    ...(isOpen
      ? [
          fenceServer(
            `${section}; clients must not reach it`,
            { node, major: from, name, as },
            {
              id: 'standby.fence',
              title: `Fence ${nameOf({ major: from, name })} on ${node} from clients`,
              until: 'standby.rebuild',
              undo: again,
              takesPortalDown: true,
            },
          ),
        ]
      : []),
  ];
}

type Told = Pick<Parameters<typeof made>[2], 'before' | 'until' | 'then' | 'takesPortalDown' | 'undo'>;

const servicesStopped = (cluster: Cluster): CheckRef[] =>
  appNodes(cluster).map((node) => unitsStopped.ref({ node, units: cluster.application.units }));

function copyFromStandby(cluster: Cluster, facts: RollbackFacts, { from, to, name }: ServersWay, told: Told): Unphased {
  const [node, source] = databaseNodes(cluster);
  return copyServer(
    `${guide} › Restore from Backup: from the standby, which has all that was written until the upgrade`,
    cluster,
    { node, major: from, name },
    // What is replaced shares its files with the newer server: nothing is in it that the newer one lacks.
    { source, asStandby: false, keep: false },
    {
      id: 'master.copy-server',
      title: `Make ${nameOf({ major: from, name })} on ${node} a copy of the one on ${source}`,
      deviation: `not from a backup: the server of ${from} on ${source} is the newer state; that of ${to} on ${node} is kept, stopped`,
      ...told,
      predictedMs: dataMs(facts),
    },
  );
}

function restoreFromBackup(cluster: Cluster, facts: RollbackFacts, { from, name }: ServersWay, told: Told): Unphased {
  const [node] = databaseNodes(cluster);
  const action = {
    ...{ kind: 'restoreServer' as const, directory: directoryIn(facts.plan) ?? '', backup: facts.of },
    ...{ database: cluster.database.name, major: from, name, jobs: jobsOf(cluster), run: '{{run}}' },
  };
  return made(
    `${guide} › Restore from Backup`,
    node,
    {
      id: 'master.restore-server',
      title: `Make ${nameOf({ major: from, name })} on ${node} anew from the backup ${facts.of}`,
      ...told,
      predictedMs: 2 * dataMs(facts),
    },
    { action, timeoutMs: databaseCopyTimeoutMs, then: [] },
  );
}
