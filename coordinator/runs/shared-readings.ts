// Readings that several checks take are taken once, as long as one look at a cluster lasts, and so is who is connected. Only
// of what no check reads a second time to see what has changed; whatever a run decides by is read anew.

import { canonicalJson } from '../../shared/hash.ts';
import type { ReadAction, ReadingResult } from '../checks/check.ts';
import type { Fleet } from '../fleet/fleet.ts';

const shared: ReadonlySet<ReadAction['kind']> = new Set([
  ...(['readNode', 'readPlatform', 'readSecurity', 'readServers'] as const),
  ...(['readAccess', 'readBackups', 'measureRestore'] as const),
]);

/** What takes readings, for one look: the first of identical ones answers the others, also while it is on its way. */
export function withSharedReadings(fleet: Pick<Fleet, 'read' | 'presence'>): Pick<Fleet, 'read' | 'presence'> {
  const taken = new Map<string, Promise<ReadingResult>>();
  let presence: ReturnType<Fleet['presence']> | undefined;
  return {
    presence() {
      presence ??= fleet.presence();
      return presence;
    },
    read(node, action, timeoutMs) {
      if (!shared.has(action.kind)) return fleet.read(node, action, timeoutMs);
      const identity = canonicalJson([node, action]);
      const known = taken.get(identity) ?? fleet.read(node, action, timeoutMs);
      taken.set(identity, known);
      return known;
    },
  };
}
