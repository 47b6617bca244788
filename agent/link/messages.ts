// What a coordinator's messages make the agent do, and the agent's messages to it. The only place between wire and domain.
import { actionFromWire, answerToWire } from '../../shared/actions/wire.ts';
import type { Clock } from '../../shared/clock.ts';
import { failure } from '../../shared/failures.ts';
import { type JournalHead, KeyStatus, type ToAgent } from '../../shared/gen/baton/v1/fleet_pb.ts';
import { formatKey, type Key } from '../../shared/key.ts';
import type { Log } from '../../shared/log.ts';
import type { Outcome } from '../../shared/outcome.ts';
import { failureToWire, keyFromWire, keyToWire, outcomeToWire } from '../../shared/rpc/outcome-wire.ts';
import { collectUnits } from '../execution/collect.ts';
import type { Reader } from '../execution/reader.ts';
import { ask, type KeyStanding, type StandingParts, settle } from '../execution/standing.ts';
import { type RenewalParts, renewSuspension } from '../failover/lease.ts';
import type { Head, Ledger } from '../ledger/ledger.ts';
import { noRoomFor } from '../ledger/no-room.ts';
import type { FromAgentInit } from './session.ts';

export interface MessageParts extends StandingParts, Pick<RenewalParts, 'observer'> {
  reader: Reader;
}

const statusToWire: Record<KeyStanding['status'], KeyStatus> = {
  absent: KeyStatus.ABSENT,
  running: KeyStatus.RUNNING,
  finished: KeyStatus.FINISHED,
  settled: KeyStatus.SETTLED,
  settling: KeyStatus.SETTLING,
  closed: KeyStatus.CLOSED,
};

/** Carries out one message; answers go by `send`. */
export async function handleMessage(
  { kind }: ToAgent,
  send: (message: FromAgentInit) => void,
  parts: MessageParts,
): Promise<void> {
  const { units, ledger, executor, clock, log } = parts;
  switch (kind.case) {
    case 'command': {
      const key = knownKey(kind.value.key, kind.case, log);
      if (key === undefined) return;
      const { epoch, timeoutMs, head, action, ledgerGeneration: generation, ledgerCounter: counter } = kind.value;
      const message = {
        ...{ key, epoch, timeoutMs, head: headFromWire(head), action: actionFromWire(action) },
        expectedLedger: generation === '' ? undefined : { generation, counter },
      };
      const outcome = await executor.command(message);
      if (outcome !== undefined) send(outcomeMessage(key, outcome, ledger.file.counter()));
      return;
    }
    case 'ask':
    case 'settle': {
      const key = knownKey(kind.value.key, kind.case, log);
      if (key === undefined) return;
      const standing =
        kind.case === 'ask'
          ? await ask(key, kind.value.epoch, parts)
          : await settle(key, kind.value.epoch, headFromWire(kind.value.head), parts);
      send(keyStateMessage(key, standing));
      return;
    }
    case 'outcomeJournaled': {
      const key = knownKey(kind.value.key, kind.case, log);
      if (key === undefined) return;
      ledger.journaled(key);
      await collectUnits(ledger, units, log);
      return;
    }
    case 'runClosed':
      ledger.closeRun(kind.value.run, clock.nowMs());
      await collectUnits(ledger, units, log);
      return;
    case 'renewSuspension': {
      const { run, leaseMs, epoch } = kind.value;
      if (!(await renewSuspension(run, leaseMs, epoch, parts))) log.debug('nothing to renew', { run, epoch });
      return;
    }
    case 'read': {
      const { result, commands } = await parts.reader(actionFromWire(kind.value.action), kind.value.timeoutMs);
      const told = result.ok ? { answer: answerToWire(result.value) } : { failure: failureToWire(result.failure) };
      send({ case: 'readAnswer', value: { id: kind.value.id, commands, ...told } });
      return;
    }
    default:
      log.warn('a message that this version does not know', { kind: kind.case ?? 'none' });
  }
}

export function outcomeMessage(key: Key, outcome: Outcome, counter: number): FromAgentInit {
  return { case: 'outcome', value: outcomeToWire(key, outcome, counter) };
}

/**
 * What is answered when a bug or a full disk kept a message from being carried out. Of a command, that nothing was started,
 * and nothing of a known key; of a question about a key, why it has no answer.
 */
export function refusalMessage(
  message: ToAgent,
  error: unknown,
  { nodeName, ledger, clock }: { nodeName(): string; ledger: Ledger; clock: Clock },
): FromAgentInit | undefined {
  const { kind } = message;
  if (kind.case !== 'command' && kind.case !== 'ask' && kind.case !== 'settle') return undefined;
  const key = keyFromWire(kind.value.key);
  if (key === undefined) return undefined;
  const why =
    noRoomFor('the ledger', error, nodeName(), ledger.file) ??
    failure('internal', `the agent could not take the ${kind.case} up: ${String(error)}`, { retryable: true });
  if (kind.case !== 'command') return { case: 'keyState', value: { key: keyToWire(key), failure: failureToWire(why) } };
  if (ledger.attempt(key) !== undefined) return undefined;
  const nowMs = clock.nowMs();
  return outcomeMessage(key, { verdict: 'refused', failure: why, commands: [], startedAtMs: nowMs, elapsedMs: 0 }, 0);
}

function keyStateMessage(key: Key, { status, outcome, counter }: KeyStanding): FromAgentInit {
  return {
    case: 'keyState',
    value: {
      key: keyToWire(key),
      status: statusToWire[status],
      ...(outcome === undefined ? {} : { outcome: outcomeToWire(key, outcome, counter) }),
    },
  };
}

function knownKey(message: Parameters<typeof keyFromWire>[0], what: string, log: Log): Key | undefined {
  const key = keyFromWire(message);
  if (key === undefined)
    log.warn(`${what} with a malformed key is left alone`, { key: message && formatKey(message as Key) });
  return key;
}

function headFromWire(head: JournalHead | undefined): Head | undefined {
  return head === undefined ? undefined : { sequence: head.sequence, hash: head.hash };
}
