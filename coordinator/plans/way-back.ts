// From a run's plan and its folded journal: what has to be taken back, and to what. What was begun counts, not what was
// finished; who is what now is read from the nodes and never assumed. Pure.
import type { AnswerOf } from '../../shared/actions/action.ts';
import type { PartName } from '../../shared/actions/jobs/places.ts';
import type { FailoverText } from '../../shared/documents.ts';
import { isVersion } from '../../shared/release-version.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { stepsBegun } from '../sequencer/begun.ts';
import { itemState, type RunState } from '../sequencer/state.ts';
import type { Plan, Step } from './plan.ts';
import { appNodes } from './preflight.ts';

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
  /** By node, as it was before the run. */
  versions: Record<string, string>;
  /** A test file that may still be there. */
  testFile: { path: string; content: string } | undefined;
}

export function wayBack(
  cluster: Cluster,
  { plan, state, failover }: Pick<RollbackFacts, 'plan' | 'state' | 'failover'>,
): WayBack {
  const begun = stepsBegun(plan, state);
  const on = (...kinds: Step['action']['kind'][]) => begun.filter(({ action }) => kinds.includes(action.kind));
  const lastFirst = (steps: Step[]) =>
    appNodes(cluster)
      .toReversed()
      .filter((node) => steps.some((step) => step.node === node));
  const installed = lastFirst(on('runInstaller'));
  return {
    isTouched: begun.some(({ isHarmless }) => !isHarmless),
    mayBeArmed: failover !== 'suspended',
    installed,
    services: lastFirst(on('stopUnits', 'startUnits', 'runInstaller')),
    restored: installed.flatMap((node) => partsFor(cluster, plan, node)),
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
  const hasConfiguration = plan.items.some((item) => item.kind === 'step' && isBackUpOf(item, configuration));
  return [
    wanted('application'),
    ...(hasConfiguration ? [configuration] : []),
    ...(node === master ? [wanted('database')] : []),
  ];
}

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

function testFileOf(begun: Step[], state: RunState): WayBack['testFile'] {
  const isRemoved = begun.some(({ id, action }) => action.kind === 'removeTestFile' && itemState(state, id).isDone);
  const written = begun.find(({ action }) => action.kind === 'writeTestFile');
  // As it was sent, with the run's id in its name.
  const action = written && itemState(state, written.id).attempts.at(-1)?.action;
  return isRemoved || action?.kind !== 'writeTestFile' ? undefined : { path: action.path, content: action.content };
}

/** Why there is no way back as things are, each a sentence that names what to do; empty when there is one. */
export function hindrances(cluster: Cluster, facts: RollbackFacts): string[] {
  const { of, plan, parts } = facts;
  const way = wayBack(cluster, facts);
  const strangers = plan.cluster.nodes.filter(({ name }) => !cluster.nodes.some((node) => node.name === name));
  if (strangers.length > 0)
    return [
      `run ${of} has worked on ${strangers.map(({ name }) => name).join(', ')}, which the cluster file no longer names: apply the one that it was started with`,
    ];
  const moved = movedRoles(plan.cluster, cluster);
  if (moved.length > 0)
    return [
      `run ${of} has worked with other roles than the cluster file names now (${moved.join('; ')}), and its backup lies on the nodes as they were: fail back to those, and apply the file that it was started with`,
    ];
  const missing = way.restored.flatMap(({ node, part, directory }) => {
    if (directory === '')
      return [
        `run ${of} took no backup, and its installer was started on ${node}: restore it by hand (Guide › Rollback to Previous Version)`,
      ];
    const there = parts.find((one) => one.node === node && one.part === part && one.complete);
    const path = `${directory}/${of}/${part}`;
    if (there === undefined) return [`${node}: ${path} is not there or not whole: bring it back there`];
    return there.verifiedAtMs === undefined
      ? [
          `${node}: ${path} was never verified, so nobody knows whether it can be restored: baton backup verify ${cluster.cluster} ${of}`,
        ]
      : [];
  });
  const unknown = way.installed.filter((node) => way.versions[node] === undefined);
  return [
    ...databaseHindrances(cluster, facts),
    ...new Set(missing),
    ...unknown.map((node) => `${node}: run ${of} did not read which version was installed before it`),
  ];
}

/** What a node was in the run and is no longer: which node's database has to be restored follows from it. */
const movedRoles = (before: Cluster, now: Cluster): string[] =>
  before.nodes.flatMap(({ name, role, tiers }) => {
    const node = now.nodes.find((one) => one.name === name);
    const isSame = node?.role === role && tiers.every((tier) => node.tiers.includes(tier));
    return isSame ? [] : [`${name} was ${role} of ${tiers.join(', ')}`];
  });

/** Both sides of a split: whoever is primary now has what was written last, and that is not guessed. */
function databaseHindrances(cluster: Cluster, { databases }: RollbackFacts): string[] {
  const roles = cluster.nodes
    .filter(({ tiers }) => tiers.includes('db'))
    .map(({ name, role }) => ({ name, role, now: databases[name] }));
  const unread = roles.flatMap(({ name, now }) =>
    now === undefined || 'unread' in now
      ? [
          `${name}: what its database is now could not be read (${now?.unread ?? 'it was not asked'}); make it answer, since nobody assumes who is primary`,
        ]
      : [],
  );
  if (unread.length > 0) return unread;
  const primaries = roles
    .filter(({ now }) => now !== undefined && 'is' in now && now.is === 'primary')
    .map(({ name }) => name);
  if (primaries.length > 1)
    return [
      `${primaries.join(' and ')} are both primaries: decide which of them has the right data, make the other one a standby of it (/opt/HA/slave.sh there), then look again`,
    ];
  if (primaries.length === 0)
    return [
      'no database is the primary now: none accepts writes, so nothing can be restored into one; make the right one primary first',
    ];
  const master = roles.find(({ role }) => role === 'master')?.name;
  return primaries[0] === master
    ? []
    : [
        `${primaries[0]} is the primary now, not ${master}: the roles have moved since the run. What it has was written last; fail back to ${master} first, where the backup lies too`,
      ];
}

/** What going back loses from sight, in sentences. */
export function costsOf(cluster: Cluster, facts: RollbackFacts): string[] {
  const { of, parts, rowsNow } = facts;
  const way = wayBack(cluster, facts);
  if (!way.restored.some(({ part }) => part === 'database')) return [];
  const backup = parts.find(({ part, complete }) => part === 'database' && complete);
  if (backup === undefined) return [];
  const since = new Date(backup.madeAtMs).toISOString().slice(0, 16).replace('T', ' ');
  const kept = 'the database that is set aside still has them';
  const perTable = backup.rows.map(({ table, rows }) => {
    const now = rowsNow?.find((one) => one.table === table)?.rows;
    if (now === undefined)
      return `${table}: what was written since ${since} UTC could not be counted (backup ${of}); ${kept}`;
    const more = now - rows;
    if (more === 0)
      return `${table}: as many rows as in the backup ${of} of ${since} UTC (${rows}); what was changed in them since is not counted`;
    // As many may have been removed as were written, which no count tells.
    const change = more > 0 ? `at least ${more} rows written` : `at least ${-more} rows removed`;
    return `${table}: ${change} since ${since} UTC (backup ${of}); ${kept}`;
  });
  return [...perTable, `files below ${cluster.files.root} stay as they are now`];
}
