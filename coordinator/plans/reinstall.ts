// Guide › Rollback to Previous Version › Reinstall Previous Version: the previous version’s installer is staged and run, where
// the operator asks for it, instead of bringing the application’s trees back from the run’s backup.
import { seconds } from '../../shared/units.ts';
import { releaseStaged } from '../checks/release-staged.ts';
import { schemaAsBackedUp } from '../checks/schema-as-backed-up.ts';
import { unitsStopped } from '../checks/units-stopped.ts';
import { versionIs } from '../checks/version-is.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { gate, noUndo, step, type Unphased } from './items.ts';
import { installerMs } from './predictions.ts';
import { appNodes } from './preflight.ts';
import { makeExecutable, type Release, stageRelease } from './release.ts';
import { restoreDatabase, restoreTrees } from './restore.ts';
import { guide } from './roll-back-around.ts';
import { stopServices } from './services.ts';
import type { RollbackFacts, WayBack } from './way-back.ts';

const section = `${guide} › Reinstall Previous Version`;

type Role = 'master' | 'standby';
const roleOf = (cluster: Cluster, node: string): Role => (node === appNodes(cluster)[0] ? 'master' : 'standby');

/** Copies the installer to the nodes that need it, before anything is stopped. */
export function stagePrevious(cluster: Cluster, { installed, reinstalled }: WayBack): Unphased[] {
  if (reinstalled === undefined) return [];
  return stageRelease(section, installed, reinstalled, (node) => `${roleOf(cluster, node)}.install`);
}

/**
 * The database first, so that the previous version’s installer finds what it knows; then the installer, whose services are
 * stopped again; then the configuration, which an installer may have changed.
 */
export function reinstallAll(cluster: Cluster, facts: RollbackFacts, way: WayBack, release: Release): Unphased[] {
  return way.installed.flatMap((node) => {
    const own = way.restored.filter((part) => part.node === node);
    return [
      ...own.filter(({ part }) => part === 'database').map((part) => restoreDatabase(cluster, facts, part)),
      makeExecutable(section, roleOf(cluster, node), node, release),
      installPrevious(cluster, way, node, release),
      stopWhatItStarted(cluster, node),
      ...own.filter(({ part }) => part !== 'database').map((part) => restoreTrees(cluster, facts, way, part)),
    ];
  });
}

function installPrevious(cluster: Cluster, { versions }: WayBack, node: string, release: Release): Unphased {
  const { name, sha256, sizeBytes } = release;
  const { progress, units, installerTimeoutMs } = cluster.application;
  const role = roleOf(cluster, node);
  const version = versions[node] ?? '';
  return step(section, {
    id: `${role}.install`,
    title: `Install version ${version} again on ${node}`,
    node,
    action: { kind: 'runInstaller', name, sha256, ...(progress && { progressPattern: progress.pattern }) },
    timeoutMs: installerTimeoutMs,
    before: [unitsStopped.ref({ node, units }), releaseStaged.ref({ nodes: [node], name, sha256, sizeBytes })],
    then: [versionIs.ref({ nodes: [node], version })],
    thenWithinMs: seconds(10),
    thenMayHoldBefore: true,
    until: 'end',
    // A half-done installer may have started what has to be stopped.
    redo: [`${role}.stop-services`],
    undo: noUndo('what it has replaced was the half upgraded one; retry is the way on'),
    takesPortalDown: role === 'master',
    predictedMs: installerMs,
  });
}

function stopWhatItStarted(cluster: Cluster, node: string): Unphased {
  const role = roleOf(cluster, node);
  return stopServices(`${section}: nothing may run on what is restored next`, cluster.application, {
    id: `${role}.stop-services-again`,
    title: `Stop the services on ${node} that the installer started`,
    node,
    until: role === 'master' ? 'master.start-services' : 'end',
    undo: noUndo(
      role === 'master'
        ? 'they stay stopped, since what they would work with is half restored; retry is the way on'
        : 'stopped is the steady state of the standby’s services',
    ),
    takesPortalDown: role === 'master',
  });
}

/** An installer may change a database that was already as it should be; nothing else would tell. */
export function schemaIsLeft(
  cluster: Cluster,
  { parts }: RollbackFacts,
  { installed, reinstalled }: WayBack,
): Unphased[] {
  const schemaDigest = parts.find(({ part, complete }) => part === 'database' && complete)?.schemaDigest ?? '';
  if (reinstalled === undefined || schemaDigest === '' || !installed.includes(appNodes(cluster)[0])) return [];
  return [
    gate(`${section}: what it has done to the database`, {
      id: 'verify.schema',
      title: `The database ${cluster.database.name} has the schema of the backup`,
      checks: [schemaAsBackedUp.ref({ schemaDigest })],
    }),
  ];
}
