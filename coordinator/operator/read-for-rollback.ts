// Readings that the ways back of both upgrades need: parts of a backup, and rows that are counted. Reads only.
import { ok, type Result } from '../../shared/failures.ts';
import { answerOf, isFailure } from '../checks/check.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { RollbackFacts } from '../plans/way-back.ts';

export const readTimeoutMs = 15_000;
/** Counting a large table. */
export const countTimeoutMs = 60_000;

/** Parts of one backup that lie on a node. */
export async function partsOn(
  fleet: Fleet,
  node: string,
  directory: string,
  of: string,
): Promise<Result<RollbackFacts['parts']>> {
  if (directory === '') return ok([]);
  const list = answerOf(await fleet.read(node, { kind: 'readBackups', directory }, readTimeoutMs), 'readBackups');
  if (isFailure(list)) return { ok: false, failure: list };
  return ok(list.parts.filter(({ backup }) => backup === of).map((part) => ({ ...part, node })));
}

/** Rows of the parity tables in the server that serves on a node; undefined where they cannot be counted. */
export async function countRows(fleet: Fleet, cluster: Cluster, node: string): Promise<RollbackFacts['rowsNow']> {
  const { name: database, parity: tables } = cluster.database;
  const counted = answerOf(
    await fleet.read(node, { kind: 'countRows', database, tables }, countTimeoutMs),
    'countRows',
  );
  return isFailure(counted) ? undefined : counted.tables;
}
