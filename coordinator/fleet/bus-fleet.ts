// The fleet as the rest of the coordinator asks for it: every request goes over the bus to whoever holds the node's
// stream, here or at another coordinator. It keeps nothing.
import { randomUUID } from 'node:crypto';
import { actionToWire, answerFromWire } from '../../shared/actions/wire.ts';
import type { Clock } from '../../shared/clock.ts';
import { type Failure, failure, ok, type Result } from '../../shared/failures.ts';
import { type FromAgent, type KeyState, KeyStatus } from '../../shared/gen/baton/v1/fleet_pb.ts';
import type { Key } from '../../shared/key.ts';
import type { Log } from '../../shared/log.ts';
import { failureFromWire, keyFromWire, keyToWire, outcomeFromWire } from '../../shared/rpc/outcome-wire.ts';
import { createLineLimit } from '../audit/line-limit.ts';
import type { Bus } from '../bus/bus.ts';
import { busFailure } from '../bus/failure.ts';
import type { NodePresence, ReadingResult } from '../checks/check.ts';
import type { Fleet, KeyStanding } from './fleet.ts';
import { onNodePresence, presenceOf, readPresence } from './presence.ts';
import {
  commandSubject,
  decodeFromAgent,
  encodeToAgent,
  nodeOfSubject,
  outcomeSubject,
  progressSubject,
  responseOf,
  type ToAgentInit,
} from './subjects.ts';
import type { FleetTables } from './tables.ts';

/** Putting a message on a stream takes no time; more than this and its holder is gone. */
const handOverMs = 5_000;
/** Beyond the limit that the holder of the stream keeps itself. */
const marginMs = 10_000;
const keyAnswerMs = 60_000;

export function createBusFleet(options: { bus: Bus; tables: FleetTables; clock: Clock; log: Log }): Fleet {
  const { bus, tables, clock, log } = options;
  const strange = createLineLimit(clock, { perMinuteMax: 10, allPerMinuteMax: 100 });

  const refusalOf = async (node: string): Promise<string | undefined> => {
    const record = await tables.nodes.get(node);
    const presence = await tables.presence.get(node);
    if (!record.ok || !record.value) return undefined;
    const seen = presence.ok ? presence.value?.value : undefined;
    return presenceOf(record.value.value, seen, clock.nowMs()).refusal;
  };

  const request = async (
    node: string,
    kind: ToAgentInit & { case: string },
    timeoutMs: number,
  ): Promise<Result<FromAgent | undefined>> => {
    try {
      const answer = await bus.nc.request(commandSubject(node, kind.case), encodeToAgent(kind), { timeout: timeoutMs });
      return responseOf(answer);
    } catch (error) {
      return { ok: false, failure: requestFailure(node, error, await refusalOf(node)) };
    }
  };
  const handOver = async (node: string, kind: ToAgentInit & { case: string }): Promise<Result<void>> => {
    const result = await request(node, kind, handOverMs);
    return result.ok ? ok(undefined) : result;
  };
  const tell = async (node: string, kind: ToAgentInit & { case: string }): Promise<void> => {
    const result = await handOver(node, kind);
    // Nobody waits for these: the agent sends its outcome again, and the next renewal follows.
    if (!result.ok) log.debug(`${node} was not told`, { what: kind.case, reason: result.failure.message });
  };
  const standing = async (node: string, kind: ToAgentInit & { case: string }): Promise<Result<KeyStanding>> => {
    const result = await request(node, kind, keyAnswerMs + marginMs);
    if (!result.ok) return result;
    const answer = result.value?.kind;
    return answer?.case === 'keyState' ? standingOf(node, answer.value) : unreadable(node, 'no state of the key');
  };
  const listen = (subject: string, hear: (node: string, message: FromAgent) => void): (() => void) => {
    const subscription = bus.nc.subscribe(subject, {
      callback: (error, message) => {
        if (error) return;
        hear(nodeOfSubject(message.subject), decodeFromAgent(message.data));
      },
    });
    return () => subscription.unsubscribe();
  };

  return {
    send: (node, { key, epoch, head, action, timeoutMs, ledger }) =>
      handOver(node, {
        case: 'command',
        value: {
          ...{ key: keyToWire(key), epoch, head, action: actionToWire(action), timeoutMs },
          ledgerGeneration: ledger?.generation ?? '',
          ledgerCounter: ledger?.counter ?? 0,
        },
      }),
    async read(node, action, timeoutMs): Promise<ReadingResult> {
      const value = { id: randomUUID(), action: actionToWire(action), timeoutMs };
      const result = await request(node, { case: 'read', value }, timeoutMs + marginMs);
      if (!result.ok) return result;
      const said = result.value?.kind;
      if (said?.case !== 'readAnswer') return unreadable(node, 'no answer to a reading');
      if (said.value.failure) return { ok: false, failure: failureFromWire(said.value.failure) };
      const answer = answerFromWire(said.value.answer);
      return answer === undefined
        ? unreadable(node, 'an answer of another version')
        : { ok: true, answer, commands: said.value.commands };
    },
    ask: (node, key, epoch) => standing(node, { case: 'ask', value: { key: keyToWire(key), epoch } }),
    settle: (node, key, epoch, head) => standing(node, { case: 'settle', value: { key: keyToWire(key), epoch, head } }),
    confirm: (node, key) => tell(node, { case: 'outcomeJournaled', value: { key: keyToWire(key) } }),
    closeRun: (node, run) => tell(node, { case: 'runClosed', value: { run } }),
    renewSuspension: (node, run, leaseMs, epoch) =>
      tell(node, { case: 'renewSuspension', value: { run, leaseMs, epoch } }),
    async presence() {
      const read = await readPresence(tables, clock.nowMs());
      if (read.ok) return read.value;
      log.warn('presence could not be read', { reason: read.failure.message });
      return [];
    },
    async heldHeads() {
      const nodes = await tables.nodes.list();
      if (!nodes.ok) return nodes;
      return ok(nodes.value.flatMap(({ value }) => (value.heads ?? []).map((head) => ({ node: value.name, ...head }))));
    },
    onOutcome: (listener) =>
      listen(outcomeSubject('*'), (node, { kind }) => {
        if (kind.case !== 'outcome') return;
        const key: Key | undefined = keyFromWire(kind.value.key);
        if (key === undefined) {
          if (!strange(node).isOver) log.warn('an outcome of no key was left aside', { node });
          return;
        }
        listener(node, key, outcomeFromWire(kind.value));
      }),
    onProgress: (listener) =>
      listen(progressSubject('*'), (node, { kind }) => {
        if (kind.case !== 'progress') return;
        const key = keyFromWire(kind.value.key);
        const { percent, line, outputBytes } = kind.value;
        if (key) listener(node, { key, ...(percent === undefined ? {} : { percent }), line, outputBytes });
      }),
    onPresence: (listener: (presence: NodePresence) => void) => onNodePresence(tables, clock, log, listener),
  };
}

