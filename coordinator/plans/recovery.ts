// From what is found on the nodes to what a recovery does: which side is kept, what becomes of the other one, whether the
// roles have moved. What cannot be told is a hindrance with its way on, never an assumption. Pure.
import type { AnswerOf } from '../../shared/actions/action.ts';
import type { FailoverText } from '../../shared/documents.ts';
import { databaseNodes } from '../checks/server-facts.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { newerSide } from '../databases/newer-side.ts';
import { describeSide, isKnown, type KnownSide, type ServersFound, type Side, sideOf } from '../databases/side.ts';
import { noUndo } from './items.ts';
import { appNodes } from './preflight.ts';
import { applicationFaults, copyFaults, optionFaults } from './recover-hindrances.ts';
import type { BackupPart } from './way-back.ts';

export type MissingFiles = Omit<AnswerOf<'readMissingFiles'>, 'kind'>;

export interface RecoverFacts {
  failover: FailoverText;
  /** Of the nodes with a database. */
  databases: Record<string, ServersFound>;
  /** Rows of the parity tables, where the database could be asked. */
  rows: Record<string, { table: string; rows: number }[]>;
  /** Of the nodes with the application. */
  applications: Record<string, ApplicationFound>;
  /** What each of those lacks of the other’s files; absent where it could not be compared. */
  missing: Record<string, MissingFiles>;
  /** Parts of the backups that the options name, as they lie on the nodes. */
  backups: (BackupPart & { node: string })[];
}

export type ApplicationFound =
  | { unread: string; isAway: boolean }
  | { version: string; units: AnswerOf<'readUnits'>['units']; addresses: string[] };

/** What an operator has told. */
export interface RecoverOptions {
  /** Whose data is kept. */
  primary?: string | undefined;
  /** Runs whose backups are restored. */
  applicationFrom?: string | undefined;
  databaseFrom?: string | undefined;
}

/** What has to be done, in the words of nodes; the master’s database comes first, the standby’s follows it. */
export interface Recovery {
  master: string;
  standby: string;
  /** The node whose data is kept; the master where it is restored. */
  source: string;
  server: { major: number; name: string };
  ofMaster: 'leave' | 'start' | 'promote' | 'copy' | 'restore';
  ofStandby: 'leave' | 'start' | 'copy';
  /** What of the nodes is found, and must still be so when it is touched. */
  sides: { master: Side; standby: Side };
  /** Nodes whose data is set aside without being known to be contained in what is kept: each needs a yes. */
  asides: { node: string; why: string }[];
  /** Clients are, or may be, led to the standby’s node. */
  isMoved: boolean;
  /** Clients are served by the standby’s node, whose data is kept: it goes on until the master has a copy. */
  isServedElsewhere: boolean;
  /** The master serves as it should, and is left alone. */
  isServing: boolean;
}

/** What to do, or why nothing can be done now: sentences that name the way on. */
export function recoveryOf(
  cluster: Cluster,
  facts: RecoverFacts,
  options: RecoverOptions,
): { ok: true; recovery: Recovery } | { ok: false; hindrances: string[] } {
  const [master, standby] = databaseNodes(cluster);
  const side = (node: string) => sideOf(facts.databases[node], cluster.database.port);
  const sides = { master: side(master), standby: side(standby) };
  const strange = [...optionFaults(cluster, facts, options), ...applicationFaults(cluster, facts, options)];
  const chosen = choose([master, standby], sides, options, cluster.cluster);
  if ('hindrance' in chosen) return { ok: false, hindrances: [...strange, chosen.hindrance] };
  if (strange.length > 0) return { ok: false, hindrances: strange };
  const { kept, asides } = chosen;
  const ofMaster = wayOfMaster(kept, sides.master, options);
  const ofStandby = wayOfStandby(ofMaster, sides);
  // Only the HA software’s own script makes a primary of a standby.
  const isMoved = ofMaster === 'promote' || ofMaster === 'copy' || hasMoved(cluster, facts, sides);
  const recovery: Recovery = {
    ...{ master, standby, sides, ofMaster, ofStandby, asides, isMoved },
    source: kept === 'standby' ? standby : master,
    server: serverOf(facts, sides, kept, options),
    isServing: ofMaster === 'leave' && !isMoved && areUp(cluster, facts, 'master', 'every'),
    isServedElsewhere:
      ofMaster === 'copy' &&
      sides.standby.is === 'primary' &&
      sides.standby.isRunning &&
      areUp(cluster, facts, 'standby', 'every') &&
      !areUp(cluster, facts, 'master', 'some'),
  };
  const cramped = copyFaults(facts, recovery);
  return cramped.length > 0 ? { ok: false, hindrances: cramped } : { ok: true, recovery };
}

