// From a plan's name and parameters to the plan that is stored, shown and carried out: checked, predicted, hashed. Pure.
import type { NodeProfile } from '../../shared/actions/command.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import type { PresentPart } from '../backups/present.ts';
import type { ServerList } from '../checks/server-facts.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { acceptInPlan } from './accept.ts';
import { planHash } from './agreed.ts';
import { armFailover } from './arm-failover.ts';
import { takeBackup, verifyBackup } from './back-up.ts';
import { commandLines, undoCommandLines } from './commands.ts';
import type { Expected } from './expected.ts';
import { costsOfFinalize, type FinalizeFacts, finalize, judgeFinalize } from './finalize.ts';
import { judgeDatabase } from './judge-database.ts';
import { isPlanName, judgeTarget, type PlanName, parseParameters } from './parameters.ts';
import type { CompiledPlan, Plan, PlanItem } from './plan.ts';
import { planFaults } from './plan-rules.ts';
import { predict } from './predictions.ts';
import { recoverParts } from './recover-parts.ts';
import type { RecoverFacts } from './recovery.ts';
import { rollbackParts } from './rollback-parts.ts';
import { stageRelease } from './stage-release.ts';
import { suspendFailover } from './suspend-failover.ts';
import { upgradeApplication } from './upgrade-application.ts';
import { upgradeDatabase } from './upgrade-database.ts';
import type { RollbackFacts } from './way-back.ts';
import { withWindow } from './window-gate.ts';

/** What is known of the nodes. */
export interface Facts {
  /** The application's version on master and standby; only upgrades need it. */
  installed: Record<string, string>;
  /** The parts of backups that lie on the nodes; plans that take, verify or remove some need them. */
  backups?: PresentPart[];
  /** By node, its PostgreSQL servers; plans that work on them need them. */
  servers?: Record<string, ServerList>;
  /** Of the run that is rolled back. */
  rollback?: RollbackFacts;
  /** Of both nodes as they are, and the run that holds the cluster. */
  recover?: RecoverFacts & { open?: { run: string; status: string } };
  /** Of this cluster's own runs of the plan. */
  expected?: Expected;
  /** Of the rollback that is finalized. */
  finalize?: FinalizeFacts;
}

/**
 * The plan with its hash and command lines. `bad-input`: unknown plan, wrong or contradictory parameters, a target that
 * is not newer than what is installed, a flavor or a cluster file that cannot be carried out, a node that never joined.
 */
export function compilePlan(
  name: string,
  cluster: Cluster,
  parameters: unknown,
  profiles: Record<string, NodeProfile>,
  facts: Facts,
): Result<CompiledPlan> {
  if (!isPlanName(name)) return fail('bad-input', `there is no plan ${JSON.stringify(name)}`);
  if (cluster.flavor === 'patroni')
    return fail(
      'bad-input',
      `cluster ${cluster.cluster} is of flavor patroni, which comes with a later version of Baton`,
    );
  const strangers = cluster.nodes.filter((node) => profiles[node.name] === undefined).map((node) => node.name);
  if (strangers.length > 0)
    return fail(
      'bad-input',
      `${strangers.join(', ')} never joined: baton node add, then run the line that it prints on the node`,
    );
  const items = itemsOf(name, cluster, parameters, facts);
  if (!items.ok) return items;
  const plan = toPlan(name, cluster, items.value.parameters, items.value.items);
  const faults = planFaults(plan);
  if (faults.length > 0)
    return fail('bad-input', `the plan ${name} cannot be carried out with this cluster file: ${faults.join('; ')}`);
  return ok({
    plan,
    hash: planHash(plan),
    commands: Object.fromEntries(plan.items.map((item) => [item.id, commandLines(item, cluster, profiles)])),
    undoCommands: Object.fromEntries(plan.items.map((item) => [item.id, undoCommandLines(item, profiles)])),
    ...(items.value.costs !== undefined && { costs: items.value.costs }),
    ...(facts.expected !== undefined && { expected: facts.expected }),
  });
}

export type Parts = { parameters: Record<string, unknown>; items: PlanItem[]; costs?: string[] };

