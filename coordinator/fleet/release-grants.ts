// Which installer a node may fetch: the one that a command asks it to stage, until the command's run is closed there. No
// clock ends that: one that is set meanwhile would fail a step. Kept on the bus before the command goes out, so that it
// holds whichever coordinator the agent comes back to.
import { fail, ok, type Result } from '../../shared/failures.ts';
import type { ToAgent } from '../../shared/gen/baton/v1/fleet_pb.ts';
import { type FleetTables, update } from './tables.ts';

/** Of one node, the newest: more than one run stages, for runs whose closing never reached the node. */
const grantsMax = 8;

type Parts = { tables: Pick<FleetTables, 'grants'> };

/** Writes down what a message to the node lets it fetch, or no longer; undefined when it is not about that. */
export function noteGrants(parts: Parts, node: string, { kind }: ToAgent): Promise<Result<unknown>> | undefined {
  if (kind.case === 'runClosed') return endGrants(parts, node, kind.value.run);
  const action = kind.case === 'command' ? kind.value.action?.kind : undefined;
  if (kind.case !== 'command' || action?.case !== 'stageRelease') return undefined;
  const run = kind.value.key?.run ?? '';
  const { sha256 } = action.value;
  return update(parts.tables.grants, node, (old) => {
    const others = Object.entries(old ?? {}).filter(([sum]) => sum !== sha256);
    return ok(Object.fromEntries([...others, [sha256, run]].slice(-grantsMax)));
  });
}

/** What cannot be written here keeps no run open: the node could fetch once more what it was given already. */
async function endGrants(parts: Parts, node: string, run: string): Promise<Result<unknown>> {
  const isOver = (of: unknown) => of === run || typeof of !== 'string';
  const stored = await parts.tables.grants.get(node);
  const grants = stored.ok ? Object.values(stored.value?.value ?? {}) : [];
  if (grants.some(isOver))
    await update(parts.tables.grants, node, (old) =>
      ok(Object.fromEntries(Object.entries(old ?? {}).filter(([, of]) => !isOver(of)))),
    );
  return ok(undefined);
}

/** Fails when no open run asks the node to stage this installer. */
export async function checkGrant(parts: Parts, node: string, sha256: string): Promise<Result<void>> {
  const stored = await parts.tables.grants.get(node);
  if (!stored.ok) return stored;
  if (Object.hasOwn(stored.value?.value ?? {}, sha256)) return ok(undefined);
  return fail('unauthorized', `no run asks ${node} to fetch this installer now`);
}
