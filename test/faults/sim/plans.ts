// What is simulated, by the names that seeds have: each plan of the catalogue, on a site of its own where it needs one, and
// those of the database in each of their ways. A plan that is added to the catalogue is simulated, or has a site here.
import { type PlanName, planNames } from '../../../coordinator/plans/parameters.ts';
import { upgradeParameters } from '../../unit/plans/compiled.ts';
import { backupCluster, layOldBackup, old, oldParts } from './backup-site.ts';
import { databaseSimulations } from './database-site.ts';
import { recoverSimulations } from './recover-site.ts';
import { rollbackCluster } from './rollback-site.ts';
import type { Simulation } from './simulation.ts';
import { cluster } from './world.ts';

const withBackups = { cluster: backupCluster, facts: { backups: oldParts() }, lay: layOldBackup };

/** `finalize` of a rollback is one step that is repeated freely; that of a database upgrade is among those of the database. */
const plain: Record<Exclude<PlanName, 'finalize' | 'db-upgrade' | 'recover'>, Simulation> = {
  upgrade: { plan: 'upgrade', cluster, parameters: upgradeParameters },
  stage: { plan: 'stage', cluster, parameters: { release: upgradeParameters.release } },
  backup: { plan: 'backup', parameters: { snapshots: true }, ...withBackups },
  'backup-verify': { plan: 'backup-verify', parameters: { backup: old, trialRestore: true }, ...withBackups },
  'failover-suspend': { plan: 'failover-suspend', cluster, parameters: {} },
  'failover-arm': { plan: 'failover-arm', cluster, parameters: {} },
  rollback: {
    plan: 'upgrade',
    cluster: rollbackCluster,
    parameters: upgradeParameters,
    // From the middle of a step that may run once, with and without the standby begun, and from the very end of the way.
    isRolledBackAt: ['master.install', 'standby.install', 'verify.create-ticket'],
  },
};

const ofDatabases: Record<string, Simulation> = { ...databaseSimulations, ...recoverSimulations };
const simulations: Record<string, Simulation> = { ...plain, ...ofDatabases };

/** In the catalogue's order, those of the database last. */
export const simulatedPlans: readonly string[] = [
  ...planNames.filter((name) => Object.hasOwn(plain, name)),
  ...Object.keys(ofDatabases),
];

export function simulationOf(name: string): Simulation {
  const found = simulations[name];
  if (found === undefined) throw new Error(`there is no simulation of ${name}`);
  return found;
}
