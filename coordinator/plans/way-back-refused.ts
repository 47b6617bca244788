// Why a rollback cannot be carried out as things are, each a sentence that names what to do. Pure.
import { contradictsName } from '../../shared/release-version.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { databaseWay } from './database-way.ts';
import { appNodes } from './preflight.ts';
import { databaseStays, isMigrated, type RollbackFacts, type WayBack, wayBack } from './way-back.ts';

/** Why the installer that the operator names cannot be the one to go back with; undefined when it can, or none is named. */
export function wrongRelease(cluster: Cluster, facts: RollbackFacts): string | undefined {
  const { of, plan, release } = facts;
  if (release === undefined) return undefined;
  if (plan.name !== 'upgrade')
    return `run ${of} is one of ${plan.name}, which installs no application: there is nothing to install again`;
  const { installed, versions } = wayBack(cluster, facts);
  if (installed.length === 0)
    return `run ${of} has started no installer: there is nothing to install again; leave the installer out`;
  const version = installed.map((node) => versions[node]).find((one) => one !== undefined);
  return version !== undefined && contradictsName(release.name, version)
    ? `the installer’s name contradicts the version before run ${of}: ${release.name} is not ${version}`
    : undefined;
}

/** Why the cluster file is not the one that the run has worked by; empty when it is. */
export function otherCluster(cluster: Cluster, { of, plan }: RollbackFacts): string[] {
  const strangers = plan.cluster.nodes.filter(({ name }) => !cluster.nodes.some((node) => node.name === name));
  if (strangers.length > 0)
    return [
      `run ${of} has worked on ${strangers.map(({ name }) => name).join(', ')}, which the cluster file no longer names: apply the one that it was started with`,
    ];
  const moved = movedRoles(plan.cluster, cluster);
  return moved.length === 0
    ? []
    : [
        `run ${of} has worked with other roles than the cluster file names now (${moved.join('; ')}), and its backup lies on the nodes as they were: fail back to those, and apply the file that it was started with`,
      ];
}

/** Why there is no way back as things are, each a sentence that names what to do; empty when there is one. */
export function hindrances(cluster: Cluster, facts: RollbackFacts): string[] {
  const { of, parts } = facts;
  const way = wayBack(cluster, facts);
  const missing = way.restored.flatMap(({ node, part, directory }) => {
    if (directory === '')
      return [
        `run ${of} took no backup, and its installer was started on ${node}: install the previous version again (baton run rollback ${of} --reinstall FILE), or restore it by hand (Guide › Rollback to Previous Version)`,
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
  const choice = databaseWay(facts);
  const unknown = way.installed.filter((node) => way.versions[node] === undefined);
  return [
    ...databaseHindrances(cluster, facts),
    ...new Set(missing),
    ...(choice.way === 'refused' ? [choice.why] : []),
    ...strangeVersions(facts, way),
    ...(isLost(cluster, facts)
      ? [
          `${appNodes(cluster)[0]}: the installer of run ${of} has ended well and migrated the database, of which the run took no backup: nobody knows whether the version of before works with it. Restore a VM snapshot of both nodes, or a backup of your own, by hand (Guide › Rollback to Previous Version)`,
        ]
      : []),
    ...unknown.map((node) => `${node}: run ${of} did not read which version was installed before it`),
  ];
}

/** A database that was migrated for good would be left under the version of before. */
const isLost = (cluster: Cluster, facts: RollbackFacts): boolean =>
  databaseStays(wayBack(cluster, facts), cluster) && isMigrated(facts.plan, facts.state);

/** Somebody has installed a third one since: the run's backup is not what came before it. */
function strangeVersions({ of, plan, installedNow = {} }: RollbackFacts, { installed, versions }: WayBack): string[] {
  const to = plan.parameters.toVersion;
  return installed.flatMap((node) => {
    const [now, from] = [installedNow[node], versions[node]];
    return now === undefined || now === from || now === to
      ? []
      : [
          `${node}: ${now} is installed now, neither ${from} that run ${of} came from nor ${String(to)} that it went to; somebody has installed it since, and going back over it would mix versions: install one of the two first`,
        ];
  });
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
  const recover = `baton recover ${cluster.cluster}`;
  const twoVersions = 'with --application-from RUN where the nodes have two versions of the application';
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
      `${primaries.join(' and ')} are both primaries: ${recover} tells where each stands, keeps the data of the one that you name (--primary; ${twoVersions}), and sets the other’s aside; then look again`,
    ];
  if (primaries.length === 0)
    return [
      `no database is the primary now: none accepts writes, so nothing can be restored into one; ${recover} (${twoVersions}) promotes the right one, then look again`,
    ];
  const master = roles.find(({ role }) => role === 'master')?.name;
  return primaries[0] === master
    ? []
    : [
        `${primaries[0]} is the primary now, not ${master}: the roles have moved since the run. What it has was written last; ${recover} (${twoVersions}) brings it back to ${master} first, where the backup lies too`,
      ];
}
