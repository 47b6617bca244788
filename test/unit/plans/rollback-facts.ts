// A run of the upgrade that stopped somewhere, as the plan of its rollback is given it.
import assert from 'node:assert/strict';
import { partsOf } from '../../../coordinator/backups/parts.ts';
import type { BackupPlan, Cluster } from '../../../coordinator/cluster/cluster.ts';
import type { RunEvent } from '../../../coordinator/journal/event.ts';
import { compilePlan } from '../../../coordinator/plans/compile.ts';
import type { CompiledPlan, Plan, Step } from '../../../coordinator/plans/plan.ts';
import type { RollbackFacts } from '../../../coordinator/plans/way-back.ts';
import { fold } from '../../../coordinator/sequencer/apply.ts';
import { type ItemState, initialState, itemState, type RunState } from '../../../coordinator/sequencer/state.ts';
import { fill } from '../../../coordinator/sequencer/template.ts';
import type { Outcome } from '../../../shared/outcome.ts';
import { backupPart, labCluster } from '../checks/world.ts';
import { installed, profilesOf, steps, upgradeParameters } from './compiled.ts';

export const of = 'upgrade-1';
export const cluster = labCluster((text) => `${text}backup: { snapshots: { none: 'the hypervisor has no room' } }\n`);

const compiled = (name: string, parameters: unknown, facts: Partial<Parameters<typeof compilePlan>[4]>) =>
  compilePlan(name, cluster, parameters, profilesOf(cluster), { installed, backups: [], ...facts });

export const upgrade: Plan = (() => {
  const result = compiled('upgrade', upgradeParameters, {});
  assert.ok(result.ok, result.ok ? '' : result.failure.message);
  return { ...result.value.plan, items: fill(result.value.plan.items, { run: of }) };
})();

/** The gate has read these versions; nodes that differ do not pass. */
export function versionsRead(sequence: number, versions: Record<string, string>): RunEvent {
  const passed = new Set(Object.values(versions)).size === 1;
  const results = Object.entries(versions).map(([node, reading]) => ({
    ...{ id: 'version-compatible', title: '', node, section: '', severity: 'blocking' as const, limit: '' },
    ...{ reading, verdict: passed ? ('pass' as const) : ('fail' as const), remedy: '' },
  }));
  return {
    ...{ schema: 1, id: '', run: of, sequence, previous: '', epoch: 1, atMs: sequence },
    fact: { type: 'ChecksRead', item: 'preflight.versions', of: 'gate', passed, results },
  };
}

/** The gate before the master's installer has read this. */
export function databaseNoted(sequence: number, reading: string): RunEvent {
  const read = { id: 'database-noted', title: '', node: 'n1', section: '', severity: 'blocking' as const, limit: '' };
  const results = [{ ...read, reading, verdict: 'pass' as const, remedy: '' }];
  return {
    ...{ schema: 1, id: '', run: of, sequence, previous: '', epoch: 1, atMs: sequence },
    fact: { type: 'ChecksRead', item: 'master.note-database', of: 'gate', passed: true, results },
  };
}

export type End = Outcome['verdict'] | 'running';

function begun({ node, action, timeoutMs }: Step, end: End): ItemState {
  const attempt = { phase: 'do' as const, attempt: 1, node, action, timeoutMs, startedSequence: 2, startedAtMs: 2 };
  const outcome: Outcome | undefined =
    end === 'running' ? undefined : { verdict: end, commands: [], startedAtMs: 2, elapsedMs: 1 };
  return {
    ...itemState(initialState(of), 'none'),
    status: end === 'succeeded' ? 'succeeded' : 'failed',
    attempts: [{ ...attempt, isSettled: false, ...(outcome === undefined ? {} : { outcome }) }],
    isDone: end === 'succeeded',
  };
}

/** Halted after this step was begun, which ended so; everything before it is done. */
export function stoppedAt(id: string | undefined, end: End = 'failed', plan: Plan = upgrade): RunState {
  const all = steps(plan.items);
  const last = all.findIndex((step) => step.id === id);
  const items = all
    .slice(0, last + 1)
    .map((step, at): [string, ItemState] => [step.id, begun(step, at === last ? end : 'succeeded')]);
  const { 'preflight.versions': read } = fold(of, [versionsRead(1, { n1: '8.6.0', n2: '8.6.0' })]).items;
  assert.ok(read);
  return {
    ...initialState(of),
    status: 'halted',
    started: { type: 'RunStarted' } as NonNullable<RunState['started']>,
    items: { 'preflight.versions': read, ...Object.fromEntries(items) },
  };
}

export function factsOf(state: RunState, change: Partial<RollbackFacts> = {}): RollbackFacts {
  return {
    ...{ of, plan: upgrade, state, failover: 'suspended' },
    parts: partsOf(cluster, cluster.backup as BackupPlan).map(({ node, part }) => ({
      ...backupPart(part, of),
      node,
      rows: part === 'database' ? [{ table: 'apolo.request', rows: 100 }] : [],
    })),
    databases: { n1: { is: 'primary' }, n2: { is: 'standby' } },
    rowsNow: [{ table: 'apolo.request', rows: 131 }],
    ...change,
  };
}

export const rollBackFrom = (facts: RollbackFacts, of: Cluster = cluster) =>
  compilePlan('rollback', of, { of: facts.of, ...(facts.database && { database: facts.database }) }, profilesOf(of), {
    installed: {},
    rollback: facts,
  });

export function rollbackOf(facts: RollbackFacts): CompiledPlan {
  const result = rollBackFrom(facts);
  assert.ok(result.ok, result.ok ? '' : result.failure.message);
  return result.value;
}
