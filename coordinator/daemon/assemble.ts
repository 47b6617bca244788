// Puts the leading half of a coordinator together: which part is given to which. No run is taken up yet. What only a
// leader may do goes through the fence.
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { systemClock } from '../../shared/clock.ts';
import { ok, type Result } from '../../shared/failures.ts';
import type { Log } from '../../shared/log.ts';
import type { Bus } from '../bus/bus.ts';
import type { CoordinatorConfig } from '../config/coordinator-config.ts';
import type { Leadership } from '../journal/leadership.ts';
import { createAlarms } from '../notify/alarms.ts';
import { startScheduledBackup } from '../operator/runs.ts';
import { hasStarted, startScheduled } from '../operator/scheduled.ts';
import { operatorService } from '../operator/service.ts';
import { openProbeLog } from '../probes/probe-log.ts';
import { takeProbe } from '../probes/take-probe.ts';
import { createRunMeter } from '../runs/run-meter.ts';
import type { RunService } from '../runs/run-service.ts';
import { allScheduled, openProbeSchedules } from '../schedule/probe-schedules.ts';
import { createRunTimer, openScheduledTable } from '../schedule/scheduled-runs.ts';
import { createTimer, openScheduleTable } from '../schedule/timer.ts';
import { assembleRuns } from './assemble-runs.ts';
import { createFence } from './fence.ts';
import { openOutbox } from './open-outbox.ts';
import type { AgentsServed } from './serve-agents.ts';

export interface Assembled {
  operator: UntypedServiceImplementation;
  runs: RunService;
  /** Starts what schedules ask for and tells people, until the signal; for when every run is taken up. */
  keep(signal: AbortSignal): Promise<void>;
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

  const { secretsDirectory } = config;
  const opened = await openOutbox({ bus, audit: agents.audit, secretsDirectory, clock, log });
  if (!opened.ok) return opened;
  const { outbox: notifier, deliver } = opened.value;
  const probes = await openProbeLog(bus);
  if (!probes.ok) return probes;
  const assembled = await assembleRuns({
    ...{ bus, clock, log, coordinator, epoch, onStop, fence, notifier, lastProbe: probes.value.last },
    streams: agents,
    meterOf: (artefacts, run, cluster) => createRunMeter({ bus, log, artefacts, run, cluster, guard: fence.samples }),
  });
  if (!assembled.ok) return assembled;
  const { audit, tables, clusters, artefacts, locks, fleet, runs, views } = assembled.value;
  const { operators, enrolment, releases, revocations, signer } = agents;
  const shared = { bus, clock, log, audit, tables, coordinator, epoch };
  const schedules = await openScheduleTable(bus);
  if (!schedules.ok) return schedules;
  const probeSchedules = await openProbeSchedules(bus);
  if (!probeSchedules.ok) return probeSchedules;
  const scheduled = await openScheduledTable(bus);
  if (!scheduled.ok) return scheduled;
  const parts = {
    ...shared,
    ...{ operators, revocations, signer },
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
    deliver,
    probeSchedules: probeSchedules.value,
    probes: probes.value,
    scheduled: scheduled.value,
    artefacts,
    notifier,
  };
  const timer = createTimer({
    ...{ table: schedules.value, audit, notifier, clock, log },
    schedules: () => allScheduled(clusters, probeSchedules.value),
    start: async ({ cluster, what }, requestId, reason) => {
      if (what === 'backup') return await startScheduledBackup(parts, cluster, requestId, reason);
      const probe = await takeProbe(parts, { cluster, id: requestId, by: 'schedule' });
      return probe.ok ? ok(probe.value.id) : probe;
    },
  });
  const runTimer = createRunTimer({
    ...{ table: scheduled.value, audit, notifier, clock, log },
    start: (entry) => startScheduled(parts, entry),
    hasStarted: (entry) => hasStarted(parts, entry),
  });
  const alarms = createAlarms({ clusters, fleet, notifier, clock, log });
  const keep = async (signal: AbortSignal): Promise<void> => {
    await Promise.all([timer, runTimer, notifier, alarms].map((one) => one.keep(signal)));
  };
  return ok({ operator: operatorService(parts), runs, keep });
}
