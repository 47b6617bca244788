// Lets systemd forget the units of attempts whose outcome is in the journal, once nothing of them runs any more.
import { unitOfKey } from '../../shared/key.ts';
import type { Log } from '../../shared/log.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Units } from '../machine.ts';

/** Collects what can be collected now; what still has processes is left for the next time. */
export async function collectUnits(ledger: Ledger, units: Units, log: Log): Promise<void> {
  for (const attempt of ledger.uncollected()) {
    const failed = await units.collectUnit(unitOfKey(attempt.key));
    if (failed === undefined) ledger.collected(attempt.key);
    else log.info('a unit is not collected yet', { unit: unitOfKey(attempt.key), reason: failed.message });
  }
}
