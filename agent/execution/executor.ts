// Carries out commands: the ledger knows of an attempt before anything of it starts, and of its outcome before anybody
// else does. One mutating action at a time. Knows nothing of connections.
import type { Action, Answer } from '../../shared/actions/action.ts';
import { validateAction } from '../../shared/actions/constraints.ts';
import { isJob } from '../../shared/actions/jobs/job.ts';
import { type Failure, fail, failure, type Result } from '../../shared/failures.ts';
import { canonicalJson, sha256Hex } from '../../shared/hash.ts';
import { formatKey, type Key } from '../../shared/key.ts';
import type { LedgerMark } from '../../shared/ledger-mark.ts';
import type { Outcome } from '../../shared/outcome.ts';
import type { AgentParts, Ended, StepProgress } from '../actions/context.ts';
import type { runAction } from '../actions/run-action.ts';
import type { Attempt, Head, Ledger } from '../ledger/ledger.ts';
import { noRoomFor } from '../ledger/no-room.ts';
import type { Machine } from '../machine.ts';
import { isMutating, refusalBy } from '../policy/permit.ts';
import { nothingAllowed, type Policy } from '../policy/policy.ts';
import { decideCommand } from './decide-command.ts';

const writeAgainMs = 1000;

export interface ExecutorParts extends Omit<AgentParts, 'ledger'> {
  ledger: Ledger;
  machine: Machine;
  policyFile: string;
  /** An attempt is in the ledger, and nothing of it has started yet. */
  onBegun(): void;
  /** An outcome is in the ledger's outbox. */
  onOutcome(key: Key, outcome: Outcome, counter: number): void;
  onProgress(key: Key, progress: StepProgress): void;
}

export interface CommandMessage {
  key: Key;
  epoch: number;
  head: Head | undefined;
  action: Action | undefined;
  timeoutMs: number;
  expectedLedger: LedgerMark | undefined;
}

export interface Running {
  attempt: Pick<Attempt, 'key' | 'action'>;
  abort: AbortController;
  done: Promise<void>;
}

export interface Executor {
  /** Answers with an outcome where nothing is started: refused, or what was recorded. */
  command(message: CommandMessage): Promise<Outcome | undefined>;
  /** Takes up what a former agent has left: attaches to units that run, the rest is unknown. Before any command. */
  recover(): void;
  running(key: Key): Running | undefined;
  runningKey(): string | undefined;
  /** Resolves when nothing runs in this process; units go on without it. */
  idle(withinMs: number): Promise<void>;
}

