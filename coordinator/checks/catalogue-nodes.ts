// The checks of nodes, network, services and security; a part of the catalogue.
import { auditLogging } from './audit-logging.ts';
import { filesOneSystem } from './files-one-system.ts';
import { filesOwned } from './files-owned.ts';
import { firewall } from './firewall.ts';
import { haOwner } from './ha-owner.ts';
import { installerMayRun } from './installer-may-run.ts';
import { observerUnit } from './observer-unit.ts';
import { packagesInstalled } from './packages-installed.ts';
import { platformsEqual } from './platforms-equal.ts';
import { portsReachable } from './ports-reachable.ts';
import { rsyncReachable } from './rsync-reachable.ts';
import { selinuxMode } from './selinux-mode.ts';
import { servicesPlaced } from './services-placed.ts';
import { timeSynchronized } from './time-synchronized.ts';
import { unitFiles } from './unit-files.ts';
import { upgradeSpace } from './upgrade-space.ts';

export const nodeChecks = [
  auditLogging,
  filesOneSystem,
  filesOwned,
  firewall,
  haOwner,
  installerMayRun,
  observerUnit,
  packagesInstalled,
  platformsEqual,
  portsReachable,
  rsyncReachable,
  selinuxMode,
  servicesPlaced,
  timeSynchronized,
  unitFiles,
  upgradeSpace,
];
