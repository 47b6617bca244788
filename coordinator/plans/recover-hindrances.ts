// Why a recovery cannot be carried out as things are, or as it was asked for: each a sentence that names what to do. Pure.
import { isVersion } from '../../shared/release-version.ts';
import { formatSize } from '../../shared/units.ts';
import { databaseNodes } from '../checks/server-facts.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { isKnown } from '../databases/side.ts';
import { appNodes } from './preflight.ts';
import type { RecoverFacts, RecoverOptions, Recovery } from './recovery.ts';

/** What was told contradicts itself or what is there. */
export function optionFaults(cluster: Cluster, facts: RecoverFacts, options: RecoverOptions): string[] {
  const { primary, applicationFrom, databaseFrom } = options;
  const [master, standby] = databaseNodes(cluster);
  const lacks = (backup: string, node: string, part: string): string[] => {
    const found = facts.backups.find((one) => one.backup === backup && one.node === node && one.part === part);
    if (found?.complete !== true) return [`${node}: the backup ${backup} has no whole part ${part} there`];
    return found.verifiedAtMs !== undefined
      ? []
      : [
          `${node}: ${part} of the backup ${backup} was never verified: baton backup verify ${cluster.cluster} ${backup}`,
        ];
  };
  return [
    ...(primary === undefined || primary === master || primary === standby
      ? []
      : [`${primary} has no database of this cluster; --primary is ${master} or ${standby}`]),
    ...(primary !== undefined && databaseFrom !== undefined
      ? ['--primary keeps the data of a node, --database-from restores older data: only one of them']
      : []),
    ...(databaseFrom === undefined ? [] : lacks(databaseFrom, master, 'database')),
    ...(applicationFrom === undefined
      ? []
      : appNodes(cluster).flatMap((node) => lacks(applicationFrom, node, 'application'))),
  ];
}

/** The application must be of one version on both nodes, or be restored. */
export function applicationFaults(
  cluster: Cluster,
  facts: RecoverFacts,
  { applicationFrom }: RecoverOptions,
): string[] {
  const nodes = appNodes(cluster);
  const unread = nodes.flatMap((node) => {
    const found = facts.applications[node];
    return found === undefined || 'unread' in found
      ? [
          `${node}: its services could not be read (${found?.unread ?? 'it was not asked'}); make it answer, then look again`,
        ]
      : [];
  });
  if (unread.length > 0 || applicationFrom !== undefined) return unread;
  const versions = nodes.map((node) => versionOf(facts, node));
  const from = `baton recover ${cluster.cluster} --application-from RUN`;
  const none = nodes.filter((_, index) => !isVersion(versions[index] ?? ''));
  if (none.length > 0)
    return [`${none.join(', ')}: no version of the application can be read; restore it from a backup: ${from}`];
  return versions[0] === versions[1]
    ? []
    : [
        `${nodes.map((node, index) => `${node} has version ${versions[index]}`).join(', ')}: an upgrade stands half done. Take it back (baton run rollback RUN) or restore one version on both from its backup: ${from}`,
      ];
}

export function versionOf({ applications }: RecoverFacts, node: string): string {
  const found = applications[node];
  return found === undefined || 'unread' in found ? '' : found.version;
}

/** Until the copy is whole, what was there stays beside it. */
const roomFactor = 1.1;
const roomBytes = 512 * 1024 ** 2;
/** A copy of a server of this size is made beside what is there. */
const neededForCopy = (bytes: number): number => bytes * roomFactor + roomBytes;

export function copyFaults({ databases }: RecoverFacts, recovery: Recovery): string[] {
  const { master, standby, source, server, ofMaster, ofStandby, sides } = recovery;
  const kept = source === master ? sides.master : sides.standby;
  const neededBytes = isKnown(kept) && ofMaster !== 'restore' ? neededForCopy(kept.server.bytes) : 0;
  const made = [
    ...(ofMaster === 'copy' || ofMaster === 'restore' ? [master] : []),
    ...(ofStandby === 'copy' ? [standby] : []),
  ];
  return made.flatMap((node) => {
    const found = databases[node];
    if (found === undefined || 'unread' in found) return [];
    const { freeBytes, installedMajors } = found;
    return [
      ...(installedMajors.includes(server.major)
        ? []
        : [
            `${node}: the programs of PostgreSQL ${server.major} are not installed there: install them, then look again`,
          ]),
      ...(freeBytes >= neededBytes
        ? []
        : [
            `${node}: ${formatSize(freeBytes)} free, the copy of the database needs ${formatSize(neededBytes)} beside what is there`,
          ]),
    ];
  });
}
