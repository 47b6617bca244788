// Guide › Pre-Upgrade Requirements › Network Connectivity, and Security Considerations, looked at ahead: what each machine is
// as a part of the site. Read-only; the same after the work.
import { minutes, seconds } from '../../shared/units.ts';
import { auditLogging } from '../checks/audit-logging.ts';
import { filesOwned } from '../checks/files-owned.ts';
import { firewall } from '../checks/firewall.ts';
import { haOwner } from '../checks/ha-owner.ts';
import { installerMayRun } from '../checks/installer-may-run.ts';
import { observerUnit } from '../checks/observer-unit.ts';
import { packagesInstalled } from '../checks/packages-installed.ts';
import { platformsEqual } from '../checks/platforms-equal.ts';
import { portsReachable } from '../checks/ports-reachable.ts';
import { resources } from '../checks/resources.ts';
import { rsyncReachable } from '../checks/rsync-reachable.ts';
import { selinuxMode } from '../checks/selinux-mode.ts';
import { servicesPlaced } from '../checks/services-placed.ts';
import { timeSynchronized } from '../checks/time-synchronized.ts';
import { unitFiles } from '../checks/unit-files.ts';
import { upgradeSpace } from '../checks/upgrade-space.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { gate, type Unphased } from './items.ts';

/** What must be so of machines, network, services and their safety before anything is touched. */
export function nodeGates(cluster: Cluster): Unphased[] {
  return [
    gate('Pre-Upgrade Requirements › Network Connectivity: between HA nodes', {
      id: 'preflight.network',
      title: 'Nodes reach one another, and rsync the other node',
      checks: [portsReachable.ref({}), rsyncReachable.ref({})],
    }),
    gate('Service Startup Failures › Verify dependencies (looked at ahead)', {
      id: 'preflight.machines',
      title: 'Machines are alike, and have what the work needs',
      checks: [
        platformsEqual.ref({}),
        packagesInstalled.ref({}),
        installerMayRun.ref({}),
        upgradeSpace.ref({}),
        timeSynchronized.ref({}),
        resources.ref({ nodes: cluster.nodes.map(({ name }) => name) }),
      ],
    }),
    gate('Step 3: Upgrade Standby › services are managed by the HA service (looked at ahead)', {
      id: 'preflight.services',
      title: 'Services and the observer are where they belong',
      checks: [servicesPlaced.ref({}), observerUnit.ref({})],
    }),
    securityGate('Security Considerations › HA Security', 'preflight.security'),
  ];
}

/** Guide › Post-Upgrade Security: service and file permissions, and the network between nodes once more. */
export function verifiedSecurity(): Unphased[] {
  return [
    securityGate('Post-Upgrade Security › Service Permissions, File Permissions', 'verify.security'),
    gate('Post-Upgrade Security › Network Security: between nodes', {
      id: 'verify.network',
      title: 'Nodes reach one another, and rsync the other node',
      checks: [portsReachable.ref({}), rsyncReachable.ref({}), servicesPlaced.ref({})],
      withinMs: seconds(30),
    }),
  ];
}

function securityGate(section: string, id: string): Unphased {
  return gate(section, {
    id,
    title: 'Files, services and access are as they should be',
    checks: [
      haOwner.ref({}),
      filesOwned.ref({}),
      unitFiles.ref({}),
      firewall.ref({}),
      selinuxMode.ref({}),
      auditLogging.ref({}),
    ],
    holdsForMs: minutes(30),
  });
}
