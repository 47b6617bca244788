// From a run's plan and its folded journal: what has to be taken back, and to what. What was begun counts, not what was
// finished; who is what now is read from the nodes and never assumed. Pure.
import type { AnswerOf } from '../../shared/actions/action.ts';
import type { PartName } from '../../shared/actions/jobs/places.ts';
import type { FailoverText } from '../../shared/documents.ts';
import { isVersion } from '../../shared/release-version.ts';
import type { DatabaseState } from '../checks/database-noted.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { stepsBegun } from '../sequencer/begun.ts';
import { itemState, type RunState } from '../sequencer/state.ts';
import { databaseWay } from './database-way.ts';
import type { Plan, Step } from './plan.ts';
import { appNodes } from './preflight.ts';
import type { Release } from './release.ts';
import type { ServersNow } from './way-back-database.ts';

export type BackupPart = AnswerOf<'readBackups'>['parts'][number];

/** What is known of the run that is rolled back, and of the nodes now. */
export interface RollbackFacts {
  /** The run's id, which is its backup's too. */
  of: string;
  plan: Plan;
  state: RunState;
  /** What failover is now. */
  failover: FailoverText;
  /** Parts of its backup as they lie on the nodes now. */
  parts: (BackupPart & { node: string })[];
  /** By node: what its database is now, or why that is not known. */
  databases: Record<string, { is: 'primary' | 'standby' } | { unread: string; isAway?: boolean }>;
  /** Rows of the parity tables now; absent where they could not be counted. */
  rowsNow?: { table: string; rows: number }[];
  /** Of a run that has worked on PostgreSQL's servers: by database node, what they are now. */
  servers?: Record<string, ServersNow>;
  /** Rows of the parity tables in the standby's server of the version before, which holds what there was at the stop. */
  rowsThen?: { table: string; rows: number }[];
  /** The previous version's installer, where the application is to be installed again instead of restored. */
  release?: Release;
  /** What the database is now; absent where it could not be read. */
  databaseNow?: DatabaseState;
  /** What becomes of the database, where somebody has asked for it. */
  database?: 'restore' | 'keep';
  /** By node, the version that is installed now; what could not be read is absent. */
  installedNow?: Record<string, string>;
}

/** A part that has to be restored. */
export interface Restored {
  node: string;
  directory: string;
  part: PartName;
}

export interface WayBack {
  /** Something of the cluster was begun to be changed: failover is suspended while it is taken back. */
  isTouched: boolean;
  /** Failover may be armed now, so the observer may be in the middle of something. */
  mayBeArmed: boolean;
  /** Nodes whose installer was begun, the last one first. */
  installed: string[];
  /** Nodes whose services were stopped or started, the last one first. */
  services: string[];
  restored: Restored[];
  /** The database is not restored but kept as it is; only where facts of the nodes tell so. */
  kept: { schemaDigest: string; noted: string | null } | undefined;
  /** What is run on the nodes of `installed` in place of restoring their application. */
  reinstalled: Release | undefined;
  /** By node, as it was before the run. */
  versions: Record<string, string>;
  /** A test file that may still be there. */
  testFile: { path: string; content: string } | undefined;
}

export function wayBack(
  cluster: Cluster,
  facts: Pick<RollbackFacts, 'plan' | 'state' | 'failover'> & Partial<RollbackFacts>,
): WayBack {
  const { plan, state, failover, release, parts = [] } = facts;
  const begun = stepsBegun(plan, state);
  const on = (...kinds: Step['action']['kind'][]) => begun.filter(({ action }) => kinds.includes(action.kind));
  const lastFirst = (steps: Step[]) =>
    appNodes(cluster)
      .toReversed()
      .filter((node) => steps.some((step) => step.node === node));
  const installed = lastFirst(on('runInstaller'));
  const restored = installed
    .flatMap((node) => partsFor(cluster, plan, node))
    .filter((part) => release === undefined || (part.part !== 'application' && isBackedUp(plan, part)));
  const choice = databaseWay({ ...facts, parts });
  const kept = choice.way === 'keep' && restored.some(({ part }) => part === 'database') ? choice : undefined;
  return {
    isTouched: begun.some(({ isHarmless }) => !isHarmless),
    mayBeArmed: failover !== 'suspended',
    installed,
    services: lastFirst(on('stopUnits', 'startUnits', 'runInstaller')),
    restored: restored.filter(({ part }) => part !== 'database' || kept === undefined),
    kept: kept && { schemaDigest: kept.schemaDigest, noted: kept.noted },
    reinstalled: release,
    versions: versionsBefore(state),
    testFile: testFileOf(begun, state),
  };
}

