// The simulated cluster for settling by hand: the agent of one attempt is cut off right after its command, and comes back
// as a test says. Settling and tombstones as the real agent has them.
import type { NodePresence } from '../../../coordinator/checks/check.ts';
import type { KeyStanding } from '../../../coordinator/fleet/fleet.ts';
import type { AttemptState } from '../../../coordinator/sequencer/state.ts';
import { fail, failure, ok, type Result } from '../../../shared/failures.ts';
import { formatKey, type Key } from '../../../shared/key.ts';
import type { Outcome } from '../../../shared/outcome.ts';
import { World } from './world.ts';

export const agents = ['reachable', 'cut off', 'restarted', 'restored', 'rebooted'] as const;
export const ends = ['running', 'ended well', 'ended badly', 'unknown', 'never arrived'] as const;
export const arrivals = ['before', 'during', 'after'] as const;

export interface Cell {
  /** The agent when it is settled with. */
  agent: (typeof agents)[number];
  /** The attempt when its agent comes back. */
  end: (typeof ends)[number];
  /** When its outcome arrives, seen from its settlement. */
  arrival: (typeof arrivals)[number];
}

export class SettlingWorld extends World {
  readonly tombstones = new Set<string>();
  private readonly target: string;
  private readonly cell: Cell;
  private node = '';
  private refusal: string | undefined;
  private isHandedOver = false;
  private settlings = 0;
  /** Cuts the agent off as soon as it is asked to settle, once. */
  private isCutAtSettling: boolean;

  constructor(target: Key, cell: Cell) {
    super();
    this.target = formatKey(target);
    this.cell = cell;
    this.isCutAtSettling = cell.agent === 'cut off';
  }

  override send(key: Key, attempt: AttemptState): Result<void> {
    if (formatKey(key) !== this.target || this.isHandedOver) return super.send(key, attempt);
    this.isHandedOver = true;
    this.node = attempt.node;
    if (this.cell.end !== 'never arrived') {
      this.receive(key, attempt, true);
      this.shape(key, attempt);
    }
    this.awayUntilMs.set(this.node, Number.POSITIVE_INFINITY);
    return ok(undefined);
  }

  /** What becomes of the attempt while nobody sees it. */
  private shape(key: Key, attempt: AttemptState): void {
    const row = this.rows.get(formatKey(key));
    if (row === undefined) throw new Error('the attempt was not begun');
    const isOnce = attempt.action.kind === 'runInstaller';
    const outcomes: Record<Cell['end'], Outcome> = {
      running: this.outcome('failed', failure('command-killed', 'ended when it was settled')),
      'ended well': this.outcome('succeeded'),
      'ended badly': this.outcome('failed', failure('command-failed', 'exit 1')),
      unknown: this.outcome('unknown', failure('lost', 'its unit is gone')),
      'never arrived': this.outcome('unknown'),
    };
    row.outcome = outcomes[this.cell.end];
    row.leaves = this.cell.end === 'ended well';
    row.endsAtMs = this.cell.end === 'running' ? Number.POSITIVE_INFINITY : this.nowMs + 2_000;
    if (this.cell.end !== 'running') return;
    // A reboot ends whatever runs; a new agent re-attaches to an installer and knows nothing of the rest.
    const isLost = this.cell.agent === 'rebooted' || (this.cell.agent === 'restarted' && !isOnce);
    if (!isLost) return;
    row.outcome = outcomes.unknown;
    row.endsAtMs = this.nowMs + 2_000;
  }

  /** The agent is there again, such as it is. */
  comeBack(): void {
    this.awayUntilMs.delete(this.node);
    if (this.cell.agent === 'restored') {
      for (const [name, row] of this.rows) if (row.node === this.node) this.rows.delete(name);
      const { step, phase } = this.targetKey();
      if (phase === 'do') this.marks.delete(step);
      else this.marks.add(step);
      this.refusal = `${this.node}: its agent's ledger went back`;
      return;
    }
    if (this.cell.arrival === 'before') this.release();
  }

  override nextAtMs(): number | undefined {
    const atMs = super.nextAtMs();
    return atMs !== undefined && Number.isFinite(atMs) ? atMs : undefined;
  }

  /** No start of the key can come any more, and nothing of it runs. */
  isOver(name: string): boolean {
    return this.tombstones.has(name) || this.rows.get(name)?.status === 'finished';
  }

  isAwayNow(): boolean {
    return this.isAway(this.node);
  }
  isRefused(): boolean {
    return this.refusal !== undefined;
  }
  joinAnew(): void {
    this.refusal = undefined;
    this.generations.set(this.node, 'g2');
  }

  /** The outcome comes after the settlement was journaled. */
  tellLate(): void {
    if (this.cell.arrival === 'after') this.release();
  }

  private release(): void {
    const row = this.rows.get(this.target);
    if (row !== undefined && !row.isTombstone && row.endsAtMs <= this.nowMs) row.isDelivered = false;
  }

  override presence(): NodePresence[] {
    return super
      .presence()
      .map((one) =>
        one.node === this.node && this.refusal !== undefined
          ? { ...one, connected: false, refusal: this.refusal }
          : one,
      );
  }

  override ask(node: string, key: Key): Result<KeyStanding> {
    return this.refusal !== undefined && node === this.node ? fail('unreachable', this.refusal) : super.ask(node, key);
  }

  override settle(node: string, key: Key): Result<KeyStanding> {
    if (formatKey(key) !== this.target) return super.settle(node, key);
    if (this.isCutAtSettling) {
      this.isCutAtSettling = false;
      this.awayUntilMs.set(node, this.nowMs + 600_000);
    }
    if (this.isAway(node)) return fail('unreachable', `${node} is away`);
    if (this.refusal !== undefined) return fail('unreachable', this.refusal);
    this.settlings += 1;
    const row = this.rows.get(this.target);
    if (row === undefined) {
      const outcome = this.outcome('unknown');
      const tombstone = { key, node, status: 'settled' as const, outcome, endsAtMs: 0, leaves: false };
      this.rows.set(this.target, { ...tombstone, isDelivered: true, isTombstone: true });
    } else {
      row.endsAtMs = Math.min(row.endsAtMs, this.nowMs);
      this.advanceTo(this.nowMs);
      if (this.cell.arrival === 'during' && this.settlings === 1 && !row.isTombstone) {
        row.isDelivered = false;
        row.status = 'finished';
        return ok({ status: 'settling' });
      }
    }
    this.tombstones.add(this.target);
    return ok({ status: 'settled' });
  }

  private targetKey(): Key {
    const [run = '', step = '', phase = 'do', attempt = '1'] = this.target.split('/');
    return { run, step, phase: phase === 'undo' ? 'undo' : 'do', attempt: Number(attempt) };
  }
}
