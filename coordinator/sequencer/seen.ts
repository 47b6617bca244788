// What this process has noticed and no journal needs: readings that decided nothing yet, when a command went out, what
// an agent answered. Losing it (a restart) only means looking again. Pure; times are monotonic ms.
import type { FailoverText } from '../../shared/documents.ts';
import type { Failure, Result } from '../../shared/failures.ts';
import { formatKey, type Key } from '../../shared/key.ts';
import type { Outcome } from '../../shared/outcome.ts';
import type { CheckResult, NodePresence } from '../checks/check.ts';
import type { KeyStanding } from '../fleet/fleet.ts';
import type { RunFact } from '../journal/event.ts';
import type { ReadOf } from './state.ts';

export interface Reading {
  /** Only what was read after this event counts. */
  base: number;
  firstAtMs: number;
  lastAtMs: number;
  /** Of the first pass since the last reading that did not pass. */
  passedSinceMs?: number;
  passed: boolean;
  results: CheckResult[];
}

export interface AttemptSeen {
  /** This process journaled the intent, so nobody else can have sent it. */
  isOwn?: boolean;
  sentAtMs?: number;
  askedAtMs?: number;
  standing?: KeyStanding['status'];
  outcome?: Outcome;
  /** The agent would not even look whether it knows the key: an epoch that is over, or something was put back. */
  fenced?: { failure: Failure; atMs: number };
  /** The agent has said that it had begun. */
  wasThere?: boolean;
  /** Since when the agent gives no answer. */
  silentSinceMs?: number;
  lastFailure?: Failure;
  busySinceMs?: number;
  busyAtMs?: number;
  settlingSinceMs?: number;
  settledAtMs?: number;
}

/** The same question, asked since `base`. */
export interface Asked {
  base: number;
  firstAtMs: number;
  lastAtMs: number;
}

export interface Bound extends Asked {
  values: Result<Record<string, string>>;
}

export type NodeSeen = Pick<NodePresence, 'connected' | 'refusal' | 'isCoordinatorBehind' | 'ledger'>;

export interface Seen {
  readonly nodes: Readonly<Record<string, NodeSeen>>;
  readonly readings: Readonly<Record<string, Reading>>;
  /** When a journaled pass was read. */
  readonly passedAtMs: Readonly<Record<string, number>>;
  readonly attempts: Readonly<Record<string, AttemptSeen>>;
  readonly bound: Readonly<Record<string, Bound>>;
  /** Looks at the nodes before an item. */
  readonly looked: Readonly<Record<string, Asked>>;
  readonly failover?: FailoverSeen;
}

/** Whether failover was armed; `firstAtMs` is of the first answer to the same question. */
export interface FailoverSeen {
  sequence: number;
  is: FailoverText;
  firstAtMs: number;
  lastAtMs: number;
}

export const nothingSeen: Seen = { nodes: {}, readings: {}, passedAtMs: {}, attempts: {}, bound: {}, looked: {} };

export type Observation =
  | { type: 'read'; item: string; of: ReadOf; base: number; passed: boolean; results: CheckResult[]; atMs: number }
  | { type: 'appended'; run: string; fact: RunFact; atMs: number }
  | { type: 'sent'; key: Key; result: Result<void>; atMs: number }
  | { type: 'asked'; key: Key; result: Result<KeyStanding>; atMs: number }
  | { type: 'settled'; key: Key; result: Result<KeyStanding>; atMs: number }
  | { type: 'outcome'; key: Key; outcome: Outcome; atMs: number }
  | { type: 'bound'; item: string; base: number; values: Result<Record<string, string>>; atMs: number }
  | { type: 'failover'; sequence: number; is: FailoverText; atMs: number }
  | { type: 'looked'; item: string; base: number; presence: readonly NodePresence[]; atMs: number }
  | { type: 'nodes'; presence: readonly NodePresence[] };

export const readingName = (item: string, of: ReadOf): string => `${item}/${of}`;

/** What was seen, with one more observation. */
export function notice(seen: Seen, observation: Observation): Seen {
  switch (observation.type) {
    case 'read': {
      const { item, of, base, passed, results, atMs } = observation;
      const name = readingName(item, of);
      const before = seen.readings[name];
      const firstAtMs = before?.base === base ? before.firstAtMs : atMs;
      const passedSinceMs = (before?.base === base ? before.passedSinceMs : undefined) ?? atMs;
      const reading = { base, firstAtMs, lastAtMs: atMs, passed, results, ...(passed ? { passedSinceMs } : {}) };
      return { ...seen, readings: { ...seen.readings, [name]: reading } };
    }
    case 'appended':
      return noticeAppended(seen, observation.run, observation.fact, observation.atMs);
    case 'sent':
      return noticeSent(seen, observation);
    case 'asked':
      return noticeAsked(seen, observation);
    case 'settled':
      return noticeSettled(seen, observation);
    case 'outcome':
      return noticeOutcome(seen, observation);
    case 'bound': {
      const { item, values } = observation;
      const asked = askedOnceMore(seen.bound[item], observation);
      return { ...seen, bound: { ...seen.bound, [item]: { ...asked, values } } };
    }
    case 'looked': {
      const { item, presence } = observation;
      const looked = { ...seen.looked, [item]: askedOnceMore(seen.looked[item], observation) };
      return { ...notice(seen, { type: 'nodes', presence }), looked };
    }
    case 'failover':
      return { ...seen, failover: failoverSeen(seen.failover, observation) };
    case 'nodes':
      return { ...seen, nodes: { ...seen.nodes, ...nodesSeen(observation.presence) } };
  }
}

function askedOnceMore(before: Asked | undefined, { base, atMs }: { base: number; atMs: number }): Asked {
  return { base, firstAtMs: before?.base === base ? before.firstAtMs : atMs, lastAtMs: atMs };
}