function standingOf(node: string, state: KeyState): Result<KeyStanding> {
  if (state.failure !== undefined) return { ok: false, failure: failureFromWire(state.failure) };
  switch (state.status) {
    case KeyStatus.ABSENT:
      return ok({ status: 'absent' });
    case KeyStatus.RUNNING:
      return ok({ status: 'running' });
    case KeyStatus.SETTLED:
      return ok({ status: 'settled', ...(state.outcome && { outcome: outcomeFromWire(state.outcome) }) });
    case KeyStatus.SETTLING:
      return ok({ status: 'settling' });
    case KeyStatus.CLOSED:
      return ok({ status: 'closed' });
    case KeyStatus.FINISHED:
      return state.outcome
        ? ok({ status: 'finished', outcome: outcomeFromWire(state.outcome) })
        : unreadable(node, 'a finished key without its outcome');
    case KeyStatus.UNSPECIFIED:
      return unreadable(node, 'no state of the key');
  }
  return unreadable(node, `state ${String(state.status)} of a key`);
}

function unreadable(node: string, what: string): { ok: false; failure: Failure } {
  return {
    ok: false,
    failure: failure('unexpected-output', `${node}: its agent answered ${what}, which this version cannot read`),
  };
}

function requestFailure(node: string, error: unknown, refusal: string | undefined): Failure {
  if (refusal !== undefined) return failure('unreachable', refusal, { retryable: true });
  const found = busFailure(error, `${node}`);
  if (found.code === 'timeout')
    return failure('timeout', `${node}: the coordinator that holds its stream did not answer`, { retryable: true });
  return failure('unreachable', `${node}: its agent is not connected; on the node: systemctl status baton-agent`, {
    retryable: true,
    evidence: found.message,
  });
}
