// An agent's reader on this machine, with a policy and a state folder of its own: real programs, no network.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReader } from '../../../agent/execution/reader.ts';
import { ledgerPath, openLedgerFile } from '../../../agent/ledger/ledger-file.ts';
import { thisMachine } from '../../../agent/machine.ts';
import { type RunProgram, runProgram } from '../../../agent/platform/run-program.ts';
import type { ReadAction } from '../../../coordinator/checks/check.ts';
import type { ActionOf, AnswerOf } from '../../../shared/actions/action.ts';
import { systemClock } from '../../../shared/clock.ts';
import type { Result } from '../../../shared/failures.ts';
import { createLog } from '../../../shared/log.ts';

export interface ReadingAgent {
  folder: string;
  state: string;
  /** What an agent would answer. */
  take<A extends ReadAction>(action: A, timeoutMs?: number): Promise<Result<AnswerOf<A['kind']>>>;
  /** As take; throws with the failure. */
  read<A extends ReadAction>(action: A, timeoutMs?: number): Promise<AnswerOf<A['kind']>>;
  remove(): Promise<void>;
}

/** FOLDER in the policy stands for a new folder. */
export async function createReadingAgent(
  policy: string,
  within = tmpdir(),
  runner: RunProgram = runProgram,
): Promise<ReadingAgent> {
  const folder = await mkdtemp(join(within, 'baton-reading-'));
  const state = join(folder, 'state');
  const policyFile = join(folder, 'agent.yaml');
  await mkdir(state, { mode: 0o700 });
  await writeFile(policyFile, policy.replaceAll('FOLDER', folder), { mode: 0o600 });
  const ledger = openLedgerFile(ledgerPath(state));
  const reader = createReader({
    ...{ clock: systemClock, log: createLog('test'), ledger, runProgram: runner },
    machine: thisMachine(policyFile, state),
    nodeName: () => 'n1',
    fetchRelease: () => {
      throw new Error('a reading fetches nothing');
    },
  });
  const take: ReadingAgent['take'] = async (action, timeoutMs = 60_000) =>
    (await reader(action, timeoutMs)).result as Result<AnswerOf<ActionOf<typeof action.kind>['kind']>> as never;
  return {
    ...{ folder, state, take },
    async read(action, timeoutMs) {
      const taken = await take(action, timeoutMs);
      if (!taken.ok) throw new Error(`${taken.failure.code}: ${taken.failure.message}`);
      return taken.value;
    },
    async remove() {
      ledger.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