type Choice = { kept: 'master' | 'standby' | 'backup'; asides: Recovery['asides'] } | { hindrance: string };

function choose(
  [master, standby]: [string, string],
  sides: Recovery['sides'],
  { primary, databaseFrom }: RecoverOptions,
  name: string,
): Choice {
  const { master: first, standby: second } = sides;
  const told = `${master}: ${describeSide(first)}; ${standby}: ${describeSide(second)}`;
  for (const [node, side] of [
    [master, first],
    [standby, second],
  ] as const) {
    if (side.is === 'unread')
      return {
        hindrance: `${node}: what its database is could not be read (${side.why}); nobody knows what it has, so nothing is decided without it: make it answer, then look again`,
      };
    if (side.is === 'starting')
      return {
        hindrance: `${node}: ${describeSide(side)}: wait until it does, or look into its log; where it never will, stop it (systemctl stop ${side.server.unit}), then look again`,
      };
  }
  if (databaseFrom !== undefined) {
    const why = `the database is restored from the backup ${databaseFrom}`;
    const asides = [master, standby].filter((_, index) => isKnown(index === 0 ? first : second));
    return { kept: 'backup', asides: asides.map((node) => ({ node, why })) };
  }
  if (!isKnown(first) && !isKnown(second))
    return {
      hindrance: `neither ${master} nor ${standby} has a database that could be started; restore one from a backup: baton recover ${name} --database-from RUN (baton backup ls ${name} lists them)`,
    };
  if (!isKnown(first)) return lostOther('standby', primary, master);
  if (!isKnown(second)) return lostOther('master', primary, standby);
  return chooseOfTwo([master, standby], [first, second], primary, `${told}`, name);
}

function lostOther(kept: 'master' | 'standby', primary: string | undefined, lost: string): Choice {
  if (primary === lost)
    return { hindrance: `${lost} has no database that could be started, so it cannot be the source` };
  return { kept, asides: [] };
}

function chooseOfTwo(
  nodes: [string, string],
  [first, second]: [KnownSide, KnownSide],
  primary: string | undefined,
  told: string,
  name: string,
): Choice {
  const compared = newerSide(first, second);
  const wanted = primary === undefined ? undefined : primary === nodes[0] ? 'master' : 'standby';
  if ('newer' in compared) {
    const newer = compared.newer === 'first' ? 'master' : 'standby';
    const kept = wanted ?? newer;
    const other = kept === 'master' ? nodes[1] : nodes[0];
    if (kept !== newer)
      return {
        kept,
        asides: [{ node: other, why: `it is the newer side (${compared.why}), and not kept as you said` }],
      };
    if (compared.isOtherContained) return { kept, asides: [] };
    return { kept, asides: [{ node: other, why: 'it ended in a crash, so it may have rows that never left it' }] };
  }
  const why = 'split' in compared ? compared.split : compared.incomparable;
  if (wanted === undefined)
    return {
      hindrance: `which side is newer cannot be told: ${why}. ${told}. Decide whose data is kept: baton recover ${name} --primary ${nodes[0]} (or ${nodes[1]}); the other side is set aside, not removed`,
    };
  return { kept: wanted, asides: [{ node: wanted === 'master' ? nodes[1] : nodes[0], why }] };
}

