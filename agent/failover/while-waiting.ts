// The alarm of a suspension while the agent waits for room and has no ledger to work with: from what the ledger said last
// or, where it cannot be read, from the observer's units alone. Changes nothing.
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { ledgerOf } from '../ledger/ledger.ts';
import type { LedgerFile } from '../ledger/ledger-file.ts';
import { readSuspension } from '../ledger/suspension.ts';
import { describeState, isHeld } from '../platform/unit-states.ts';
import { alarmEveryMs, createLeaseWatch, type LeaseParts } from './lease.ts';

export interface WaitingParts extends Omit<LeaseParts, 'ledger'> {
  clock: Clock;
  log: Log;
  /** The ledger as it was left: undefined where there is none; throws where it cannot be read. */
  openLastLedger(): LedgerFile | undefined;
  /** The observer's units on this node, as its policy names them. */
  observerUnits(): Promise<string[]>;
}

/** Looks after failover until there is a ledger again: each call looks once whether an alarm is due, and raises it. */
export function createWaitingWatch(parts: WaitingParts): () => Promise<void> {
  const { clock, log, openLastLedger, observerUnits, observe, raise } = parts;
  let watchLease: (() => Promise<void>) | undefined;
  let raisedAtMs: number | undefined;

  /** Opened once: nobody writes it meanwhile. */
  const opened = (): 'none' | 'unreadable' | 'read' => {
    if (watchLease !== undefined) return 'read';
    try {
      const file = openLastLedger();
      if (file === undefined) return 'none';
      if (readSuspension(file) === undefined) {
        file.close();
        return 'none';
      }
      watchLease = createLeaseWatch({ ...parts, ledger: ledgerOf(file) });
      return 'read';
    } catch (error) {
      log.warn('the ledger cannot be read, so nobody knows here how long failover may be suspended', {
        error: String(error),
      });
      return 'unreadable';
    }
  };

  return async () => {
    const ledger = opened();
    if (ledger !== 'unreadable') return await watchLease?.();
    if (raisedAtMs !== undefined && clock.monotonicMs() - raisedAtMs < alarmEveryMs) return;
    const states = await observe(await observerUnits());
    if (states === undefined || states.length === 0 || !states.every(isHeld)) return;
    const message =
      `failover is suspended: ${states.map(describeState).join('; ')}, and an outage of the master leads to no failover. ` +
      'Since when, and for how long it was agreed, this node cannot say: its agent waits for room on the disk and cannot ' +
      'read its ledger. Free disk space there; `baton failover show` says what the coordinator knows.';
    log.error(`ALARM: ${message}`);
    if (await raise(message)) raisedAtMs = clock.monotonicMs();
  };
}
