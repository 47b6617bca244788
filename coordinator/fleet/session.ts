// One agent's stream: what is asked of the agent, and which of its messages answers what. It stores nothing and knows
// nothing of other nodes; when the stream ends, everything that waits is told so.
import { randomUUID } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { after, type Clock } from '../../shared/clock.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import {
  type FromAgent,
  type KeyState,
  KeyStatus,
  type ReadAnswer,
  type ToAgent,
  ToAgentSchema,
} from '../../shared/gen/baton/v1/fleet_pb.ts';
import { formatKey } from '../../shared/key.ts';
import { keyFromWire, keyToWire } from '../../shared/rpc/outcome-wire.ts';

/** How long an agent may take to look into its ledger; settling also ends what runs. */
const keyAnswerMs = 60_000;
/** Beyond the limit that the agent itself keeps. */
const readMarginMs = 5_000;
const waitingMax = 256;

export interface Session {
  /** Puts a message on the stream and, for questions, waits for the answer. */
  handle(message: ToAgent): Promise<Result<FromAgent | undefined>>;
  /** Gives an answer to who waits for it; false when nobody does. */
  answer(message: FromAgent): boolean;
  /** The stream is gone: everybody who waits gets `unreachable`. */
  close(): void;
}

/** `put` writes to the stream and says whether it could. */
export function createSession(node: string, put: (message: ToAgent) => boolean, clock: Clock): Session {
  const waiting = new Map<string, (result: Result<FromAgent>) => void>();
  /** Questions about one key go one after another, so that an answer belongs to its question. */
  const turns = new Map<string, Promise<unknown>>();
  let isClosed = false;
  const gone = () => fail('unreachable', `${node}: its agent is not connected`, { retryable: true });

  const ask = (name: string, message: ToAgent, timeoutMs: number): Promise<Result<FromAgent>> =>
    new Promise((resolve) => {
      if (isClosed) return resolve(gone());
      if (waiting.size >= waitingMax)
        return resolve(
          fail('refused-busy', `${node}: ${waitingMax} questions wait for its agent already`, { retryable: true }),
        );
      const stopTimer = after(clock, timeoutMs, () =>
        end(fail('timeout', `${node}: its agent did not answer within ${timeoutMs} ms`, { retryable: true })),
      );
      const end = (result: Result<FromAgent>) => {
        stopTimer();
        waiting.delete(name);
        resolve(result);
      };
      waiting.set(name, end);
      if (!put(message)) end(gone());
    });

  const inTurn = async <T>(name: string, act: () => Promise<T>): Promise<T> => {
    const before = turns.get(name) ?? Promise.resolve();
    const mine = before.then(act);
    turns.set(name, mine);
    try {
      return await mine;
    } finally {
      if (turns.get(name) === mine) turns.delete(name);
    }
  };

  return {
    async handle(message) {
      const { kind } = message;
      switch (kind.case) {
        case 'read':
          return ask(`read ${kind.value.id}`, message, kind.value.timeoutMs + readMarginMs);
        case 'ask':
        case 'settle': {
          const key = keyFromWire(kind.value.key);
          if (key === undefined) return fail('bad-input', 'a question about a key that is none');
          const name = formatKey(key);
          return inTurn(name, () => ask(`${kind.case} ${name}`, message, keyAnswerMs));
        }
        default:
          if (isClosed || !put(message)) return gone();
          return ok(undefined);
      }
    },
    answer(message) {
      const name = questionOf(message, (candidate) => waiting.has(candidate));
      const end = name === undefined ? undefined : waiting.get(name);
      end?.(ok(message));
      return end !== undefined;
    },
    close() {
      isClosed = true;
      for (const end of [...waiting.values()]) end(gone());
    },
  };
}

/**
 * Whether an agent is at the other end now: it answers a question that nobody can have answered before. Of a key that
 * there never is, under no epoch, so that it changes nothing there. The stream's own limits say how long it may take.
 */
export function askWhetherAlive(session: Session): Promise<Result<unknown>> {
  const key = { run: `alive-${randomUUID()}`, step: 'hello', phase: 'do', attempt: 1 } as const;
  return session.handle(create(ToAgentSchema, { kind: { case: 'ask', value: { key: keyToWire(key), epoch: 0 } } }));
}

function questionOf({ kind }: FromAgent, isAsked: (name: string) => boolean): string | undefined {
  if (kind.case === 'readAnswer') return `read ${(kind.value satisfies ReadAnswer).id}`;
  if (kind.case !== 'keyState') return undefined;
  const key = keyFromWire(kind.value.key);
  if (key === undefined) return undefined;
  const settle = `settle ${formatKey(key)}`;
  // A late answer to an earlier question is none to this one: after a settling no key is absent or simply running.
  if (isAsked(settle)) return isOfSettling(kind.value) ? settle : undefined;
  return `ask ${formatKey(key)}`;
}

function isOfSettling({ status, failure }: KeyState): boolean {
  // One that has no answer is asked again, whichever of the two it was.
  if (failure !== undefined) return true;
  return status !== KeyStatus.ABSENT && status !== KeyStatus.RUNNING && status !== KeyStatus.UNSPECIFIED;
}
