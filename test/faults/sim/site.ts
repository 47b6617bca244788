// A simulated site: the real coordinator and the real agents, each in a process of its own that can be killed, stopped,
// restarted, rebooted and put back to an earlier state, on a simulated bus, network, clock and disk.
import { type Agent, assembleAgent } from '../../../agent/assemble.ts';
import type { LedgerFile } from '../../../agent/ledger/ledger-file.ts';
import { type AssembledRuns, assembleRuns } from '../../../coordinator/daemon/assemble-runs.ts';
import type { NodeRecord } from '../../../coordinator/fleet/tables.ts';
import { becomeLeader } from '../../../coordinator/journal/leadership.ts';
import type { Log } from '../../../shared/log.ts';
import type { Evidence, JournalHead } from '../judge/evidence.ts';
import { BusServer } from './bus-server.ts';
import { settle } from './databases.ts';
import type { Director } from './director.ts';
import { simMachine } from './machine.ts';
import { simMeter } from './meter.ts';
import { Network } from './network.ts';
import { SimNode } from './node.ts';
import { Killed, SimProcess, type Wall } from './process.ts';
import { SimNats } from './sim-bus.ts';
import { type CoordinatorPutBack, fillTables, intentsIn, journaledIn, putRecord, recordsIn } from './site-records.ts';
import { Time } from './time.ts';
import { cluster, World } from './world.ts';

export interface Coordinator {
  name: string;
  process: SimProcess;
  /** Undefined until it leads and has taken up its runs. */
  ready: (AssembledRuns & { epoch: number }) | undefined;
  isPaused: boolean;
}

const restartMs = 1_000;
/** As node:sqlite says it. */
const diskFull = (): Error =>
  Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: 13 });
const rebootMs = 8_000;

export interface SiteOptions {
  director: Director;
  /** Names of the coordinators; several of them share an external bus. */
  coordinators?: string[];
  log?: (atMs: number, from: string, level: string, message: string, more: unknown) => void;
}

export class Site {
  readonly time = new Time();
  readonly world = new World();
  readonly server: BusServer;
  readonly network: Network;
  readonly coordinators = new Map<string, Coordinator>();
  /** Bugs that ended a process. */
  readonly crashes: string[] = [];
  /** Machines that were put back, and how far the journals were then. */
  readonly putBack: NonNullable<Evidence['putBack']> = [];
  readonly coordinatorPutBack: CoordinatorPutBack[] = [];
  /** Heads that a coordinator was told of as journaled. */
  readonly acknowledged: JournalHead[];
  private readonly nats: SimNats;
  private readonly director: Director;
  private readonly names: string[];
  private readonly agents = new Map<string, { process: SimProcess; agent: Agent | undefined }>();
  private readonly walls = new Map<string, Wall>();
  private readonly log: NonNullable<SiteOptions['log']>;
  private readonly held: { node: string; epoch: number; pass: () => void }[] = [];
  private refused: { revision: number; records: NodeRecord[] } | undefined;

  constructor({ director, coordinators = ['c1'], log = () => undefined }: SiteOptions) {
    this.director = director;
    this.names = coordinators;
    this.log = log;
    this.server = new BusServer(this.time);
    this.nats = new SimNats(this.server, this.time, director);
    this.acknowledged = this.nats.acknowledged;
    this.network = new Network(this.time, director);
    this.world.nowMs = () => this.time.nowMs;
    this.world.journaled = () => journaledIn(this.server);
    this.nats.hold = (node, pass) => void this.held.push({ node, epoch: this.epochSeen(node), pass });
    this.world.moment = ({ node, key }) => ({
      epochSeen: this.epochSeen(node),
      journaled: this.server.streams.get(`RUN_${key.split('/')[0]}`)?.messages.length ?? 0,
    });
    for (const { name } of cluster.nodes) new SimNode(name, this.time, this.world);
    settle(this.world);
    fillTables(this.server);
    for (const name of coordinators) this.startCoordinator(name);
    for (const { name } of cluster.nodes) this.startAgent(name);
  }