/** What of a node an installer may have changed, and where the plan has put it before. */
function partsFor(cluster: Cluster, plan: Plan, node: string): Restored[] {
  const [master] = appNodes(cluster);
  const directory = directoryIn(plan) ?? '';
  const wanted = (part: PartName): Restored => ({ node, directory, part });
  const configuration = wanted('configuration');
  return [
    wanted('application'),
    ...(isBackedUp(plan, configuration) ? [configuration] : []),
    ...(node === master ? [wanted('database')] : []),
  ];
}

const isBackedUp = (plan: Plan, part: Restored): boolean =>
  plan.items.some((item) => item.kind === 'step' && isBackUpOf(item, part));

/** Whether a step backs up this part. */
export function isBackUpOf({ node, action }: Step, restored: Pick<Restored, 'node' | 'part'>): boolean {
  if (node !== restored.node) return false;
  return action.kind === 'backUpFiles'
    ? action.part === restored.part
    : action.kind === 'backUpDatabase' && restored.part === 'database';
}

/** Where the plan keeps its backup; undefined where it takes none. */
export function directoryIn(plan: Plan): string | undefined {
  const actions = plan.items.flatMap((item) => (item.kind === 'step' ? [item.action] : []));
  const found = actions.find((action) => action.kind === 'backUpFiles' || action.kind === 'backUpDatabase');
  return found?.kind === 'backUpFiles' || found?.kind === 'backUpDatabase' ? found.directory : undefined;
}

/** As the run's own preflight has read them first: later on an installer may have changed them. */
function versionsBefore({ items }: RunState): Record<string, string> {
  const found = Object.values(items).flatMap(({ firstPass }) =>
    (firstPass?.results ?? []).filter(({ id }) => id === 'version-compatible'),
  );
  const versions = found.flatMap(({ node, reading }): [string, string][] => {
    const version = /\d+\.\d+\.\d+/.exec(reading)?.[0] ?? '';
    return isVersion(version) ? [[node, version]] : [];
  });
  return Object.fromEntries(versions);
}

/** The application goes back, and the database stays as the installer left it. */
export const databaseStays = ({ installed, restored, reinstalled, kept }: WayBack, cluster: Cluster): boolean =>
  reinstalled !== undefined &&
  kept === undefined &&
  installed.includes(appNodes(cluster)[0]) &&
  !restored.some(({ part }) => part === 'database');

/** The master’s installer has ended well, so it has done to the database whatever it does. */
export const isMigrated = ({ items, cluster }: Plan, state: RunState): boolean =>
  items.some(
    ({ id, ...item }) =>
      item.kind === 'step' &&
      item.action.kind === 'runInstaller' &&
      item.node === appNodes(cluster)[0] &&
      itemState(state, id).isDone,
  );

function testFileOf(begun: Step[], state: RunState): WayBack['testFile'] {
  const isRemoved = begun.some(({ id, action }) => action.kind === 'removeTestFile' && itemState(state, id).isDone);
  const written = begun.find(({ action }) => action.kind === 'writeTestFile');
  // As it was sent, with the run's id in its name.
  const action = written && itemState(state, written.id).attempts.at(-1)?.action;
  return isRemoved || action?.kind !== 'writeTestFile' ? undefined : { path: action.path, content: action.content };
}
