// The portal's meter of one run: starts with the run where its plan takes the portal down, and sums up what was sampled,
// also by a coordinator that is gone. Whatever fails here is told and changes nothing (I8).
import { systemClock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { Bus } from '../bus/bus.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Artefacts } from '../journal/artefacts.ts';
import type { RunFact } from '../journal/event.ts';
import { type PortalMeter, startPortalMeter } from '../meter/portal-meter.ts';
import { openSampleLog, type SampleLog } from '../meter/sample-log.ts';
import { summarizeSamples } from '../meter/summary.ts';

export type PortalMetered = Extract<RunFact, { type: 'PortalMetered' }>;

export interface RunMeter {
  /** Starts to sample; once is enough. */
  start(): Promise<void>;
  /** What was observed until now. */
  sum(): Promise<PortalMetered>;
  stop(): Promise<void>;
}

/** The meter of a run. */
export function createRunMeter(parts: {
  bus: Bus;
  artefacts: Artefacts;
  log: Log;
  run: string;
  cluster: Cluster;
  /** Keeps a coordinator that leads no more from writing beside the one that does. */
  guard?: (samples: SampleLog) => SampleLog;
}): RunMeter {
  const { bus, artefacts, log, run, cluster, guard = (samples) => samples } = parts;
  const { url, expectStatus } = cluster.application.portal;
  let samples: SampleLog | undefined;
  let meter: PortalMeter | undefined;
  let askedAtMs: number | undefined;

  const open = async (): Promise<SampleLog | undefined> => {
    if (samples !== undefined) return samples;
    const opened = await openSampleLog(bus, run);
    if (opened.ok) samples = guard(opened.value);
    else log.warn('the portal is not metered', { run, reason: opened.failure.message });
    return samples;
  };
  const begin = async (): Promise<void> => {
    askedAtMs ??= systemClock.monotonicMs();
    const kept = await open();
    if (kept !== undefined) meter ??= startPortalMeter({ url, expectStatus, samples: kept, log });
  };
  const end = async (): Promise<void> => {
    const running = meter;
    meter = undefined;
    await running?.stop();
  };

  return {
    start: begin,
    async sum() {
      // What is still under way has to be in the sum; then it goes on.
      await end();
      const read = await (await open())?.read();
      // Also where it could not begin before.
      if (askedAtMs !== undefined) await begin();
      if (read?.ok === false) log.warn('the meter’s samples cannot be read', { run, reason: read.failure.message });
      const batches = read?.ok ? read.value : [];
      const stored = await artefacts.put(JSON.stringify(batches));
      const reading = summarizeSamples(batches);
      // Nothing sampled is nothing seen, not a portal that always answered.
      const blindMs = batches.length === 0 && askedAtMs !== undefined ? systemClock.monotonicMs() - askedAtMs : 0;
      const unobservedMs = reading.unobservedMs + Math.round(blindMs);
      return { type: 'PortalMetered', ...reading, unobservedMs, artefact: stored.ok ? stored.value : '' };
    },
    stop: end,
  };
}
