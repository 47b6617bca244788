// A simulated machine: services, observer, version, staged releases, transient units that outlive the agent and die with
// a reboot, a ledger on its disk. What is durable here survives the agent's processes.
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { type LedgerFile, ledgerFileOn } from '../../../agent/ledger/ledger-file.ts';
import type { UnitState } from '../../../agent/platform/unit-states.ts';
import { nodeOf } from '../../../coordinator/cluster/cluster.ts';
import type { JobAction } from '../../../shared/actions/jobs/job.ts';
import { formatKey, type Key, unitOfKey } from '../../../shared/key.ts';
import { activeUnit } from '../../unit/checks/world.ts';
import type { LedgerAttempt } from '../judge/evidence.ts';
import { beginJob, endJob, type SimPart } from './backups.ts';
import {
  databasesAtFirst,
  type NodeDatabases,
  serverOfUnit,
  settle,
  startServerOf,
  stopServerOf,
} from './databases.ts';
import type { Wall } from './process.ts';
import { passMiddle } from './server-jobs.ts';
import type { Time } from './time.ts';
import { clientsAddress, cluster, installedVersion, newVersion, type World } from './world.ts';

interface Service {
  isActive: boolean;
  isEnabled: boolean;
  isMasked: boolean;
  sinceMs: number;
}

export interface TransientUnit {
  key: Key;
  action: JobAction;
  isRunning: boolean;
  /** What it left in its folder, which survives a reboot. */
  status?: number;
  /** systemd's word for a bad end. */
  result: string;
  /** systemd knows it. */
  isLoaded: boolean;
}

const jobMs = 4_000;

export class SimNode {
  readonly name: string;
  readonly wall: Wall = { offsetMs: 0 };
  readonly units = new Map<string, TransientUnit>();
  bootId = 1;
  version: string;
  staged: { isExecutable: boolean } | undefined;
  /** Backups on its disk, by backup and part. */
  readonly parts = new Map<string, SimPart>();
  databases: NodeDatabases;
  /** That it answers to; the clients’ one moves. */
  addresses: Set<string>;
  /** Writes to the agent's disk fail. */
  isDiskFull = false;
  private database = newDatabase();
  private ledger: LedgerFile | undefined;
  private readonly forgotten: Row[] = [];
  private readonly services = new Map<string, Service>();
  private readonly time: Time;
  private readonly world: World;

  constructor(name: string, time: Time, world: World) {
    this.name = name;
    this.time = time;
    this.world = world;
    this.version = name === nodeOf(cluster, 'observer').name ? '' : installedVersion;
    this.databases = databasesAtFirst(name, cluster);
    this.addresses = new Set([...cluster.nodes.filter((one) => one.name === name).map(({ address }) => address)]);
    if (name === nodeOf(cluster, 'master').name) this.addresses.add(clientsAddress);
    world.nodes.set(name, this);
  }

  /** A service as systemd knows it; at first as in the steady state. */
  unit(name: string): Service {
    const known = this.services.get(name) ?? this.atFirst(name);
    this.services.set(name, known);
    return known;
  }

  private atFirst(name: string): Service {
    const isUp =
      this.name === nodeOf(cluster, 'master').name ||
      name === cluster.database.unit ||
      (this.name === nodeOf(cluster, 'observer').name && cluster.observer.units.includes(name));
    return { isActive: isUp, isEnabled: isUp, isMasked: false, sinceMs: -3_600_000 };
  }

  setActive(name: string, isActive: boolean): void {
    const database = serverOfUnit(this, name);
    if (database !== undefined) {
      const { server } = database;
      if (server !== undefined && isActive) startServerOf(this, server, this.world);
      else if (server !== undefined) stopServerOf(server, this.world);
      return;
    }
    const service = this.unit(name);
    if (service.isActive === isActive || (isActive && service.isMasked)) return;
    service.isActive = isActive;
    service.sinceMs = this.time.nowMs;
  }

