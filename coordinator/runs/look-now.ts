// What runs and what is down at this moment, and whether failover is armed: read from the nodes, never assumed (I5).
import { fullUnitName } from '../../shared/actions/systemd-commands.ts';
import type { FailoverText } from '../../shared/documents.ts';
import { answerOf, isFailure } from '../checks/check.ts';
import { type Cluster, nodeOf } from '../cluster/cluster.ts';
import { databaseUnits } from '../cluster/database-units.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Now } from './run-document.ts';

/** For a picture of now nobody waits long; what does not answer is said to be unknown. */
const readTimeoutMs = 5_000;

/** Whether failover is armed as the observer's node says; `unknown` when it does not answer. */
export async function lookAtFailover(fleet: Fleet, cluster: Cluster): Promise<FailoverText> {
  const observer = nodeOf(cluster, 'observer').name;
  const result = await fleet.read(observer, { kind: 'readFailover', units: cluster.observer.units }, readTimeoutMs);
  const state = answerOf(result, 'readFailover');
  if (isFailure(state)) return 'unknown';
  // Whoever stopped it: what is not armed does not fail over.
  return state.armed ? 'armed' : 'suspended';
}

/** The whole picture: units of each node with what they are now. */
export async function lookNow(fleet: Fleet, cluster: Cluster): Promise<Omit<Now, 'nodes'>> {
  const databases = [...databaseUnits(cluster).values()];
  const app = [...cluster.application.units, cluster.web.unit, ...databases, cluster.files.unit];
  const isDatabase = (unit: string) => databases.some((one) => fullUnitName(one) === fullUnitName(unit));
  const unitsOf = (role: string) => (role === 'observer' ? cluster.observer.units : app);
  const [failover, ...perNode] = await Promise.all([
    lookAtFailover(fleet, cluster),
    ...cluster.nodes.map(async ({ name, role }) => {
      const result = await fleet.read(name, { kind: 'readUnits', units: unitsOf(role) }, readTimeoutMs);
      const states = answerOf(result, 'readUnits');
      if (isFailure(states)) return { runs: [], down: [`${name}: not known, it does not answer (${states.message})`] };
      // Of a database, one unit for each version that it may have: those of the others are none that is missed.
      const serves = states.units.find(({ unit, activeState }) => isDatabase(unit) && activeState === 'active');
      return {
        runs: states.units.filter(({ activeState }) => activeState === 'active').map(({ unit }) => `${name}: ${unit}`),
        down: states.units
          .filter(({ activeState, loadState }) => activeState !== 'active' && loadState !== 'not-found')
          .filter(({ unit }) => !isDatabase(unit) || serves === undefined)
          .map(({ unit, activeState }) => `${name}: ${unit} (${activeState})`),
      };
    }),
  ]);
  return {
    failover,
    runsNow: perNode.flatMap(({ runs }) => runs),
    downNow: perNode.flatMap(({ down }) => down),
  };
}
