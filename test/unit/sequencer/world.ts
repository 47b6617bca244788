// A simulated cluster: agents with ledgers, marks that steps leave, connections that fail as a script says. It obeys the
// rules of an agent (one start per key, tombstones, busy) and records what was really started.

import type { CheckRef, CheckResult, NodePresence } from '../../../coordinator/checks/check.ts';
import type { KeyStanding } from '../../../coordinator/fleet/fleet.ts';
import type { AttemptState } from '../../../coordinator/sequencer/state.ts';
import { type Failure, fail, failure, ok, type Result } from '../../../shared/failures.ts';
import { formatKey, type Key } from '../../../shared/key.ts';
import type { Outcome } from '../../../shared/outcome.ts';

/** How an attempt goes; `effect`: whether its mark is left. */
export type Fate =
  | 'well'
  | 'fails'
  | 'fails-after-effect'
  | 'no-effect'
  | 'unknown-with-effect'
  | 'unknown-without-effect'
  | 'busy'
  | 'policy'
  | 'old-epoch'
  | 'hangs';
/** What the connection does with a command or its outcome. */
export type Luck = 'fine' | 'command-lost' | 'outcome-lost' | 'delivered-twice' | 'agent-away';

export const fates: readonly Fate[] = [
  'well',
  'fails',
  'fails-after-effect',
  'no-effect',
  'unknown-with-effect',
  'unknown-without-effect',
  'busy',
  'policy',
  'hangs',
];
export const lucks: readonly Luck[] = ['fine', 'command-lost', 'outcome-lost', 'delivered-twice', 'agent-away'];

const refusals = { busy: 'refused-busy', policy: 'refused-by-policy', 'old-epoch': 'refused-old-epoch' } as const;

export interface Row {
  key: Key;
  node: string;
  status: 'running' | 'finished' | 'settled';
  outcome: Outcome;
  endsAtMs: number;
  leaves: boolean;
  isDelivered: boolean;
  /** Without a start: only to say that there will be none. */
  isTombstone?: boolean;
}

export class World {
  nowMs = 1_000;
  readonly marks = new Set<string>();
  /** Keys in the order in which they were really started. */
  readonly started: Key[] = [];
  protected readonly rows = new Map<string, Row>();
  protected readonly generations = new Map<string, string>();
  protected readonly awayUntilMs = new Map<string, number>();
  protected readonly refused: { key: Key; outcome: Outcome }[] = [];
  private readonly fates: Fate[];
  private readonly lucks: Luck[];

  constructor(script: { fates?: Fate[]; lucks?: Luck[] } = {}) {
    this.fates = [...(script.fates ?? [])];
    this.lucks = [...(script.lucks ?? [])];
  }

  send(key: Key, attempt: AttemptState): Result<void> {
    const luck = this.lucks.shift() ?? 'fine';
    if (luck === 'agent-away') this.awayUntilMs.set(attempt.node, this.nowMs + 20_000);
    if (this.isAway(attempt.node)) return fail('unreachable', `${attempt.node} is away`);
    if (luck === 'command-lost') return ok(undefined);
    for (let time = 0; time < (luck === 'delivered-twice' ? 2 : 1); time += 1)
      this.receive(key, attempt, luck === 'outcome-lost');
    return ok(undefined);
  }

  protected receive(key: Key, attempt: AttemptState, isOutcomeLost: boolean): void {
    const name = formatKey(key);
    const known = this.rows.get(name);
    if (known !== undefined) {
      known.isDelivered = false;
      return;
    }
    const running = [...this.rows.values()].find((row) => row.status === 'running');
    const isOther = attempt.ledger !== undefined && attempt.ledger.generation !== this.generationOf(attempt.node);
    if (isOther) {
      const why = failure('restored-state', `${attempt.node} has another ledger`);
      this.refused.push({ key, outcome: this.outcome('refused', why) });
      return;
    }
    const fate = running === undefined ? (this.fates.shift() ?? 'well') : 'busy';
    if (fate === 'busy' || fate === 'policy' || fate === 'old-epoch') {
      const code = refusals[fate];
      this.refused.push({ key, outcome: this.outcome('refused', failure(code, `${attempt.node} refuses`)) });
      return;
    }
    this.started.push(key);
    const { outcome, leaves } = this.fateOf(fate);
    const endsAtMs = this.nowMs + (fate === 'hangs' ? attempt.timeoutMs : 2_000);
    this.rows.set(name, {
      ...{ key, node: attempt.node, status: 'running', outcome, endsAtMs, leaves, isDelivered: isOutcomeLost },
    });
  }

