// Puts the coordinator together: which part is given to which. Nothing listens yet and no run is taken up.
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { systemClock } from '../../shared/clock.ts';
import { ok, type Result } from '../../shared/failures.ts';
import type { Log } from '../../shared/log.ts';
import type { Credentials } from '../../shared/security/certificates.ts';
import type { Bus } from '../bus/bus.ts';
import { openStore } from '../bus/store.ts';
import type { CoordinatorConfig } from '../config/coordinator-config.ts';
import { createEnrolment } from '../fleet/enrolment.ts';
import { openRevocations } from '../fleet/revocations.ts';
import { operatorService } from '../operator/service.ts';
import { openReleaseStore, type ReleaseRecord } from '../releases/release-store.ts';
import { createRunMeter } from '../runs/run-meter.ts';
import type { RunService } from '../runs/run-service.ts';
import type { AgentsPortParts } from './agents-port.ts';
import { assembleRuns } from './assemble-runs.ts';
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

  const assembled = await assembleRuns({
    bus,
    clock,
    log,
    coordinator,
    epoch,
    onStop,
    meterOf: (artefacts, run, cluster) => createRunMeter({ bus, log, artefacts, run, cluster }),
  });
  if (!assembled.ok) return assembled;
  const { audit, tables, clusters, locks, hub, fleet, runs, views } = assembled.value;
  const revocations = await openRevocations(tables.revoked);
  if (!revocations.ok) return revocations;
  onStop('revocations', revocations.value.stop);
  const records = await openStore<ReleaseRecord>(bus, 'releases');
  if (!records.ok) return records;
  const { releasesDirectory } = statePaths(config.stateDirectory);
  const releases = await openReleaseStore(releasesDirectory, records.value, config.releases.sizeBytesMax);
  if (!releases.ok) return releases;

  const shared = { bus, clock, log, audit, tables, coordinator, epoch };
  const enrolment = createEnrolment({ ...shared, revocations: revocations.value, authority });
  const operator = operatorService({
    ...shared,
    enrolment,
    authority: authority.certificate,
    advertise,
    nowMs: clock.nowMs,
    clusters,
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
  return ok({ port, operator, runs, agentsOfRuns: { locks, clusters, fleet, clock } });
}
