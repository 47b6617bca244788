// Stopping and starting the application's services, each time with a look at what really runs.
import { seconds } from '../../shared/units.ts';
import { portalAnswers } from '../checks/portal-answers.ts';
import { unitsActive } from '../checks/units-active.ts';
import { unitsStopped } from '../checks/units-stopped.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { gate, noUndo, step, type Unphased } from './items.ts';
import type { Step, Undo } from './plan.ts';
import { startUnitMs, stopUnitMs } from './predictions.ts';

const unitTimeoutMs = seconds(120);
/** A Java application listens long after systemd calls it active. */
const warmUpMs = seconds(180);
/** One that starts and dies at once is not running. */
const stableForMs = seconds(3);
/** What the guide itself stops. */
const unitsOfGuide = ['ft-main-server', 'ft-analytics-server'];

interface StopServices {
  id: string;
  title: string;
  node: string;
  until: string;
  undo: Step['undo'];
  takesPortalDown: boolean;
}

/** Stop Services, Verify Service Status: in reverse of the starting order. */
export function stopServices(section: string, { units }: Cluster['application'], draft: StopServices): Unphased {
  const inOrder = units.toReversed();
  const beyond = inOrder.filter((unit) => !unitsOfGuide.includes(unit.replace(/\.service$/, '')));
  return step(section, {
    ...draft,
    ...(beyond.length > 0 && {
      deviation: `also ${beyond.join(', ')}, which the guide does not stop: application.units names it`,
    }),
    action: { kind: 'stopUnits', units: inOrder },
    timeoutMs: unitTimeoutMs * units.length,
    then: [unitsStopped.ref({ node: draft.node, units })],
    predictedMs: stopUnitMs * units.length,
  });
}

/** Starts the services in order; what the installer has started already stays as it is. */
export function startServices(
  section: string,
  node: string,
  { application }: Cluster,
  version: string | null,
  deviation?: string,
): Omit<Step, 'phase'> {
  const { units } = application;
  return step(section, {
    id: 'master.start-services',
    title: `Start the services on ${node}`,
    ...(deviation !== undefined && { deviation }),
    node,
    action: { kind: 'startUnits', units },
    timeoutMs: unitTimeoutMs * units.length,
    then: [unitsActive.ref({ node, units, activeForMs: stableForMs }), portalAnswers.ref({ version })],
    thenWithinMs: warmUpMs,
    until: 'end',
    undo: noUndo('services running on the master are where every ending leads'),
    takesPortalDown: true,
    predictedMs: startUnitMs * units.length,
  });
}

/** The way back from stopped services on the master. */
export function startAgain(node: string, { application: { units } }: Cluster): Undo {
  return {
    title: `Start the services on ${node} again`,
    action: { kind: 'startUnits', units },
    timeoutMs: unitTimeoutMs * units.length,
    before: [],
    then: [unitsActive.ref({ node, units, activeForMs: stableForMs })],
    thenWithinMs: warmUpMs,
  };
}

/** The way back on the standby: its services are stopped in the steady state, whatever the installer started. */
export function stopAgain(node: string, { application: { units } }: Cluster): Undo {
  return {
    title: `Make sure that the services on ${node} are stopped`,
    action: { kind: 'stopUnits', units: units.toReversed() },
    timeoutMs: unitTimeoutMs * units.length,
    before: [],
    then: [unitsStopped.ref({ node, units })],
    thenWithinMs: seconds(30),
  };
}

/** Nothing has started the standby's services behind the stop. */
export function stayStopped(section: string, node: string, { application: { units }, limits }: Cluster): Unphased {
  return gate(section, {
    id: 'standby.still-stopped',
    title: `Services stay stopped on ${node}`,
    checks: [unitsStopped.ref({ node, units })],
    // systemd forgets when a disabled unit was stopped, so Baton looks for that long itself.
    steadyForMs: limits.settleMs,
    withinMs: limits.settleMs + seconds(30),
    everyMs: seconds(1),
  });
}