  /** Who leads and can be spoken to. */
  leader(): Coordinator | undefined {
    return [...this.coordinators.values()].find(
      (one) => one.ready !== undefined && !one.process.isDead && !one.isPaused,
    );
  }

  wall(coordinator: string): Wall {
    const wall = this.walls.get(coordinator) ?? { offsetMs: 0 };
    this.walls.set(coordinator, wall);
    return wall;
  }

  startCoordinator(name: string): void {
    if (this.coordinators.get(name)?.process.isDead === false) return;
    const process = new SimProcess(name, this.time, this.wall(name));
    const coordinator: Coordinator = { name, process, ready: undefined, isPaused: false };
    this.coordinators.set(name, coordinator);
    this.serve(coordinator).then(
      () => this.endCoordinator(coordinator),
      (error: unknown) => {
        if (!process.isDead) this.crashes.push(`${name}: ${error instanceof Error ? error.stack : String(error)}`);
        this.endCoordinator(coordinator);
      },
    );
  }

  killCoordinator(name = this.leader()?.name ?? this.names[0] ?? ''): void {
    const coordinator = this.coordinators.get(name);
    if (coordinator !== undefined) this.endCoordinator(coordinator);
  }

  /** As SIGSTOP for a while. */
  pauseCoordinator(name: string, ms: number): void {
    const coordinator = this.coordinators.get(name);
    if (coordinator === undefined || coordinator.isPaused) return;
    coordinator.isPaused = true;
    coordinator.process.pause();
    this.time.in(ms, () => {
      coordinator.isPaused = false;
      coordinator.process.continue();
    });
  }

