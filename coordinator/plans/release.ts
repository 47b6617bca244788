// The installer's way: staged into a private directory, made executable, run.
import { minutes, seconds } from '../../shared/units.ts';
import { releaseExecutable } from '../checks/release-executable.ts';
import { releaseStaged } from '../checks/release-staged.ts';
import { unitsStopped } from '../checks/units-stopped.ts';
import { versionIs } from '../checks/version-is.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { noUndo, step, type Unphased } from './items.ts';
import { installerMs, requestMs, stageMs } from './predictions.ts';

export interface Release {
  name: string;
  sha256: string;
  sizeBytes: number;
}

/** Slower than this, staging is given up. */
const stageBytesPerMsLeast = 500;

/** Copies the installer to each node and compares its sum there; holds until the item that is told for the node. */
export function stageRelease(
  section: string,
  nodes: string[],
  release: Release,
  until: (node: string) => string,
): Unphased[] {
  const { name, sha256, sizeBytes } = release;
  return nodes.map((node) =>
    step(section, {
      id: `stage.${node}`,
      title: `Stage ${name} on ${node}`,
      deviation: 'into a directory of root’s own (0700), compared by SHA-256, instead of a copy into a home directory',
      node,
      action: { kind: 'stageRelease', name, sha256, sizeBytes },
      timeoutMs: minutes(10) + Math.round(sizeBytes / stageBytesPerMsLeast),
      then: [releaseStaged.ref({ nodes: [node], name, sha256, sizeBytes })],
      until: until(node),
      undo: noUndo('Baton’s own copy in its private directory, which disturbs nothing'),
      isHarmless: true,
      predictedMs: stageMs(sizeBytes),
    }),
  );
}

/** Grant Execute Permissions. */
export function makeExecutable(section: string, role: 'master' | 'standby', node: string, release: Release): Unphased {
  const { name, sha256 } = release;
  return step(section, {
    id: `${role}.make-executable`,
    title: `Make the installer executable on ${node}`,
    deviation: '0700 instead of chmod 777: nobody but root may change or run it',
    node,
    action: { kind: 'makeExecutable', name, sha256 },
    timeoutMs: minutes(5),
    then: [releaseExecutable.ref({ node, name, sha256 })],
    until: `${role}.install`,
    undo: noUndo('Baton’s own copy in its private directory, which disturbs nothing'),
    isHarmless: true,
    predictedMs: requestMs,
  });
}

const goingBack = ({ backup }: Cluster): string =>
  backup === undefined
    ? 'From here on, going back means restoring application and database from a backup or a VM snapshot of both nodes, by hand: this run takes none.'
    : 'From here on, going back (baton run rollback) restores application and database from this run’s backup; what was written since is then in the database that is set aside.';

/** Run the Installer, Monitor, Verify Completion: the exit status alone is never believed. */
export function runInstaller(
  section: string,
  role: 'master' | 'standby',
  node: string,
  cluster: Cluster,
  release: Release,
  toVersion: string,
): Unphased {
  const { name, sha256, sizeBytes } = release;
  const { progress, units, installerTimeoutMs } = cluster.application;
  return step(section, {
    id: `${role}.install`,
    title: `Run the installer on ${node}`,
    node,
    action: { kind: 'runInstaller', name, sha256, ...(progress && { progressPattern: progress.pattern }) },
    timeoutMs: installerTimeoutMs,
    before: [unitsStopped.ref({ node, units }), releaseStaged.ref({ nodes: [node], name, sha256, sizeBytes })],
    then: [versionIs.ref({ nodes: [node], version: toVersion })],
    thenWithinMs: seconds(10),
    until: 'end',
    // A half-done installer may have started what has to be stopped.
    redo: [`${role}.stop-services`],
    undo: noUndo(
      `the installed version stays; ${cluster.backup === undefined ? 'without a backup of this run there is no rollback' : `baton run rollback goes back from ${toVersion} by this run’s backup`}`,
    ),
    ...(role === 'master' && {
      pointOfNoReturn: `The installer migrates the database’s schema. ${goingBack(cluster)}`,
    }),
    takesPortalDown: role === 'master',
    predictedMs: installerMs,
  });
}
