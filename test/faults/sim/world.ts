// What the nodes of a simulated site share: the cluster, tickets, test files, and their own record of what was really
// started and ended. Readings come from the healthy cluster of the checks' tests, with what has changed put over them.
import type { Cluster } from '../../../coordinator/cluster/cluster.ts';
import { nodeOf } from '../../../coordinator/cluster/cluster.ts';
import { labCluster, release } from '../../unit/checks/world.ts';
import type { DatabaseRecord, NodeRecord } from '../judge/evidence.ts';
import { serverInService, settle } from './databases.ts';
import type { SimNode } from './node.ts';
import { wrote } from './sim-server.ts';

/** An installer that hangs is ended after this long, so that no trial simulates an hour of waiting. */
export const cluster: Cluster = labCluster((text) =>
  text.replace('application:\n', 'application:\n  installerTimeout: 3m\n'),
);
/** By which clients reach the portal, and whatever database is there. */
export const clientsAddress = new URL(cluster.application.portal.url).hostname;
export const installedVersion = '8.6.0';
export const newVersion = '8.7.0';
export { release };

export class World {
  readonly nodes = new Map<string, SimNode>();
  records: NodeRecord[] = [];
  /** What each machine's database became, in one order. */
  readonly databaseRecords: DatabaseRecord[] = [];
  /** Of the database: the version that has migrated it last. */
  schema = installedVersion;
  /** By path, in the synchronized folder. */
  readonly files = new Map<string, string>();
  private ticketsMade = 0;
  private numbers = 0;
  /** Databases that were set aside, with their tickets. */
  readonly asides = new Map<string, [marker: string, id: string][]>();
  /** Hooks that ended well, with node and arguments. */
  readonly hooked: string[] = [];
  /** Steps whose next attempt fails. */
  readonly failing = new Set<string>();
  /** The next action of a node takes this much longer. */
  readonly hanging = new Map<string, number>();

  node(name: string): SimNode {
    const found = this.nodes.get(name);
    if (found === undefined) throw new Error(`there is no node ${name}`);
    return found;
  }

  /** The node of an address or a name. */
  nodeAt(address: string): SimNode | undefined {
    return this.nodes.get(cluster.nodes.find((node) => node.address === address)?.name ?? address);
  }

  nowMs: () => number = () => 0;

  /** How many events each run's journal has. */
  journaled: () => Record<string, number> = () => ({});

  newBranch(): number {
    this.numbers += 1;
    return this.numbers;
  }

  newIdentifier(): string {
    return `74000000000000000${this.newBranch()}`;
  }

  /** What else is known at the moment of a record: how far the journal is, what the node's ledger says. */
  moment: (entry: NodeRecord) => Partial<NodeRecord> = () => ({});

  record(entry: NodeRecord): void {
    this.records.push({ ...entry, ...this.moment(entry), observerActive: this.isArmed() });
  }

  /** What a machine had recorded since is gone with it; what reached others is not. */
  forgetRecords(node: string, since: number): void {
    this.records = this.records.filter(
      (entry, index) => index < since || entry.node !== node || entry.kind === 'sendRequest',
    );
  }

  isArmed(): boolean {
    const observer = this.node(nodeOf(cluster, 'observer').name);
    return cluster.observer.units.every((unit) => observer.unit(unit).isActive);
  }

  /** The node that clients are led to. */
  serving(): SimNode | undefined {
    return [...this.nodes.values()].find(({ addresses }) => addresses.has(clientsAddress));
  }

  portalAnswers(): boolean {
    const node = this.serving();
    const areUp = [...cluster.application.units, cluster.web.unit].every((unit) => node?.unit(unit).isActive);
    const database = this.database();
    return areUp && database !== undefined && !database.isStandby && !database.isFenced;
  }

  /** The server that clients work with; undefined while none is in service there. */
  private database() {
    const node = this.serving();
    return node && serverInService(node);
  }

  /** What it holds, by marker. */
  get tickets(): ReadonlyMap<string, string> {
    return this.database()?.tickets ?? new Map();
  }

  takesWrites(): boolean {
    return this.database()?.isStandby === false;
  }

  /** Changes what the application's database holds; false where none takes it. */
  write(change: (tickets: Map<string, string>) => unknown): boolean {
    const server = this.database();
    if (server === undefined || server.isStandby) return false;
    change(server.tickets);
    wrote(server, this.nowMs());
    settle(this);
    return true;
  }

  makeTicket(marker: string): string {
    this.ticketsMade += 1;
    const id = String(4710 + this.ticketsMade);
    this.write((tickets) => tickets.set(marker, id));
    return id;
  }

  removeTicket(id: string): boolean {
    const found = [...this.tickets].find(([, one]) => one === id);
    return found !== undefined && this.write((tickets) => tickets.delete(found[0]));
  }

  /** Whether this attempt is one that was to fail; once. */
  takeFailure(step: string): boolean {
    return this.failing.delete(step);
  }
}
