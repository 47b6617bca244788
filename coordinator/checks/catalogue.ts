// The closed list of checks. Adding one: a file named after it, and a line here.
import { agentsConnected } from './agents-connected.ts';
import { asidesGone } from './asides-gone.ts';
import { backupComplete } from './backup-complete.ts';
import { backupFresh } from './backup-fresh.ts';
import { backupRecent } from './backup-recent.ts';
import { backupSpace } from './backup-space.ts';
import { backupsPruned } from './backups-pruned.ts';
import { nodeChecks } from './catalogue-nodes.ts';
import { clockOffset } from './clock-offset.ts';
import { databaseClosed } from './database-closed.ts';
import { databaseGone } from './database-gone.ts';
import { databaseHardened } from './database-hardened.ts';
import { databaseNoted } from './database-noted.ts';
import { databaseUnchanged } from './database-unchanged.ts';
import { databaseUnitActive } from './database-unit-active.ts';
import type { Check } from './define.ts';
import { dependenciesThere } from './dependencies-there.ts';
import { diskSpace } from './disk-space.ts';
import { errorRate } from './error-rate.ts';
import { failoverArmed } from './failover-armed.ts';
import { failoverSuspended } from './failover-suspended.ts';
import { fileArrived } from './file-arrived.ts';
import { fileGone } from './file-gone.ts';
import { fileSyncPlacement } from './file-sync-placement.ts';
import { filesEqual } from './files-equal.ts';
import { filesMerged } from './files-merged.ts';
import { filesSame } from './files-same.ts';
import { masterIsPrimary } from './master-is-primary.ts';
import { noOpenPrimary } from './no-open-primary.ts';
import { notFenced } from './not-fenced.ts';
import { observerQuiet } from './observer-quiet.ts';
import { osSupported } from './os-supported.ts';
import { partRestored } from './part-restored.ts';
import { portalAnswers } from './portal-answers.ts';
import { postgresqlSupported } from './postgresql-supported.ts';
import { probeRecent } from './probe-recent.ts';
import { releaseExecutable } from './release-executable.ts';
import { releaseStaged } from './release-staged.ts';
import { replicationEncrypted } from './replication-encrypted.ts';
import { replicationReplaying } from './replication-replaying.ts';
import { replicationStreaming } from './replication-streaming.ts';
import { resources } from './resources.ts';
import { responseTime } from './response-time.ts';
import { restoreSpace } from './restore-space.ts';
import { roomForServer } from './room-for-server.ts';
import { rowArrived } from './row-arrived.ts';
import { rowGone } from './row-gone.ts';
import { rowsAsBackedUp } from './rows-as-backed-up.ts';
import { rowsEqual } from './rows-equal.ts';
import { sanityPage } from './sanity-page.ts';
import { sanityQuery } from './sanity-query.ts';
import { schemaAsBackedUp } from './schema-as-backed-up.ts';
import { serverAsBefore } from './server-as-before.ts';
import { serverGone } from './server-gone.ts';
import { serverHasAll } from './server-has-all.ts';
import { serverInService } from './server-in-service.ts';
import { serverStopped } from './server-stopped.ts';
import { serverUpgradable } from './server-upgradable.ts';
import { serverUsable } from './server-usable.ts';
import { sidesAsFound } from './sides-as-found.ts';
import { slotReserve } from './slot-reserve.ts';
import { slotThere } from './slot-there.ts';
import { slotsWhole } from './slots-whole.ts';
import { snapshotState } from './snapshot-state.ts';
import { standbyHasAll } from './standby-has-all.ts';
import { stoodDown } from './stood-down.ts';
import { ticketFound } from './ticket-found.ts';
import { ticketSearchExact } from './ticket-search-exact.ts';
import { unitsActive } from './units-active.ts';
import { unitsStopped } from './units-stopped.ts';
import { valuesSet } from './values-set.ts';
import { versionCompatible } from './version-compatible.ts';
import { versionIs } from './version-is.ts';
import { windowOpen } from './window-open.ts';

/** Every check by its id. */
export const checkCatalogue: ReadonlyMap<string, Omit<Check<never>, 'ref'>> = new Map(
  [
    agentsConnected,
    asidesGone,
    backupComplete,
    backupFresh,
    backupRecent,
    backupSpace,
    backupsPruned,
    databaseClosed,
    clockOffset,
    databaseGone,
    databaseHardened,
    databaseNoted,
    databaseUnchanged,
    databaseUnitActive,
    diskSpace,
    errorRate,
    failoverArmed,
    failoverSuspended,
    fileArrived,
    fileGone,
    fileSyncPlacement,
    filesEqual,
    filesSame,
    masterIsPrimary,
    noOpenPrimary,
    notFenced,
    observerQuiet,
    osSupported,
    partRestored,
    portalAnswers,
    postgresqlSupported,
    probeRecent,
    releaseExecutable,
    releaseStaged,
    replicationEncrypted,
    replicationReplaying,
    replicationStreaming,
    resources,
    responseTime,
    restoreSpace,
    roomForServer,
    rowArrived,
    rowGone,
    rowsAsBackedUp,
    rowsEqual,
    sanityPage,
    sanityQuery,
    schemaAsBackedUp,
    serverAsBefore,
    serverGone,
    serverInService,
    serverStopped,
    serverUpgradable,
    serverUsable,
    slotThere,
    slotReserve,
    slotsWhole,
    snapshotState,
    standbyHasAll,
    dependenciesThere,
    filesMerged,
    serverHasAll,
    sidesAsFound,
    stoodDown,
    ticketFound,
    ticketSearchExact,
    unitsActive,
    unitsStopped,
    valuesSet,
    versionCompatible,
    windowOpen,
    versionIs,
    ...nodeChecks,
  ].map((check) => [check.id, check]),
);

/** The check of this id; undefined when this version has none. */
export const checkById = (id: string) => checkCatalogue.get(id);