  startAgent(name: string): void {
    if (this.agents.get(name)?.process.isDead === false) return;
    const node = this.world.node(name);
    const process = new SimProcess(`agent ${name}`, this.time, node.wall);
    const entry: { process: SimProcess; agent: Agent | undefined } = { process, agent: undefined };
    this.agents.set(name, entry);
    const identity = { name, role: '', coordinators: this.names, key: '', certificate: '', authority: '' };
    try {
      entry.agent = assembleAgent({
        clock: process.clock,
        log: this.logOf(process),
        file: this.ledger(node, process),
        policyFile: '/etc/baton/agent.yaml',
        machine: simMachine(node, this.world, process, this.director),
        runProgram: () => {
          throw new Error('the simulated machine runs no programs');
        },
        nodeName: () => name,
        identity: () => identity,
        connect: (address) => this.network.client(name, process, address),
        random: () => 0.5,
        onConnection: () => undefined,
        rememberCoordinators: () => undefined,
      });
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  }

  killAgent(name: string, downMs = restartMs): void {
    this.agents.get(name)?.process.kill();
    this.time.in(downMs, () => this.startAgent(name));
  }

  /** The machine loses its power and comes back: nobody tells the others. */
  reboot(name: string, whileDown: () => void = () => undefined): void {
    const node = this.world.node(name);
    this.network.cut(name);
    this.agents.get(name)?.process.kill();
    node.goDown();
    whileDown();
    node.goDown();
    this.time.in(rebootMs, () => {
      node.comeUp();
      this.network.heal(name);
      this.startAgent(name);
    });
  }

  /** The machine is put back, later, to how it is now, and starts again. */
  snapshotNode(name: string): () => void {
    const restore = this.world.node(name).snapshot();
    return () => {
      this.reboot(name, restore);
      this.putBack.push({ node: name, journaled: journaledIn(this.server) });
    };
  }

  /** The coordinator's machine, with the bus and all that it keeps, is put back, later, to how it is now, and starts again. */
  snapshotCoordinator(): () => void {
    const restore = this.server.snapshot();
    const journaled = journaledIn(this.server);
    return () => {
      for (const coordinator of this.coordinators.values()) this.endCoordinator(coordinator);
      const intents = intentsIn(this.server);
      restore();
      this.refused = undefined;
      const lostIntents = intents.difference(intentsIn(this.server));
      this.coordinatorPutBack.push({ journaled, records: this.world.records.length, lostIntents });
    };
  }

  /** Nodes whose agents are not served because their ledgers went back, as the coordinator has recorded it. */
  refusedNodes(): NodeRecord[] {
    const revision = this.server.tables.get('nodes')?.revision ?? 0;
    if (this.refused?.revision !== revision) {
      const records = recordsIn<NodeRecord>(this.server, 'nodes').filter(({ restored }) => restored !== undefined);
      this.refused = { revision, records };
    }
    return this.refused.records;
  }

  /** As `baton node revoke`, `baton node add` and the join on the node leave its record. */
  joinAnew({ restored: _, ...record }: NodeRecord): void {
    this.world.node(record.name).openLedger().renewGeneration();
    putRecord(this.server, 'nodes', record.name, { ...record, ledger: { generation: '', counter: 0 } });
  }

  private async serve(coordinator: Coordinator): Promise<void> {
    const { name, process } = coordinator;
    const { clock } = process;
    const bus = this.nats.connect(process);
    const log = this.logOf(process);
    const isAlone = this.names.length === 1;
    const leading = await becomeLeader(bus, { coordinator: name, isAlone, clock });
    if (!leading.ok) {
      log.warn('not the leader', leading.failure);
      return;
    }
    const { epoch, deposed } = leading.value;
    const stops: (() => unknown)[] = [leading.value.stop];
    const assembled = await assembleRuns({
      ...{ bus, clock, log, coordinator: name, epoch, meterOf: simMeter },
      onStop: (_, stop) => stops.push(stop),
    });
    if (assembled.ok) {
      this.network.doors.set(name, { process, hub: assembled.value.hub });
      const resumed = await assembled.value.runs.resumeAll();
      if (resumed.ok) coordinator.ready = { ...assembled.value, epoch };
    }
    if (coordinator.ready !== undefined) await deposed;
    coordinator.ready = undefined;
    this.network.doors.delete(name);
    for (const stop of stops.reverse()) await stop();
  }

  private endCoordinator(coordinator: Coordinator): void {
    const { name, process } = coordinator;
    if (process.isDead) return;
    coordinator.ready = undefined;
    if (this.network.doors.get(name)?.process === process) this.network.doors.delete(name);
    process.kill();
    // An embedded server dies with its coordinator.
    if (this.names.length === 1) this.server.restart();
    this.time.in(restartMs, () => this.startCoordinator(name));
  }

  private ledger(node: SimNode, process: SimProcess): LedgerFile {
    const file = node.openLedger();
    return {
      ...file,
      change: (work) => {
        process.alive();
        const fate = this.director.at(`ledger ${node.name}`, 'before', ['lose'], node.name);
        process.alive();
        if (node.isDiskFull || fate === 'lose') throw diskFull();
        const result = file.change(work);
        this.passHeld(node.name);
        this.director.at(`ledger ${node.name}`, 'after', [], node.name);
        process.alive();
        return result;
      },
    };
  }

  private epochSeen(node: string): number {
    return Number(this.world.node(node).openLedger().fact('highest_epoch') ?? 0);
  }

  /** What was kept back arrives right after the newer leader's first word, before its first question. */
  private passHeld(node: string): void {
    for (const one of this.held.filter((held) => held.node === node && held.epoch < this.epochSeen(node))) {
      this.held.splice(this.held.indexOf(one), 1);
      this.time.in(1, one.pass);
    }
  }

  private logOf(process: SimProcess): Log {
    const say = (level: string) => (message: string, more?: unknown) =>
      this.log(this.time.nowMs, process.name, level, message, more);
    const log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
    return {
      ...log,
      log: (level: string, message: string, more: unknown) => say(level)(message, more),
    } as unknown as Log;
  }
}