function wayOfMaster(kept: string, side: Side, { databaseFrom }: RecoverOptions): Recovery['ofMaster'] {
  if (databaseFrom !== undefined) return 'restore';
  if (kept === 'standby' || !isKnown(side)) return 'copy';
  if (side.is === 'standby') return 'promote';
  return side.isRunning ? 'leave' : 'start';
}

/** It is left, or only started, where it is a standby of just this primary; everything else is made anew. */
function wayOfStandby(ofMaster: Recovery['ofMaster'], { master, standby }: Recovery['sides']): Recovery['ofStandby'] {
  if (ofMaster !== 'leave' && ofMaster !== 'start') return 'copy';
  if (standby.is !== 'standby' || !isKnown(master)) return 'copy';
  const compared = newerSide(master, standby);
  if (!('newer' in compared) || compared.newer !== 'first') return 'copy';
  if (!standby.isRunning) return 'start';
  return standby.streams || ofMaster === 'start' ? 'leave' : 'copy';
}

/** The one that is kept; of a restored one the version that was backed up, by the name that servers have here. */
function serverOf(
  { databases, backups }: RecoverFacts,
  sides: Recovery['sides'],
  kept: 'master' | 'standby' | 'backup',
  { databaseFrom }: RecoverOptions,
): Recovery['server'] {
  const side = kept === 'standby' ? sides.standby : sides.master;
  if (kept !== 'backup' && isKnown(side)) return { major: side.server.major, name: side.server.name };
  const major = backups.find(({ backup, part }) => backup === databaseFrom && part === 'database')?.serverMajor ?? 0;
  const names = Object.values(databases).flatMap((found) => ('servers' in found ? found.servers : []));
  return { major, name: names[0]?.name ?? 'main' };
}

function hasMoved(cluster: Cluster, facts: RecoverFacts, { master, standby }: Recovery['sides']): boolean {
  if (standby.is === 'primary' || master.is === 'standby') return true;
  const [first, second] = appNodes(cluster).map((node) => facts.applications[node]);
  if (first === undefined || second === undefined || 'unread' in first || 'unread' in second) return true;
  const address = clientAddress(cluster);
  const isElsewhere = address !== undefined && !first.addresses.includes(address);
  const isMasked = first.units.some(({ unitFileState }) => unitFileState.startsWith('masked'));
  return isElsewhere || isMasked || second.units.some(({ activeState }) => activeState === 'active');
}

/** Whether every, or any, service of a node is up. */
function areUp(
  cluster: Cluster,
  { applications }: RecoverFacts,
  role: 'master' | 'standby',
  which: 'every' | 'some',
): boolean {
  const [master, standby] = appNodes(cluster);
  const found = applications[role === 'master' ? master : standby];
  if (found === undefined || 'unread' in found) return false;
  return found.units[which](({ activeState }) => activeState === 'active');
}

/** What an operator is told of a step that has no undo: what was found is no state to go back to. */
export const goOn = (what: string) => noUndo(`${what}; baton recover looks anew and goes on from there`);

/** The address by which clients reach the portal, where its URL says it in numbers; a name may lead anywhere. */
export function clientAddress({ application }: Cluster): string | undefined {
  const host = URL.parse(application.portal.url)?.hostname.replace(/^\[|\]$/g, '') ?? '';
  return /^[0-9.]+$/.test(host) || host.includes(':') ? host : undefined;
}

/** What is stopped on both: the application, what leads to it, and the synchronization of its files. */
export const servicesOf = ({ application, web, files }: Cluster): string[] => [
  ...new Set([...application.units, web.unit, files.unit]),
];

export function sideAt({ master, standby, sides }: Recovery, role: 'master' | 'standby'): { node: string; side: Side } {
  return role === 'master' ? { node: master, side: sides.master } : { node: standby, side: sides.standby };
}

/** What is there is set aside, and made anew from what is kept. */
export const isReplaced = ({ ofMaster, ofStandby }: Recovery, role: 'master' | 'standby'): boolean =>
  role === 'master' ? ofMaster === 'copy' || ofMaster === 'restore' : ofStandby === 'copy';