/** What a decision needs of the nodes' presence. */
export function nodesSeen(presence: readonly NodePresence[]): Record<string, NodeSeen> {
  return Object.fromEntries(
    presence.map(({ node, connected, refusal, isCoordinatorBehind, ledger }) => [
      node,
      {
        connected,
        ...(refusal === undefined ? {} : { refusal }),
        ...(isCoordinatorBehind === undefined ? {} : { isCoordinatorBehind }),
        ...(ledger === undefined ? {} : { ledger }),
      },
    ]),
  );
}

function failoverSeen(
  before: FailoverSeen | undefined,
  { sequence, is, atMs }: Extract<Observation, { type: 'failover' }>,
): FailoverSeen {
  return { sequence, is, firstAtMs: before?.sequence === sequence ? before.firstAtMs : atMs, lastAtMs: atMs };
}

/** What was seen of a key. */
export const attemptSeen = (seen: Seen, key: Key): AttemptSeen => seen.attempts[formatKey(key)] ?? {};

function withAttempt(seen: Seen, key: Key, change: (before: AttemptSeen) => AttemptSeen): Seen {
  const name = formatKey(key);
  return { ...seen, attempts: { ...seen.attempts, [name]: change(seen.attempts[name] ?? {}) } };
}

function noticeAppended(seen: Seen, run: string, fact: RunFact, atMs: number): Seen {
  switch (fact.type) {
    case 'ChecksRead':
      return fact.passed
        ? { ...seen, passedAtMs: { ...seen.passedAtMs, [readingName(fact.item, fact.of)]: atMs } }
        : seen;
    case 'StepStarted':
      return withAttempt(seen, { run, step: fact.item, phase: fact.phase, attempt: fact.attempt }, () => ({
        isOwn: true,
      }));
    case 'OutcomeRecorded':
      return withAttempt(seen, { run, step: fact.item, phase: fact.phase, attempt: fact.attempt }, (before) => {
        const { outcome: _, ...rest } = before;
        return rest;
      });
    case 'OperatorDecided':
      // A settling that ran out of time is tried anew, and so is what an agent would not look at.
      return {
        ...seen,
        attempts: Object.fromEntries(
          Object.entries(seen.attempts).map(
            ([key, { settlingSinceMs: _, settledAtMs: __, lastFailure: ___, fenced: ____, ...rest }]) => [key, rest],
          ),
        ),
      };
    default:
      return seen;
  }
}

const isBusyAnswer = (outcome: Outcome | undefined): boolean =>
  outcome?.verdict === 'refused' && outcome.failure?.code === 'refused-busy';

function noticeSent(seen: Seen, { key, result, atMs }: Extract<Observation, { type: 'sent' }>): Seen {
  return withAttempt(seen, key, (before) => {
    const { standing: _, isOwn: __, ...rest } = before;
    const { outcome, ...unanswered } = rest;
    // That it was busy earlier is no answer to this sending.
    const isStale = isBusyAnswer(outcome) && (before.busyAtMs ?? 0) < atMs;
    if (result.ok) return { ...(isStale ? unanswered : rest), sentAtMs: atMs };
    // Lost on the way or not: the agent has to be asked.
    const silence = { silentSinceMs: before.silentSinceMs ?? atMs, askedAtMs: atMs, lastFailure: result.failure };
    return { ...unanswered, ...silence };
  });
}

function noticeAsked(seen: Seen, { key, result, atMs }: Extract<Observation, { type: 'asked' }>): Seen {
  return withAttempt(seen, key, (before) => {
    if (!result.ok)
      return { ...before, askedAtMs: atMs, silentSinceMs: before.silentSinceMs ?? atMs, lastFailure: result.failure };
    const { silentSinceMs: _, lastFailure: __, ...rest } = before;
    const standing = result.value;
    return {
      ...rest,
      askedAtMs: atMs,
      standing: standing.status,
      wasThere: before.wasThere === true || standing.status === 'running' || standing.status === 'finished',
      // From the first look on, where another process had sent it.
      sentAtMs: before.sentAtMs ?? atMs,
      ...(standing.status === 'finished' ? { outcome: standing.outcome } : {}),
    };
  });
}

function noticeSettled(seen: Seen, { key, result, atMs }: Extract<Observation, { type: 'settled' }>): Seen {
  return withAttempt(seen, key, (before) => {
    const since = { settledAtMs: atMs, settlingSinceMs: before.settlingSinceMs ?? atMs };
    if (!result.ok) {
      // What it said to an earlier question is no word on a tombstone.
      const { standing: _, ...unanswered } = before;
      return { ...unanswered, ...since, lastFailure: result.failure };
    }
    const { lastFailure: _, silentSinceMs: __, ...rest } = before;
    const standing = result.value;
    return {
      ...rest,
      ...since,
      standing: standing.status,
      // The outbox may tell it only after the run has ended.
      ...('outcome' in standing ? { outcome: standing.outcome } : {}),
    };
  });
}

function noticeOutcome(seen: Seen, { key, outcome, atMs }: Extract<Observation, { type: 'outcome' }>): Seen {
  return withAttempt(seen, key, (before) => {
    const isBusy = isBusyAnswer(outcome);
    const { silentSinceMs: _, ...rest } = before;
    // No outcome of the key: it may have been begun before, whatever is refused now.
    const why = outcome.verdict === 'refused' ? outcome.failure : undefined;
    if (why?.code === 'refused-old-epoch' || why?.code === 'restored-state')
      return { ...rest, fenced: { failure: why, atMs } };
    return {
      ...rest,
      outcome,
      ...(isBusy ? { busySinceMs: before.busySinceMs ?? atMs, busyAtMs: atMs } : {}),
    };
  });
}
