// The network between agents and coordinators: streams that keep their order, with delay, cut off, half-open for a while.
// A message that is lost breaks its stream, as it would over TCP; while a link is cut nothing passes and nobody is told.
import { EventEmitter } from 'node:events';
import { create } from '@bufbuild/protobuf';
import type { FleetClient } from '../../../agent/link/coordinators.ts';
import type { Hub } from '../../../coordinator/fleet/hub.ts';
import type { Failure } from '../../../shared/failures.ts';
import { type FromAgent, FromAgentSchema, type ToAgent, ToAgentSchema } from '../../../shared/gen/baton/v1/fleet_pb.ts';
import { type Director, type Fate, lateMs } from './director.ts';
import type { SimProcess } from './process.ts';
import type { Time } from './time.ts';

const latencyMs = 1;
const streamFates: readonly Fate[] = ['lose', 'late'];

export interface Door {
  process: SimProcess;
  hub: Hub;
}

interface Link {
  isCut: boolean;
  /** What waits for the cut to heal, in order. */
  held: (() => void)[];
}

/** One direction of a stream. */
interface Lane {
  freeAtMs: number;
}

export class Network {
  /** By address: the coordinators that listen. */
  readonly doors = new Map<string, Door>();
  private readonly links = new Map<string, Link>();
  private readonly time: Time;
  private readonly director: Director;

  constructor(time: Time, director: Director) {
    this.time = time;
    this.director = director;
  }

  /** Between a node and all coordinators. */
  cut(node: string): void {
    this.link(node).isCut = true;
  }

  heal(node: string): void {
    const link = this.link(node);
    link.isCut = false;
    for (const pass of link.held.splice(0)) this.time.in(latencyMs, pass);
  }

  /** The client of a coordinator as an agent has it. */
  client(node: string, process: SimProcess, address: string): FleetClient {
    let stream: AgentEnd | undefined;
    const client = {
      connect: () => {
        stream = new AgentEnd(this, node, process, address);
        return stream;
      },
      fetchRelease: () => {
        throw new Error('the simulation stages installers on the node itself');
      },
      close: () => stream?.cancel(),
    };
    return client as unknown as FleetClient;
  }

  /** Brings something over the link of a node, behind what is on its way in the same lane. */
  carry(node: string, lane: Lane, delayMs: number, arrive: () => void): void {
    const link = this.link(node);
    lane.freeAtMs = Math.max(lane.freeAtMs, this.time.nowMs + delayMs);
    const pass = (): void => {
      if (link.isCut) link.held.push(pass);
      else arrive();
    };
    this.time.in(lane.freeAtMs - this.time.nowMs, pass);
  }

  fateOf(what: string, node: string): Fate {
    return this.director.at(what, 'before', streamFates, node);
  }

  arrived(what: string, node: string): void {
    this.director.at(what, 'after', [], node);
  }

  private link(node: string): Link {
    const link = this.links.get(node) ?? { isCut: false, held: [] };
    this.links.set(node, link);
    return link;
  }
}

/** The agent's end of a stream; makes the coordinator's end when it arrives there. */
class AgentEnd extends EventEmitter {
  private readonly network: Network;
  private readonly node: string;
  private readonly process: SimProcess;
  private readonly up: Lane = { freeAtMs: 0 };
  private readonly down: Lane = { freeAtMs: 0 };
  private door: Door | undefined;
  private heard: ReturnType<Hub['open']> | undefined;
  /** Nothing more is told to this end. */
  private isOverHere = false;
  private isOverThere = false;

  constructor(network: Network, node: string, process: SimProcess, address: string) {
    super();
    this.network = network;
    this.node = node;
    this.process = process;
    process.onDeath(() => this.cancel());
    network.carry(node, this.up, latencyMs, () => this.open(network.doors.get(address)));
  }

  write({ kind }: { kind: FromAgent['kind'] }): boolean {
    if (this.process.isDead || this.isOverHere) return true;
    const what = `say ${kind.case ?? ''}`;
    const isCounted = kind.case !== 'heartbeat' && kind.case !== 'progress';
    const fate = isCounted ? this.network.fateOf(what, this.node) : 'go on';
    if (fate === 'lose') this.reset();
    if (this.process.isDead || this.isOverHere) return true;
    const message = create(FromAgentSchema, { kind });
    this.network.carry(this.node, this.up, fate === 'late' ? lateMs : latencyMs, () => {
      const { heard, door } = this;
      if (this.isOverThere || heard === undefined || door === undefined) return;
      door.process.enter(() => heard.hear(message));
      if (isCounted) this.network.arrived(what, this.node);
    });
    return true;
  }

  /** The agent is done with it, or dead. */
  cancel(): void {
    if (this.isOverHere) return;
    this.isOverHere = true;
    this.network.carry(this.node, this.up, latencyMs, () => this.endThere());
  }

  private open(door: Door | undefined): void {
    if (this.isOverHere) return;
    if (door === undefined || door.process.isDead) {
      this.tellEnd('error', new Error('connect ECONNREFUSED'));
      return;
    }
    this.door = door;
    door.process.onDeath(() => {
      this.isOverThere = true;
      this.tellEnd('error', new Error('read ECONNRESET'));
    });
    door.process.enter(() => {
      this.heard = door.hub.open({
        node: this.node,
        from: `${this.node}:1`,
        put: (message) => this.put(message as ToAgent),
        end: (reason) => this.endFromThere(reason),
      });
    });
  }

  private put(message: ToAgent): boolean {
    if (this.isOverThere || this.door?.process.isDead) return false;
    const { kind } = message;
    const isCounted = kind.case !== 'heartbeatSeen';
    const what = `put ${kind.case ?? ''}`;
    const fate = isCounted ? this.network.fateOf(what, this.node) : 'go on';
    if (fate === 'lose') this.reset();
    if (this.isOverThere || this.door?.process.isDead) return false;
    const whole = '$typeName' in message ? message : create(ToAgentSchema, { kind });
    this.network.carry(this.node, this.down, fate === 'late' ? lateMs : latencyMs, () => {
      if (this.isOverHere || this.process.isDead) return;
      this.process.enter(() => this.emit('data', whole));
      if (isCounted) this.network.arrived(what, this.node);
    });
    return true;
  }

  private endFromThere(reason: Failure | undefined): void {
    if (this.isOverThere) return;
    this.isOverThere = true;
    if (reason === undefined) this.tellEnd('end');
    else this.tellEnd('error', new Error(reason.message));
  }

  private endThere(): void {
    if (this.isOverThere) return;
    this.isOverThere = true;
    this.door?.process.enter(() => this.heard?.lost());
  }

  private tellEnd(event: 'end' | 'error', error?: Error): void {
    this.network.carry(this.node, this.down, latencyMs, () => {
      if (this.isOverHere || this.process.isDead) return;
      this.isOverHere = true;
      this.process.enter(() => this.emit(event, error));
    });
  }

  /** The connection is reset: both ends learn of it. */
  private reset(): void {
    this.endThere();
    this.tellEnd('error', new Error('read ECONNRESET'));
  }
}
