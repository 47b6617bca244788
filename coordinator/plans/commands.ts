// The exact command lines of a plan's items, as the agents will execute them: what a person would type.

import type { Action } from '../../shared/actions/action.ts';
import { type NodeProfile, printCommand } from '../../shared/actions/command.ts';
import { commandsOf } from '../../shared/actions/commands.ts';
import type { Phase } from '../../shared/key.ts';
import type { CheckRef, Reading, ReadingResult } from '../checks/check.ts';
import { evaluateChecks } from '../checks/evaluate.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { fill, placeholdersIn } from '../sequencer/template.ts';
import type { PlanItem } from './plan.ts';

/**
 * What is not known before the run (its id, bindings) is letters and digits while a line is printed, so that the shell's
 * quotes are there only where the executed line has them, and `{{name}}` again afterwards.
 */
const standIn = (name: string) => `0known${name}later0`;
const standIns = /0known([a-zA-Z0-9]+?)later0/g;

/** The command lines of an item: of a step those of its action, of a gate those of its readings. */
export function commandLines(item: PlanItem, cluster: Cluster, profiles: Record<string, NodeProfile>): string[] {
  if (item.kind === 'approval') return [];
  if (item.kind === 'step') return linesOf(item.id, 'do', item.node, item.action, item.timeoutMs, profiles);
  const readings = sampleReadings(item.checks, cluster);
  const lines = readings.flatMap((reading) =>
    linesOf(item.id, 'do', reading.node, reading.action, reading.timeoutMs, profiles).map(
      (line) => `${reading.node}: ${line}`,
    ),
  );
  return [...new Set(lines)];
}

/** The command lines of a step's undo; none where there is none. */
export function undoCommandLines(item: PlanItem, profiles: Record<string, NodeProfile>): string[] {
  if (item.kind !== 'step' || 'noUndo' in item.undo) return [];
  return linesOf(item.id, 'undo', item.node, item.undo.action, item.undo.timeoutMs, profiles);
}

function linesOf(
  step: string,
  phase: Phase,
  node: string,
  action: Action,
  timeoutMs: number,
  profiles: Record<string, NodeProfile>,
): string[] {
  const profile = profiles[node];
  if (profile === undefined) throw new Error(`no profile of ${node}; compilePlan must refuse the plan before`);
  const filled = fill(action, Object.fromEntries(placeholdersIn(action).map((name) => [name, standIn(name)])));
  const key = { run: standIn('run'), step, phase, attempt: 1 };
  return commandsOf(filled, profile, { key, timeoutMs }).map((command) =>
    printCommand(command).replaceAll(standIns, '{{$1}}'),
  );
}

/**
 * The readings that checks take. A reading that depends on an earlier answer is shown as it is after an example of one:
 * the snapshot and position of a count.
 */
export function sampleReadings(refs: CheckRef[], cluster: Cluster): Reading[] {
  const taken: Reading[] = [];
  const evaluation = evaluateChecks(refs, { cluster, nowMs: 0, presence: [] });
  for (let next = evaluation.next(); !next.done; ) {
    taken.push(...next.value);
    next = evaluation.next(next.value.map((reading) => sampleAnswer(reading, cluster)));
  }
  return taken;
}

function sampleAnswer({ node, action }: Reading, cluster: Cluster): ReadingResult {
  if (action.kind !== 'countRows')
    return {
      ok: false,
      failure: { code: 'unreachable', message: 'a dry run reads nothing', retryable: false, evidence: '' },
    };
  const inRecovery = cluster.nodes.find(({ name }) => name === node)?.role === 'standby';
  const tables = action.tables.map((table) => ({ table, rows: 0 }));
  return {
    ok: true,
    commands: [],
    answer: { kind: 'countRows', snapshot: '731:731:', lsn: '0/3000060', inRecovery, tables },
  };
}
