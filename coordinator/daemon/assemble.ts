// Puts the leading half of a coordinator together: which part is given to which. No run is taken up yet. What only a
// leader may do goes through the fence.
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { systemClock } from '../../shared/clock.ts';
import { ok, type Result } from '../../shared/failures.ts';
import type { Log } from '../../shared/log.ts';
import type { Bus } from '../bus/bus.ts';
import type { CoordinatorConfig } from '../config/coordinator-config.ts';
import type { Leadership } from '../journal/leadership.ts';
import { startScheduledBackup } from '../operator/runs.ts';
import { operatorService } from '../operator/service.ts';
import { createRunMeter } from '../runs/run-meter.ts';
import type { RunService } from '../runs/run-service.ts';
import { type BackupTimer, createBackupTimer, openScheduleTable } from '../schedule/backup-timer.ts';
import { assembleRuns } from './assemble-runs.ts';
import { createFence } from './fence.ts';
import type { AgentsServed } from './serve-agents.ts';

export interface Assembled {
  operator: UntypedServiceImplementation;
  runs: RunService;
  /** Starts what schedules ask for; for when every run is taken up. */
  timer: BackupTimer;
}

export async function assemble(given: {
  bus: Bus;
  config: CoordinatorConfig;
  /** PEM. */
  authority: string;
  leadership: Leadership;
  agents: AgentsServed;
  log: Log;
  onStop(name: string, stop: () => unknown): void;
}): Promise<Result<Assembled>> {
  const { bus, config, authority, leadership, agents, log, onStop } = given;
  const { name: coordinator, advertise } = config;
  const { epoch } = leadership;
  const clock = systemClock;
  const fence = createFence(leadership, clock);

  const assembled = await assembleRuns({
    ...{ bus, clock, log, coordinator, epoch, onStop, fence },
    streams: agents,
    meterOf: (artefacts, run, cluster) => createRunMeter({ bus, log, artefacts, run, cluster, guard: fence.samples }),
  });
  if (!assembled.ok) return assembled;
  const { audit, tables, clusters, locks, fleet, runs, views } = assembled.value;
  const { enrolment, releases } = agents;
  const shared = { bus, clock, log, audit, tables, coordinator, epoch };
  const schedules = await openScheduleTable(bus);
  if (!schedules.ok) return schedules;
  const parts = {
    ...shared,
    enrolment,
    authority,
    advertise,
    nowMs: clock.nowMs,
    clusters,
    locks,
    fleet,
    releases,
    runs,
    views,
    schedules: schedules.value,
  };
  const timer = createBackupTimer({
    ...{ clusters, table: schedules.value, audit, clock, log },
    start: (cluster, requestId, reason) => startScheduledBackup(parts, cluster, requestId, reason),
  });
  return ok({ operator: operatorService(parts), runs, timer });
}