export function createExecutor(parts: ExecutorParts): Executor {
  const { ledger, machine, clock, log } = parts;
  const running = new Map<string, Running>();

  /** Registers the attempt as running and follows it to its outcome. */
  const follow = (
    attempt: Pick<Attempt, 'key' | 'timeoutMs' | 'startedAtMs' | 'isSettled' | 'action'>,
    policy: Policy,
    commands: string[],
    elapsedMs: () => number,
    work: (context: Parameters<typeof runAction>[1]) => Promise<Ended<Answer>>,
  ): void => {
    const abort = new AbortController();
    if (attempt.isSettled) abort.abort();
    const startedMs = clock.monotonicMs();
    const context = {
      ...parts,
      ledger: ledger.file,
      key: attempt.key,
      timeoutMs: attempt.timeoutMs,
      startedAtMs: attempt.startedAtMs,
      deadlineMs: startedMs + attempt.timeoutMs,
      signal: abort.signal,
      policy,
      profile: machine.profileOf(policy),
      commands,
      progress: (progress: StepProgress) => parts.onProgress(attempt.key, progress),
    };
    const finish = async () => {
      const result = await work(context).catch((error: unknown) => bug(error));
      const { outcome, counter } = await written(attempt.key, {
        ...verdictOf(result),
        commands,
        startedAtMs: attempt.startedAtMs,
        elapsedMs: elapsedMs(),
      });
      running.delete(formatKey(attempt.key));
      log.info('action ended', { key: formatKey(attempt.key), verdict: outcome.verdict, ...reasonOf(outcome) });
      parts.onOutcome(attempt.key, outcome, counter);
    };
    // In the map before anything of it runs, since the map is what says that something does.
    const done = Promise.resolve()
      .then(finish)
      .catch((error: unknown) => void bug(error));
    const entry: Running = { attempt, abort, done };
    running.set(formatKey(attempt.key), entry);
  };

  /** An outcome that a full disk keeps out of the ledger is tried again until it is there; its attempt runs till then. */
  const written = async (key: Key, outcome: Outcome): Promise<ReturnType<Ledger['finish']>> => {
    for (;;) {
      try {
        return ledger.finish(key, outcome);
      } catch (error) {
        log.error('an outcome could not be written, which is tried again', {
          ...{ key: formatKey(key), verdict: outcome.verdict, error: String(error) },
        });
        const noRoom = noRoomFor('the outcome', error, parts.nodeName(), ledger.file);
        if (noRoom !== undefined) parts.onProgress(key, { line: noRoom.message, outputBytes: 0 });
      }
      await clock.sleep(writeAgainMs);
    }
  };

  const bug = (error: unknown): Result<never> => {
    log.error('an action failed by a bug', { error: error instanceof Error ? (error.stack ?? error.message) : error });
    return fail('lost', `a bug ended the action, so how far it came is not known: ${String(error)}`);
  };

  /** Over a restart only the wall clock knows. */
  const sinceStart = (attempt: Attempt) => () => Math.max(0, clock.nowMs() - attempt.startedAtMs);

  const refused = (why: Failure): Outcome => ({
    verdict: 'refused',
    failure: why,
    commands: [],
    startedAtMs: clock.nowMs(),
    elapsedMs: 0,
  });

  return {
    async command({ key, epoch, head, action: given, timeoutMs, expectedLedger }) {
      const generation = ledger.file.generation();
      const policy = await machine.loadPolicy();
      if (ledger.file.generation() !== generation)
        return refused(
          failure('restored-state', 'the node has joined anew since the command came; nothing was started'),
        );
      // From here until the attempt is in the ledger nothing is awaited: two commands never decide at the same time.
      ledger.acceptEpoch(epoch);
      const action = validateAction(given);
      const payloadHash = sha256Hex(canonicalJson(given ?? null));
      const isClosed = ledger.isClosed(key.run);
      const decision = decideCommand({
        ...{ key, action, payloadHash, timeoutMs, epoch, head, expectedLedger },
        ledger: { generation: ledger.file.generation(), counter: ledger.file.counter() },
        isMutating: action.ok && isMutating(action.value),
        highestEpoch: ledger.highestEpoch(),
        isRunClosed: isClosed,
        known: ledger.attempt(key),
        newestHead: ledger.headOf(key.run),
        isHeld: ledger.heldSinceMs() !== undefined,
        policyRefusal: action.ok ? refusalBy(policy, action.value) : undefined,
        runningKey: this.runningKey(),
      });
      const newHead = isClosed || epoch < ledger.highestEpoch() ? undefined : head;
      const isBegun = decision.act === 'start' && policy.ok;
      if (newHead !== undefined && !isBegun) ledger.noteHead(key.run, newHead);
      switch (decision.act) {
        case 'refuse':
          log.warn('command refused', { key: formatKey(key), reason: decision.failure.message });
          return refused(decision.failure);
        case 'repeat':
          return decision.outcome;
        case 'wait':
          return undefined;
        case 'start': {
          if (!policy.ok) return refused(policy.failure);
          const startedAtMs = clock.nowMs();
          ledger.begin({ key, head: newHead, payloadHash, action: decision.action, timeoutMs, epoch, startedAtMs });
          log.info('action starts', { key: formatKey(key), kind: decision.action.kind });
          const startedMs = clock.monotonicMs();
          const attempt = { key, timeoutMs, startedAtMs, isSettled: false, action: decision.action };
          const elapsedMs = () => Math.round(clock.monotonicMs() - startedMs);
          follow(attempt, policy.value, [], elapsedMs, (context) => machine.runAction(decision.action, context));
          parts.onBegun();
          return undefined;
        }
      }
    },

    recover() {
      for (const attempt of ledger.unfinished()) {
        const { action } = attempt;
        // Following needs nothing of the policy, which may have become unreadable meanwhile.
        const policy = { ...nothingAllowed, file: parts.policyFile };
        if (action !== undefined && isJob(action)) {
          log.info('attaching to a unit that was started before', { key: formatKey(attempt.key) });
          follow({ ...attempt, action }, policy, [], sinceStart(attempt), (context) =>
            machine.attachJob(action, context),
          );
          continue;
        }
        const lost = fail('lost', `the agent ended while ${action?.kind ?? 'the action'} ran; look at what it did`);
        follow(attempt, policy, [], sinceStart(attempt), async () => lost);
      }
    },

    running: (key) => running.get(formatKey(key)),
    runningKey: () => running.keys().next().value,
    async idle(withinMs) {
      const here = [...running.values()].filter(({ attempt: { action } }) => action === undefined || !isJob(action));
      await Promise.race([Promise.all(here.map(({ done }) => done)), clock.sleep(withinMs)]);
    },
  };
}

function verdictOf(result: Ended<Answer>): Pick<Outcome, 'verdict' | 'answer' | 'failure'> {
  if (result.ok) return { verdict: 'succeeded', answer: result.value };
  const { failure, answer } = result;
  return {
    verdict: failure.code === 'lost' ? 'unknown' : 'failed',
    failure,
    ...(answer === undefined ? {} : { answer }),
  };
}

function reasonOf(outcome: Outcome): { reason?: string } {
  return outcome.failure === undefined ? {} : { reason: outcome.failure.message };
}