  /** What `systemctl show` tells; `wallMs` is this machine's clock. */
  states(names: readonly string[], wallMs: number): UnitState[] {
    return names.map((unit) => {
      const { isActive, isEnabled, isMasked, sinceMs } = this.standing(unit);
      return {
        ...activeUnit(unit),
        loadState: isMasked ? 'masked' : 'loaded',
        activeState: isActive ? 'active' : 'inactive',
        subState: isActive ? 'running' : 'dead',
        unitFileState: isMasked ? 'masked' : isEnabled ? 'enabled' : 'disabled',
        user: cluster.observer.units.includes(unit) ? 'motadata' : '',
        mainPid: isActive ? 100 : 0,
        sinceMs: wallMs - (this.time.nowMs - sinceMs),
      };
    });
  }

  private standing(name: string): Service {
    const database = serverOfUnit(this, name);
    if (database === undefined) return this.unit(name);
    const { isRunning = false, startsAtBoot = false } = database.server ?? {};
    return { isActive: isRunning, isEnabled: startsAtBoot, isMasked: false, sinceMs: 0 };
  }

  /** Starts a job as a unit of its own, which goes on whatever becomes of the agent. */
  startJob(action: JobAction, key: Key, epoch: number, timeoutMs: number): void {
    const unit: TransientUnit = { key, action, isRunning: true, result: 'success', isLoaded: true };
    this.units.set(unitOfKey(key), unit);
    const bootId = this.bootId;
    this.note('start', key, action.kind, epoch);
    const isToFail = this.world.takeFailure(key.step);
    const takesMs = jobMs + this.hang();
    beginJob(action, this, this.world, key.run);
    this.time.in(takesMs / 2, () => {
      if (unit.isRunning && this.bootId === bootId) passMiddle(action, this, this.world, key.run);
    });
    this.time.in(Math.min(takesMs, timeoutMs), () => {
      if (!unit.isRunning || this.bootId !== bootId) return;
      if (takesMs >= timeoutMs) return this.endUnit(unitOfKey(key), 'timeout');
      unit.isRunning = false;
      const isFailing = isToFail || !endJob(action, this, this.world, key.run);
      unit.status = isFailing ? 1 : 0;
      unit.result = isFailing ? 'exit-code' : 'success';
      this.note('end', key, action.kind, epoch);
    });
  }

  /** What an installer leaves: the new version, and the services started. */
  install(): void {
    this.version = newVersion;
    for (const unit of cluster.application.units) this.setActive(unit, true);
  }

  /** Ends everything in a unit. */
  endUnit(name: string, result = 'signal'): void {
    const unit = this.units.get(name);
    if (unit === undefined || !unit.isRunning) return;
    unit.isRunning = false;
    unit.result = result;
    this.note('end', unit.key, unit.action.kind);
  }

  /** The machine goes down: what ran is gone. */
  goDown(): void {
    this.bootId += 1;
    for (const [name, unit] of this.units) {
      this.endUnit(name);
      unit.isLoaded = false;
    }
    for (const name of this.services.keys()) this.setActive(name, false);
    for (const server of this.databases.servers.values()) stopServerOf(server, this.world, false);
  }

  /** It is up again, with what is enabled and not masked. */
  comeUp(): void {
    for (const [name, { isEnabled }] of this.services) if (isEnabled) this.setActive(name, true);
    for (const server of this.databases.servers.values())
      if (server.startsAtBoot) startServerOf(this, server, this.world);
  }

  /** How much longer the action that begins now takes. */
  hang(): number {
    const ms = this.world.hanging.get(this.name) ?? 0;
    this.world.hanging.delete(this.name);
    return ms;
  }

  note(what: 'start' | 'end', key: Key, kind: string, epoch?: number): void {
    this.world.record({ node: this.name, what, key: formatKey(key), kind, ...(epoch !== undefined && { epoch }) });
  }