function itemsOf(name: PlanName, cluster: Cluster, parameters: unknown, facts: Facts): Result<Parts> {
  switch (name) {
    case 'upgrade': {
      const told = parseParameters(name, parameters);
      if (!told.ok) return told;
      const target = judgeTarget(cluster, told.value, facts.installed);
      if (!target.ok) return target;
      const { release, toVersion, accept } = told.value;
      const items = acceptInPlan(
        withWindow(cluster, upgradeApplication(cluster, release, toVersion, facts.backups ?? [])),
        accept,
      );
      return items.ok ? ok({ parameters: told.value, items: items.value }) : items;
    }
    case 'db-upgrade': {
      const told = parseParameters(name, parameters);
      if (!told.ok) return told;
      const upgrade = judgeDatabase(cluster, told.value, facts.servers ?? {});
      if (!upgrade.ok) return upgrade;
      const { from, name: server } = upgrade.value;
      const items = acceptInPlan(
        withWindow(cluster, upgradeDatabase(cluster, upgrade.value, facts.backups ?? [])),
        told.value.accept,
      );
      return items.ok ? ok({ parameters: { ...told.value, from, name: server }, items: items.value }) : items;
    }
    case 'stage': {
      const told = parseParameters(name, parameters);
      return told.ok ? ok({ parameters: told.value, items: stageRelease(cluster, told.value.release) }) : told;
    }
    case 'backup': {
      const told = parseParameters(name, parameters);
      if (!told.ok) return told;
      const { backup } = cluster;
      return backup === undefined
        ? noBackups(cluster)
        : ok({
            parameters: told.value,
            items: takeBackup(cluster, backup, facts.backups ?? [], told.value.snapshots),
          });
    }
    case 'backup-verify': {
      const told = parseParameters(name, parameters);
      if (!told.ok) return told;
      const { backup } = cluster;
      if (backup === undefined) return noBackups(cluster);
      const parts = wholeBackup(facts.backups ?? [], told.value.backup);
      if (!parts.ok) return parts;
      return ok({ parameters: told.value, items: verifyBackup(backup, parts.value, told.value.trialRestore) });
    }
    case 'failover-suspend': {
      const told = parseParameters(name, parameters);
      return told.ok ? ok({ parameters: told.value, items: suspendFailover(cluster) }) : told;
    }
    case 'rollback': {
      const told = parseParameters(name, parameters);
      if (!told.ok) return told;
      if (facts.rollback?.of !== told.value.of) throw new Error('the facts of a rollback are those of another run');
      return rollbackParts(cluster, told.value, facts.rollback);
    }
    case 'recover': {
      const told = parseParameters(name, parameters);
      if (!told.ok) return told;
      if (facts.recover === undefined) throw new Error('a recovery is made from facts');
      return recoverParts(cluster, told.value, facts.recover);
    }
    case 'finalize': {
      const told = parseParameters(name, parameters);
      if (!told.ok) return told;
      if (facts.finalize?.of !== told.value.of) throw new Error('the facts are those of another run');
      const judged = judgeFinalize(cluster, facts.finalize);
      if (!judged.ok) return judged;
      const costs = costsOfFinalize(cluster, facts.finalize);
      return ok({ parameters: told.value, items: finalize(cluster, facts.finalize), costs });
    }
    case 'failover-arm': {
      const told = parseParameters(name, parameters);
      return told.ok ? ok({ parameters: told.value, items: armFailover(cluster) }) : told;
    }
  }
}

const noBackups = ({ cluster }: Cluster): Result<never> =>
  fail('bad-input', `cluster ${cluster} takes no backups: its file has no key backup; see baton cluster template`);

/** The parts of one backup; one that was not finished is none. */
function wholeBackup(present: PresentPart[], backup: string): Result<PresentPart[]> {
  // In an order of its own: nodes list theirs as the file system gives them, and the plan must be the same each time.
  const parts = present
    .filter((part) => part.backup === backup)
    .toSorted((a, b) => `${a.node} ${a.part}`.localeCompare(`${b.node} ${b.part}`));
  if (parts.length === 0) return fail('not-found', `there is no backup ${backup}; see baton backup ls`);
  const unfinished = parts.filter(({ isComplete }) => !isComplete).map(({ node, part }) => `${node} ${part}`);
  return unfinished.length === 0
    ? ok(parts)
    : fail('bad-input', `backup ${backup} was not finished: ${unfinished.join(', ')}; there is nothing to verify`);
}

const toPlan = (name: PlanName, cluster: Cluster, parameters: Record<string, unknown>, items: PlanItem[]): Plan => ({
  schema: 1,
  name,
  cluster,
  parameters,
  items,
  predicted: predict(items),
});
