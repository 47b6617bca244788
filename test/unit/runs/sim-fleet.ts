// The simulated cluster behind the interface that the coordinator has of its agents. Outcomes are told again until they
// are confirmed, as agents do.

import type { NodePresence, ReadAction, ReadingResult } from '../../../coordinator/checks/check.ts';
import type { Fleet, StepCommand } from '../../../coordinator/fleet/fleet.ts';
import type { HeldHead } from '../../../coordinator/fleet/held-heads.ts';
import type { Answer } from '../../../shared/actions/action.ts';
import { failure, ok } from '../../../shared/failures.ts';
import { formatKey, type Key } from '../../../shared/key.ts';
import type { Outcome } from '../../../shared/outcome.ts';
import type { World } from '../sequencer/world.ts';

export class SimFleet {
  private readonly unconfirmed = new Map<string, { node: string; key: Key; outcome: Outcome }>();
  private readonly nodes = new Map<string, string>();
  private readonly listeners = new Set<(node: string, key: Key, outcome: Outcome) => void>();
  private readonly watchers = new Set<(presence: NodePresence) => void>();
  readonly closed: string[] = [];
  /** Nodes that do not hear that a run is over. */
  readonly deaf = new Set<string>();
  /** Called before a node hears that a run is over. */
  onClose: (node: string, run: string) => void = () => undefined;
  readonly renewed: string[] = [];
  readonly sent: StepCommand[] = [];
  readonly world: World;
  /** Called before each reading. */
  onRead: (action: ReadAction) => void = () => undefined;
  /** How presence is told. */
  presenceOf: (presence: NodePresence) => NodePresence = (presence) => presence;
  private epoch = 0;
  /** What each node's agent was told of last. */
  readonly heads = new Map<string, HeldHead>();

  constructor(world: World) {
    this.world = world;
  }

  /** A node's stream is opened anew, or lost. */
  tellPresence(node: string, connected = true): void {
    const presence = this.world.presence().find((one) => one.node === node);
    for (const watcher of [...this.watchers]) if (presence) watcher({ ...presence, connected });
  }

  nextAtMs = (): number | undefined => this.world.nextAtMs();

  advanceTo = (nowMs: number): void => {
    for (const { key, outcome } of this.world.advanceTo(nowMs)) {
      const node = this.nodes.get(formatKey(key)) ?? '';
      this.unconfirmed.set(formatKey(key), { node, key, outcome });
    }
    for (const { node, key, outcome } of [...this.unconfirmed.values()])
      for (const listener of [...this.listeners]) listener(node, key, outcome);
  };

  /** The fleet as one coordinator process sees it. */
  door(isDead: () => boolean): Fleet {
    const never = new Promise<never>(() => undefined);
    const alive = async <T>(act: () => T): Promise<T> => {
      await Promise.resolve();
      return isDead() ? never : act();
    };
    return {
      send: (node, command) =>
        alive(() => {
          if (command.epoch < this.epoch) throw new Error('a command of an older epoch');
          this.epoch = command.epoch;
          this.sent.push(command);
          this.heads.set(node, { node, run: command.key.run, ...command.head });
          this.nodes.set(formatKey(command.key), node);
          const { key, action, timeoutMs, ledger } = command;
          const known = ledger === undefined ? {} : { ledger };
          const attempt = { phase: key.phase, attempt: key.attempt, node, action, timeoutMs, ...known };
          return this.world.send(key, { ...attempt, startedSequence: 0, startedAtMs: 0, isSettled: false });
        }),
      read: (node, action) => alive(() => this.read(node, action)),
      ask: (node, key) => alive(() => this.world.ask(node, key)),
      settle: (node, key) => alive(() => this.world.settle(node, key)),
      confirm: (_, key) => alive(() => void this.unconfirmed.delete(formatKey(key))),
      closeRun: (node, run) =>
        alive(() => {
          this.onClose(node, run);
          if (this.deaf.has(node)) return;
          this.closed.push(`${node} ${run}`);
          if (this.heads.get(node)?.run === run) this.heads.delete(node);
        }),
      renewSuspension: (node, run) => alive(() => void this.renewed.push(`${node} ${run}`)),
      heldHeads: async () => (isDead() ? never : ok([...this.heads.values()])),
      presence: async () => (isDead() ? never : this.world.presence().map(this.presenceOf)),
      onOutcome: (listener) => {
        const told: typeof listener = (...outcome) => {
          if (!isDead()) listener(...outcome);
        };
        this.listeners.add(told);
        return () => void this.listeners.delete(told);
      },
      onProgress: () => () => undefined,
      onPresence: (listener) => {
        const told: typeof listener = (presence) => {
          if (!isDead()) listener(presence);
        };
        this.watchers.add(told);
        return () => void this.watchers.delete(told);
      },
    };
  }

  private read(node: string, action: ReadAction): ReadingResult {
    this.onRead(action);
    const answer = this.answer(action);
    if (answer === undefined)
      return { ok: false, failure: failure('unexpected-output', `${node}: the simulation has no ${action.kind}`) };
    return { ok: true, answer, commands: [] };
  }

  private answer(action: ReadAction): Answer | undefined {
    const unit = (name: string) => {
      const isThere = this.world.marks.has(name);
      return {
        unit: name,
        loadState: 'loaded',
        activeState: isThere ? 'active' : 'inactive',
        subState: isThere ? 'running' : 'dead',
        unitFileState: 'enabled',
        user: '',
        mainPid: isThere ? 1 : 0,
        result: 'success',
        sinceMs: 0,
      };
    };
    switch (action.kind) {
      case 'readUnits':
        return { kind: 'readUnits', units: action.units.map(unit) };
      case 'readNode':
        return {
          kind: 'readNode',
          hostname: 'n',
          bootId: 'b',
          os: 'debian',
          osVersion: '12',
          clockMs: 0,
          uptimeS: 1,
          memoryBytes: 1,
          memoryAvailableBytes: 1,
          load1m: 0,
          cpus: 1,
          postgresqlMajor: 17,
          agentVersion: '0',
          addresses: [],
        };
      case 'readVersion':
        return { kind: 'readVersion', version: 'app' };
      case 'readFailover': {
        const isSuspended = this.world.marks.has('suspend');
        const state = { armed: !isSuspended, suspended: isSuspended, suspendedAtMs: 0, deadlineMs: 0, run: '' };
        return { kind: 'readFailover', ...state, units: action.units.map(unit) };
      }
      default:
        return undefined;
    }
  }
}