  private fateOf(fate: Exclude<Fate, keyof typeof refusals>): { outcome: Outcome; leaves: boolean } {
    switch (fate) {
      case 'well':
        return { outcome: this.outcome('succeeded'), leaves: true };
      case 'no-effect':
        return { outcome: this.outcome('succeeded'), leaves: false };
      case 'fails':
        return { outcome: this.outcome('failed', failure('command-failed', 'exit 1')), leaves: false };
      case 'fails-after-effect':
        return { outcome: this.outcome('failed', failure('command-failed', 'exit 1')), leaves: true };
      case 'hangs':
        return { outcome: this.outcome('failed', failure('timeout', 'took too long')), leaves: false };
      case 'unknown-with-effect':
        return { outcome: this.outcome('unknown', failure('lost', 'its unit is gone')), leaves: true };
      case 'unknown-without-effect':
        return { outcome: this.outcome('unknown', failure('lost', 'its unit is gone')), leaves: false };
    }
  }

  /** An agent tells an outcome out of turn. */
  tell(key: Key, verdict: Outcome['verdict']): void {
    this.refused.push({ key, outcome: this.outcome(verdict, failure('internal', 'told out of turn')) });
  }

  protected outcome(verdict: Outcome['verdict'], why?: Failure): Outcome {
    return { verdict, commands: [], startedAtMs: 0, elapsedMs: 0, ...(why === undefined ? {} : { failure: why }) };
  }

  private generationOf(node: string): string {
    return this.generations.get(node) ?? 'g1';
  }

  /** As the coordinator knows its nodes. */
  presence(): NodePresence[] {
    return ['n1', 'n2', 'n3'].map((node) => ({
      ...{ node, joined: true, connected: !this.isAway(node), hold: false, agentVersion: '0', lastSeenMs: 0 },
      ledger: { generation: this.generationOf(node), counter: 0 },
    }));
  }

  /** When the next node that is away comes back. */
  backAtMs(): number | undefined {
    const times = [...this.awayUntilMs.values()].filter((atMs) => atMs > this.nowMs && Number.isFinite(atMs));
    return times.length === 0 ? undefined : Math.min(...times);
  }

  protected isAway(node: string): boolean {
    return (this.awayUntilMs.get(node) ?? 0) > this.nowMs;
  }

  ask(node: string, key: Key): Result<KeyStanding> {
    if (this.isAway(node)) return fail('unreachable', `${node} is away`);
    const row = this.rows.get(formatKey(key));
    if (row === undefined) return ok({ status: 'absent' });
    return ok(row.status === 'finished' ? { status: 'finished', outcome: row.outcome } : { status: row.status });
  }

  settle(node: string, key: Key): Result<KeyStanding> {
    if (this.isAway(node)) return fail('unreachable', `${node} is away`);
    const name = formatKey(key);
    const row = this.rows.get(name);
    if (row?.status === 'running') return ok({ status: 'settling' });
    if (row?.status === 'finished') return ok({ status: 'finished', outcome: row.outcome });
    const outcome = this.outcome('unknown');
    this.rows.set(name, { key, node, status: 'settled', outcome, endsAtMs: 0, leaves: false, isDelivered: true });
    return ok({ status: 'settled' });
  }

  /** Lets time pass and gives the outcomes that arrive. */
  advanceTo(nowMs: number): { key: Key; outcome: Outcome }[] {
    this.nowMs = Math.max(this.nowMs, nowMs);
    const arrived = this.refused.splice(0);
    for (const row of this.rows.values()) {
      if (row.status === 'running' && row.endsAtMs <= this.nowMs) {
        row.status = 'finished';
        if (row.leaves) {
          if (row.key.phase === 'do') this.marks.add(row.key.step);
          else this.marks.delete(row.key.step);
          if (row.key.step === 'arm') this.marks.delete('suspend');
        }
      }
      if (row.status === 'finished' && !row.isDelivered) {
        row.isDelivered = true;
        arrived.push({ key: row.key, outcome: row.outcome });
      }
    }
    return arrived;
  }

  /** When the next thing happens here. */
  nextAtMs(): number | undefined {
    if (this.refused.length > 0) return this.nowMs;
    const ends = [...this.rows.values()].filter(({ status }) => status === 'running').map(({ endsAtMs }) => endsAtMs);
    return ends.length === 0 ? undefined : Math.min(...ends);
  }

  check(refs: CheckRef[]): CheckResult[] {
    return refs.map(({ check, params }) => {
      const mark = String(params.mark);
      const passes = this.marks.has(mark) === (check === 'mark');
      return {
        id: check,
        title: mark,
        node: 'n1',
        section: '',
        severity: 'blocking',
        limit: '',
        reading: passes ? 'as it must be' : 'not as it must be',
        verdict: passes ? 'pass' : 'fail',
        remedy: '',
      };
    });
  }
}
