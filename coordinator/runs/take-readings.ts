// Takes the readings that a check asks for, all of a batch at the same time, and drives the check to its findings.
import type { Clock } from '../../shared/clock.ts';
import { failure, ok, type Result } from '../../shared/failures.ts';
import type { CheckContext, CheckRef, CheckResult, Reading, ReadingResult } from '../checks/check.ts';
import { evaluateChecks } from '../checks/evaluate.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Binding } from '../plans/plan.ts';

/** What is known without a reading. */
export type Known = Pick<CheckContext, 'earlier' | 'lastProbe' | 'neededMs'>;

/** The findings of the checks as of now. A reading that fails makes its check unknown, never the run end. */
export async function takeChecks(
  fleet: Pick<Fleet, 'read' | 'presence'>,
  cluster: Cluster,
  clock: Clock,
  checks: CheckRef[],
  known: Known = {},
): Promise<CheckResult[]> {
  const context: CheckContext = { cluster, nowMs: clock.nowMs(), presence: await fleet.presence(), ...known };
  const evaluation = evaluateChecks(checks, context);
  let next = evaluation.next();
  while (!next.done) next = evaluation.next(await Promise.all(next.value.map((reading) => take(fleet, reading))));
  return next.value;
}

async function take(fleet: Pick<Fleet, 'read'>, { node, action, timeoutMs }: Reading): Promise<ReadingResult> {
  try {
    return await fleet.read(node, action, timeoutMs);
  } catch (error) {
    // A bug on the way to one node must not end the run: what was not read is unknown.
    return { ok: false, failure: failure('internal', `${node}: ${String(error)}`) };
  }
}

/** The values of a step's bindings as of now; fails with the first that could not be read. */
export async function takeBindings(
  fleet: Fleet,
  bindings: Binding[],
  timeoutMs: number,
): Promise<Result<Record<string, string>>> {
  const values: Record<string, string> = {};
  for (const { name, node, read, field } of bindings) {
    const result = await take(fleet, { node, action: read, timeoutMs });
    if (!result.ok) return result;
    const value = (result.answer as unknown as Record<string, unknown>)[field];
    if ((typeof value !== 'string' && typeof value !== 'number') || value === '')
      return {
        ok: false,
        failure: failure('unexpected-output', `${node}: ${read.kind} answered no ${field}, which is needed as ${name}`),
      };
    values[name] = String(value);
  }
  return ok(values);
}
