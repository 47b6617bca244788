// Runs of the database upgrade that stopped somewhere, with the servers as they are then: what each step leaves behind is
// written down here once, for every way of upgrading.
import assert from 'node:assert/strict';
import type { Server } from '../../../coordinator/checks/server-facts.ts';
import type { Cluster } from '../../../coordinator/cluster/cluster.ts';
import { compilePlan } from '../../../coordinator/plans/compile.ts';
import type { CompiledPlan, Plan } from '../../../coordinator/plans/plan.ts';
import type { RollbackFacts } from '../../../coordinator/plans/way-back.ts';
import { initialState, itemState, type RunState } from '../../../coordinator/sequencer/state.ts';
import { fill } from '../../../coordinator/sequencer/template.ts';
import { backupPart, serverOn } from '../checks/world.ts';
import { profilesOf, steps } from './compiled.ts';
import { cluster as bare, compileDatabase, listOf } from './database-facts.ts';
import { cluster as backedUp, type End, stoppedAt } from './rollback-facts.ts';

export const of = 'db-upgrade-1';
export const cluster: Cluster = { ...bare, ...(backedUp.backup && { backup: backedUp.backup }) };

export type Mode = 'copy' | 'link';
export type Standby = 'promote' | 'rebuild';

const compiled = new Map<string, Plan>();

export function upgradeBy(mode: Mode, standby: Standby, site: Cluster = cluster): Plan {
  const key = `${mode} ${standby} ${site.backup === undefined}`;
  const { plan } = compiled.has(key) ? { plan: compiled.get(key) as Plan } : compileDatabase({ mode, standby }, site);
  compiled.set(key, plan);
  return { ...plan, items: fill(plan.items, { run: of }) };
}

/** The old server of a node and the newer one, if it is there. */
type Pair = { old: Partial<Server>; newer?: Partial<Server> };
type Nodes = { n1: Pair; n2: Pair };

const down = { isRunning: false, startsAtBoot: false };
const gone = undefined;

/** What a step leaves on the nodes once it was carried out. */
const effects: Record<string, (nodes: Nodes, mode: Mode) => Partial<Nodes>> = {
  'master.stop-server': ({ n1 }) => ({ n1: { ...n1, old: { ...down, state: 'shut down' } } }),
  'master.upgrade-server': ({ n1 }) => ({ n1: { ...n1, newer: { ...down, upgradedBy: of, wasStarted: false } } }),
  'master.start-server': ({ n1 }, mode) => ({
    n1: {
      old: { ...n1.old, ...(mode === 'link' && { isSpent: true, state: '', lsn: '' }) },
      newer: { inRecovery: false },
    },
  }),
  'standby.fence': ({ n2 }) => ({ n2: { ...n2, old: { ...n2.old, isFenced: true } } }),
  'standby.promote': ({ n2 }) => ({ n2: { ...n2, old: { ...n2.old, inRecovery: false, state: 'in production' } } }),
  'standby.upgrade-server': ({ n2 }) => ({
    n2: { old: { ...n2.old, ...down, state: 'shut down' }, newer: { ...down, isFenced: true, upgradedBy: of } },
  }),
  'standby.start-server': ({ n2 }, mode) => ({
    n2: { old: { ...n2.old, isSpent: mode === 'link' }, newer: { inRecovery: false, isFenced: true } },
  }),
  'standby.stop-server': () => ({ n2: { old: { ...down, state: 'shut down in recovery' } } }),
  'standby.rebuild': ({ n2 }) => ({ n2: { ...n2, newer: { inRecovery: true } } }),
};

function server(node: string, major: number, change: Partial<Server>): Server {
  const made = { ...serverOn(node), major, ...change };
  const { inRecovery: _, ...unread } = made;
  return made.isRunning ? made : unread;
}

/** Servers after these steps. */
function serversAfter(done: string[], mode: Mode): NonNullable<RollbackFacts['servers']> {
  let nodes: Nodes = { n1: { old: {} }, n2: { old: {} } };
  for (const id of done) nodes = { ...nodes, ...effects[id]?.(nodes, mode) };
  const list = (node: 'n1' | 'n2') => {
    const { old, newer } = nodes[node];
    const both = [server(node, 16, old), ...(newer === gone ? [] : [server(node, 17, newer)])];
    return listOf(node, {}, { servers: both });
  };
  return { n1: list('n1'), n2: list('n2') };
}

export interface Stop {
  mode: Mode;
  standby: Standby;
  at: string;
  /** Whether the step that did not end well had done its work all the same. */
  wasDone: boolean;
  end?: End;
  site?: Cluster;
}

export function factsAt({ mode, standby, at, wasDone, end = 'failed', site = cluster }: Stop): RollbackFacts {
  const plan = upgradeBy(mode, standby, site);
  const ids = steps(plan.items).map(({ id }) => id);
  assert.ok(ids.includes(at), `no step ${at}`);
  const done = ids.slice(0, ids.indexOf(at) + (wasDone ? 1 : 0));
  const gates = plan.items
    .slice(
      0,
      plan.items.findIndex(({ id }) => id === at),
    )
    .filter(({ kind }) => kind === 'gate');
  const state: RunState = stoppedAt(at, end, plan);
  const passed = gates.map(({ id }) => [
    id,
    { ...itemState(initialState(of), id), firstPass: { sequence: 1, passed: true, results: [] } },
  ]);
  return {
    ...{ of, plan, failover: 'suspended', databases: {} },
    state: { ...state, run: of, items: { ...Object.fromEntries(passed), ...state.items } },
    servers: serversAfter(done, mode),
    parts: [{ ...backupPart('database', of), node: 'n1', rows: [{ table: 'apolo.request', rows: 90 }] }],
    rowsNow: [{ table: 'apolo.request', rows: 131 }],
    rowsThen: [{ table: 'apolo.request', rows: 100 }],
  };
}

export const tryBack = (facts: RollbackFacts, site: Cluster = cluster) =>
  compilePlan('rollback', site, { of }, profilesOf(site), { installed: {}, rollback: facts });

export function backFrom(facts: RollbackFacts, site?: Cluster): CompiledPlan {
  const result = tryBack(facts, site);
  assert.ok(result.ok, result.ok ? '' : result.failure.message);
  return result.value;
}
