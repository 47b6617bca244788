// The daemon: puts the parts together and starts them in the order that keeps promises: lock, ledger, what was left
// running, and only then the link.
import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { every, systemClock } from '../shared/clock.ts';
import { makePrivateFolder } from '../shared/durable-file.ts';
import type { Log } from '../shared/log.ts';
import { type Agent, assembleAgent } from './assemble.ts';
import { readIdentity, rememberCoordinators } from './enrol/identity-files.ts';
import { pruneState } from './execution/prune.ts';
import { raiseAlarm } from './failover/hook.ts';
import { keepSuspended } from './failover/keep-suspended.ts';
import { observeUnits } from './failover/observer.ts';
import { createWaitingWatch } from './failover/while-waiting.ts';
import { ledgerOf } from './ledger/ledger.ts';
import { ledgerPath, openLedgerAsLeft, openLedgerFile } from './ledger/ledger-file.ts';
import { writeConnection } from './link/connection-file.ts';
import { fleetClient } from './link/coordinators.ts';
import { thisMachine } from './machine.ts';
import { runProgram } from './platform/run-program.ts';
import { lockState } from './platform/state-lock.ts';
import { isNoSpace } from './platform/system-error.ts';
import { loadPolicy } from './policy/load-policy.ts';

const pruneMs = 600_000;

const roomEveryMs = 2000;
/** It is said again after so many tries. */
const triesAWord = 30;

export interface AgentOptions {
  stateDirectory: string;
  policyFile: string;
  log: Log;
}

/**
 * Starts the agent; throws where another one has this state or its ledger cannot be opened. On a disk that is too full for
 * that it waits for room and says so: without its ledger it is no agent, and does nothing.
 */
export async function startAgent({ stateDirectory, policyFile, log }: AgentOptions): Promise<Agent> {
  const { unlock, file } = await onceThereIsRoom({ stateDirectory, policyFile, log }, () => openState(stateDirectory));
  const parts = { clock: systemClock, log, policyFile, stateDirectory, runProgram };
  const ledger = ledgerOf(file);
  await keepSuspended({ ...parts, ledger, observe: observeUnits });
  const agent = assembleAgent({
    ...parts,
    file,
    machine: thisMachine(policyFile, stateDirectory),
    nodeName: () => readIdentity(stateDirectory)?.name ?? hostname(),
    identity: () => readIdentity(stateDirectory),
    connect: fleetClient,
    random: Math.random,
    onConnection: (state) => writeConnection(stateDirectory, state),
    rememberCoordinators(coordinators) {
      rememberCoordinators(stateDirectory, coordinators).catch((error: unknown) =>
        log.warn('the list of coordinators could not be written', { error: String(error) }),
      );
    },
  });
  const stopPruning = every(systemClock, pruneMs, () => {
    pruneState(stateDirectory, ledger, log).catch((error: unknown) =>
      log.warn('what no run needs any more could not be removed', { error: String(error) }),
    );
  });
  return {
    async stop() {
      stopPruning();
      await agent.stop();
      file.close();
      unlock();
    },
  };
}

async function openState(stateDirectory: string) {
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
  const unlock = lockState(stateDirectory);
  try {
    for (const name of ['releases', 'units']) await makePrivateFolder(join(stateDirectory, name));
    return { unlock, file: openLedgerFile(ledgerPath(stateDirectory)) };
  } catch (error) {
    unlock();
    throw error;
  }
}

async function onceThereIsRoom<T>(
  { stateDirectory, policyFile, log }: AgentOptions,
  act: () => Promise<T>,
): Promise<T> {
  const watch = watchWhileWaiting({ stateDirectory, policyFile, log });
  for (let tries = 0; ; tries += 1)
    try {
      return await act();
    } catch (error) {
      if (!isNoSpace(error)) throw error;
      if (tries % triesAWord === 0) {
        log.error(`no room in ${stateDirectory}: the agent starts once there is some; free disk space there`, {
          ...{ code: 'no-space', error: String(error) },
        });
        await watch().catch((failed: unknown) => log.error('a look at failover failed', { error: String(failed) }));
      }
      await systemClock.sleep(roomEveryMs);
    }
}

/** A lease runs out also while there is no ledger to work with. */
function watchWhileWaiting({ stateDirectory, policyFile, log }: AgentOptions): () => Promise<void> {
  const policyNow = async () => {
    const policy = await loadPolicy(policyFile);
    return policy.ok ? policy.value : undefined;
  };
  return createWaitingWatch({
    ...{ clock: systemClock, log, observe: observeUnits },
    openLastLedger: () => openLedgerAsLeft(ledgerPath(stateDirectory)),
    observerUnits: async () => (await policyNow())?.observerUnits ?? [],
    raise: async (message) => await raiseAlarm(message, await policyNow(), log),
  });
}
