// Stands for the meter of the portal, which is another test's: it has always seen the same.
import type { RunMeter } from '../../../coordinator/runs/run-meter.ts';

const seen = { downMs: 0, longestMs: 0, unobservedMs: 0, samples: 1, failures: 0, intervals: [], artefact: '' };

export const simMeter = (): RunMeter => ({
  start: async () => undefined,
  sum: async () => ({ type: 'PortalMetered', ...seen }),
  stop: async () => undefined,
});
