// The agent's parts and which is given to which, whatever machine and network they are given. Nothing of an operating
// system is here.
import { type Clock, every as everyOf } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import { batonVersion } from '../shared/version.ts';
import type { AgentParts } from './actions/context.ts';
import { failoverState } from './actions/failover.ts';
import { nodeFacts } from './actions/node.ts';
import { collectUnits } from './execution/collect.ts';
import { createExecutor } from './execution/executor.ts';
import { createReader } from './execution/reader.ts';
import { raiseAlarm } from './failover/hook.ts';
import { createLeaseWatch } from './failover/lease.ts';
import { ledgerOf } from './ledger/ledger.ts';
import type { LedgerFile } from './ledger/ledger-file.ts';
import { readSuspension } from './ledger/suspension.ts';
import { type Link, type LinkParts, startLink } from './link/link.ts';
import { handleMessage, outcomeMessage, refusalMessage } from './link/messages.ts';
import type { FromAgentInit } from './link/session.ts';
import type { Machine } from './machine.ts';

const watchMs = 1000;
const observeMs = 5000;
const collectMs = 60_000;
const stopWithinMs = 10_000;

export interface AssemblyParts
  extends Pick<AgentParts, 'clock' | 'log' | 'nodeName' | 'runProgram'>,
    Pick<LinkParts, 'identity' | 'connect' | 'random' | 'onConnection'> {
  /** Of the ledger. */
  file: LedgerFile;
  policyFile: string;
  machine: Machine;
  /** Where one may connect as well, as a coordinator has told. */
  rememberCoordinators(coordinators: string[]): void;
}

export interface Agent {
  stop(): Promise<void>;
}

/** Starts the agent on an open ledger. */
export function assembleAgent(given: AssemblyParts): Agent {
  const { clock, log, file, policyFile, machine } = given;
  const ledger = ledgerOf(file);
  let observer: Awaited<ReturnType<Machine['observeUnits']>> = [];

  const fetchRelease: Link['fetchRelease'] = (...wanted) => link.fetchRelease(...wanted);
  const { nodeName, runProgram } = given;
  const parts = { clock, log, machine, policyFile, nodeName, fetchRelease, runProgram };
  const executor = createExecutor({
    ...parts,
    ledger,
    // A node that is put back to before this attempt is found out only by a coordinator that was told of it.
    onBegun: () => link.beat(),
    onOutcome: (key, outcome, counter) => link.send(outcomeMessage(key, outcome, counter)),
    onProgress: (key, progress) => link.progress(key, progress),
  });
  const reader = createReader({ ...parts, ledger: ledger.file });
  const policyNow = async () => {
    const policy = await machine.loadPolicy();
    if (policy.ok) return policy.value;
    log.error('there is no policy to go by: every action is refused', { reason: policy.failure.message });
    return undefined;
  };

  const observeNow = async () => {
    const policy = await machine.loadPolicy();
    return policy.ok ? await machine.observeUnits(policy.value.observerUnits) : undefined;
  };

  /** For what may be lost: a full disk must not end the daemon. */
  const goOn = (what: string, write: () => unknown) => {
    try {
      write();
    } catch (error) {
      log.warn(`${what} could not be written`, { error: String(error) });
    }
  };

  /** The ledger's name in the newest hello. */
  let generationTold: string | undefined;
  const hello = async (): Promise<FromAgentInit> => {
    const policy = await policyNow();
    const read = await reader({ kind: 'readNode' }, 3000);
    const known = read.result.ok && read.result.value.kind === 'readNode' ? read.result.value : undefined;
    const { kind: _, ...facts } = known ?? { kind: 'readNode', ...(await nodeFacts(clock.nowMs(), 0)) };
    const ledgerGeneration = ledger.file.generation();
    generationTold = ledgerGeneration;
    return {
      case: 'hello',
      value: {
        agentVersion: batonVersion,
        bootId: facts.bootId,
        ledgerGeneration,
        ledgerCounter: ledger.file.counter(),
        highestEpoch: ledger.highestEpoch(),
        heads: [...ledger.openHeads(), ...ledger.closedHeads().map((head) => ({ ...head, closed: true }))],
        hold: ledger.heldSinceMs() !== undefined,
        facts,
        ...(policy === undefined ? {} : { profile: machine.profileOf(policy) }),
      },
    };
  };

  // From here until the link is there nothing is awaited: what is taken up may end at once and is told over it.
  executor.recover();
  const link: Link = startLink({
    clock,
    log,
    identity: given.identity,
    connect: given.connect,
    random: given.random,
    hello,
    heartbeat: (echo) => ({
      case: 'heartbeat',
      value: {
        clockMs: clock.nowMs(),
        ...echo,
        hold: ledger.heldSinceMs() !== undefined,
        runningKey: executor.runningKey() ?? '',
        ledgerCounter: ledger.file.counter(),
        ...(observer === undefined || observer.length === 0
          ? {}
          : { failover: failoverState(observer, readSuspension(ledger.file)) }),
      },
    }),
    isOver() {
      const isAnew = generationTold !== undefined && generationTold !== ledger.file.generation();
      return isAnew ? 'the node has joined anew' : undefined;
    },
    outbox: () =>
      ledger
        .outbox()
        .flatMap(({ key, outcome, outcomeCounter }) =>
          outcome === undefined ? [] : [outcomeMessage(key, outcome, outcomeCounter)],
        ),
    onMessage(message, send) {
      handleMessage(message, send, {
        ...{ units: machine.units, ledger, executor, reader, clock, log },
        observer: observeNow,
      }).catch((error: unknown) => {
        log.error('a message could not be handled', { kind: message.kind.case, error: String(error) });
        const refusal = refusalMessage(message, error, { ...parts, ledger });
        if (refusal !== undefined) send(refusal);
      });
    },
    onWelcome(_coordinator, epoch, coordinators) {
      // Every command brings the epoch again.
      goOn('the epoch of the welcome', () => ledger.acceptEpoch(epoch));
      given.rememberCoordinators(coordinators);
    },
    onConnection: (state) => goOn('how the connection stands', () => given.onConnection(state)),
  });
  const observe = async () => {
    observer = await observeNow();
  };
  const watch = createLeaseWatch({
    ...{ ledger, clock, log, observe: machine.observeUnits },
    raise: async (message) => await raiseAlarm(message, await policyNow(), log),
  });
  const stopEvery = [
    every(clock, watchMs, watch, log),
    every(clock, observeMs, observe, log),
    every(clock, collectMs, () => collectUnits(ledger, machine.units, log), log),
  ];
  return {
    async stop() {
      for (const stop of stopEvery) stop();
      await executor.idle(stopWithinMs);
      await link.stop();
    },
  };
}

/** Does something again and again, never twice at a time; a failure is logged and the next turn comes. */
function every(clock: Clock, ms: number, work: () => Promise<void>, log: Log): () => void {
  let isWorking = false;
  const turn = () => {
    if (isWorking) return;
    isWorking = true;
    work()
      .catch((error: unknown) => log.error('a periodic look failed', { error: String(error) }))
      .finally(() => {
        isWorking = false;
      });
  };
  turn();
  return everyOf(clock, ms, turn);
}
