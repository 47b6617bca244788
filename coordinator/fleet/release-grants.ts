// Which installer a node may fetch: the one that a command asks it to stage, for as long as that command may run. Kept on
// the bus before the command goes out, so that it holds whichever coordinator the agent comes back to.
import type { Clock } from '../../shared/clock.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import type { ToAgent } from '../../shared/gen/baton/v1/fleet_pb.ts';
import { minutes } from '../../shared/units.ts';
import { type FleetTables, update } from './tables.ts';

/** For clocks of coordinators that differ, and for a last try. */
const marginMs = minutes(2);

type Parts = { tables: Pick<FleetTables, 'grants'>; clock: Pick<Clock, 'nowMs'> };

/** Writes down what a message to the node lets it fetch; undefined when it is not about that. */
export function grantRelease(parts: Parts, node: string, { kind }: ToAgent): Promise<Result<unknown>> | undefined {
  const action = kind.case === 'command' ? kind.value.action?.kind : undefined;
  if (kind.case !== 'command' || action?.case !== 'stageRelease') return undefined;
  const nowMs = parts.clock.nowMs();
  const untilMs = nowMs + kind.value.timeoutMs + marginMs;
  const { sha256 } = action.value;
  return update(parts.tables.grants, node, (old) => {
    const current = Object.entries(old ?? {}).filter(([, endMs]) => endMs > nowMs);
    return ok({ ...Object.fromEntries(current), [sha256]: untilMs });
  });
}

/** Fails when no command asks the node to stage this installer. */
export async function checkGrant(parts: Parts, node: string, sha256: string): Promise<Result<void>> {
  const stored = await parts.tables.grants.get(node);
  if (!stored.ok) return stored;
  const grants = stored.value?.value ?? {};
  const untilMs = Object.hasOwn(grants, sha256) ? (grants[sha256] ?? 0) : 0;
  if (parts.clock.nowMs() < untilMs) return ok(undefined);
  return fail('unauthorized', `no run asks ${node} to fetch this installer now`);
}
