// Puts the coordinator together: which part is given to which. Nothing listens yet and no run is taken up.
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { systemClock } from '../../shared/clock.ts';
import { ok, type Result } from '../../shared/failures.ts';
import type { Log } from '../../shared/log.ts';
import type { Credentials } from '../../shared/security/certificates.ts';
import { openAudit } from '../audit/audit.ts';
import type { Bus } from '../bus/bus.ts';
import { openStore } from '../bus/store.ts';
import { openClusterStore } from '../cluster/cluster-store.ts';
import type { CoordinatorConfig } from '../config/coordinator-config.ts';
import { createBusFleet } from '../fleet/bus-fleet.ts';
import { createEnrolment } from '../fleet/enrolment.ts';
import { createHub } from '../fleet/hub.ts';
import { openRevocations } from '../fleet/revocations.ts';
import { openFleetTables } from '../fleet/tables.ts';
import { openArtefacts } from '../journal/artefacts.ts';
import { openClusterLog } from '../journal/cluster-log.ts';
import { openJournal } from '../journal/nats-journal.ts';
import { operatorService } from '../operator/service.ts';
import { openReleaseStore, type ReleaseRecord } from '../releases/release-store.ts';
import { openProgressFeed } from '../runs/progress.ts';
import { createRunMeter } from '../runs/run-meter.ts';
import { createRunService, type RunService } from '../runs/run-service.ts';
import { createRunViews } from '../runs/run-views.ts';
import type { AgentsPortParts } from './agents-port.ts';
import type { AgentsOfRuns } from './await-agents.ts';
import { statePaths } from './state-files.ts';

export interface Assembled {
  port: AgentsPortParts;
  operator: UntypedServiceImplementation;
  runs: RunService;
  agentsOfRuns: AgentsOfRuns;
}

export async function assemble(given: {
  bus: Bus;
  config: CoordinatorConfig;
  authority: Credentials;
  epoch: number;
  log: Log;
  onStop(name: string, stop: () => unknown): void;
}): Promise<Result<Assembled>> {
  const { bus, config, authority, epoch, log, onStop } = given;
  const { name: coordinator, listen, advertise } = config;
  const clock = systemClock;

  const audit = await openAudit(bus, log, clock);
  if (!audit.ok) return audit;
  onStop('audit', audit.value.flush);
  const tables = await openFleetTables(bus);
  if (!tables.ok) return tables;
  const revocations = await openRevocations(tables.value.revoked);
  if (!revocations.ok) return revocations;
  onStop('revocations', revocations.value.stop);
  const clusters = await openClusterStore(bus);
  if (!clusters.ok) return clusters;
  const records = await openStore<ReleaseRecord>(bus, 'releases');
  if (!records.ok) return records;
  const { releasesDirectory } = statePaths(config.stateDirectory);
  const releases = await openReleaseStore(releasesDirectory, records.value, config.releases.sizeBytesMax);
  if (!releases.ok) return releases;
  const journal = await openJournal(bus);
  if (!journal.ok) return journal;
  const artefacts = await openArtefacts(bus);
  if (!artefacts.ok) return artefacts;

  const shared = { bus, clock, log, audit: audit.value, tables: tables.value, coordinator, epoch };
  const enrolment = createEnrolment({ ...shared, revocations: revocations.value, authority });
  const hub = createHub(shared);
  onStop('hub', hub.close);
  const fleet = createBusFleet(shared);
  const locks = openClusterLog(bus);
  const progress = openProgressFeed(bus);
  const stored = { journal: journal.value, artefacts: artefacts.value };
  const runs = createRunService({
    ...shared,
    ...stored,
    clusterLog: locks,
    fleet,
    progress,
    meterOf: (run, cluster) => createRunMeter({ bus, log, artefacts: artefacts.value, run, cluster }),
  });
  onStop('runs', runs.stop);
  const views = createRunViews({ ...stored, fleet, progress });

  const operator = operatorService({
    ...shared,
    enrolment,
    authority: authority.certificate,
    advertise,
    nowMs: clock.nowMs,
    clusters: clusters.value,
    locks,
    fleet,
    releases: releases.value,
    runs,
    views,
  });
  const port: AgentsPortParts = {
    ...shared,
    listen,
    advertise,
    authority,
    revocations: revocations.value,
    enrolment,
    hub,
    releases: releases.value,
    operator,
  };
  return ok({ port, operator, runs, agentsOfRuns: { locks, clusters: clusters.value, fleet } });
}