  /** The ledger on this machine's disk. */
  openLedger(): LedgerFile {
    this.ledger ??= { ...ledgerFileOn(this.database), close: () => undefined };
    return this.ledger;
  }

  /** Every attempt that was ever in the ledger, also of closed runs and of what was put back. */
  attempts(): LedgerAttempt[] {
    const now = new Map(
      this.rows()
        .map(attemptOf)
        .map((row) => [row.key, row]),
    );
    const lost = Map.groupBy(this.forgotten.map(attemptOf), ({ key }) => key);
    for (const [key, rows] of lost) {
      const before = rows.map(({ verdict, settled }) => ({ ...(verdict !== undefined && { verdict }), settled }));
      const today = now.get(key);
      now.set(key, { ...(Object.assign({}, ...rows) as LedgerAttempt), ...(today ?? { isLost: true }), before });
    }
    return [...now.values()];
  }

  /** Puts the machine back, later, to how it is now: its ledger, its services, what it had recorded itself. */
  snapshot(): () => void {
    const { version, staged } = this;
    const rows = tables.map((name) => this.database.prepare(`SELECT * FROM ${name}`).all());
    const services = structuredClone([...this.services]);
    const units = structuredClone([...this.units]);
    const parts = structuredClone([...this.parts]);
    const databases = structuredClone(this.databases);
    const addresses = [...this.addresses];
    const recorded = this.world.records.length;
    return () => {
      this.forgotten.push(...this.rows());
      this.database.close();
      this.database = newDatabase();
      this.ledger = undefined;
      for (const [index, name] of tables.entries()) refill(this.database, name, rows[index] ?? []);
      this.version = version;
      this.staged = staged && { ...staged };
      this.services.clear();
      for (const [name, service] of services) this.services.set(name, service);
      this.units.clear();
      for (const [name, unit] of units) this.units.set(name, unit);
      this.parts.clear();
      for (const [place, part] of parts) this.parts.set(place, part);
      this.databases = structuredClone(databases);
      this.addresses = new Set(addresses);
      settle(this.world);
      this.world.forgetRecords(this.name, recorded);
    };
  }

  private rows(): Row[] {
    return this.database.prepare('SELECT * FROM kept UNION ALL SELECT * FROM attempts').all();
  }
}

type Row = Record<string, unknown>;

function attemptOf(row: Row): LedgerAttempt {
  const outcome =
    row.outcome === null ? undefined : (JSON.parse(String(row.outcome)) as Pick<LedgerAttempt, 'verdict'>);
  return {
    key: String(row.key),
    ...(row.payload_hash !== null && { payloadHash: String(row.payload_hash) }),
    epoch: Number(row.epoch),
    ...(outcome?.verdict !== undefined && { verdict: outcome.verdict }),
    settled: row.settled_at_ms !== null,
  };
}

function refill(database: DatabaseSync, table: string, rows: Record<string, SQLOutputValue>[]): void {
  database.exec(`DELETE FROM ${table}`);
  for (const row of rows) {
    const columns = Object.keys(row);
    const places = columns.map(() => '?').join(', ');
    database.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places})`).run(...Object.values(row));
  }
}

const tables = ['facts', 'runs', 'attempts', 'suspension', 'kept'];

/** An empty ledger that also keeps, for the judge, the attempts that the agent forgets when a run is closed. */
function newDatabase(): DatabaseSync {
  const database = new DatabaseSync(':memory:');
  ledgerFileOn(database);
  database.exec('CREATE TABLE kept AS SELECT * FROM attempts');
  database.exec(`CREATE TRIGGER keep AFTER DELETE ON attempts BEGIN
    INSERT INTO kept SELECT ${columnsOf(database)};
  END`);
  return database;
}

function columnsOf(database: DatabaseSync): string {
  const columns = database.prepare("SELECT name FROM pragma_table_info('attempts')").all();
  return columns.map(({ name }) => `OLD.${String(name)}`).join(', ');
}
