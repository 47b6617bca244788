// Watches the portal as a client sees it: open-loop, at a fixed rate, each time over a new connection. A slow answer never
// delays the next sample. It only observes; a meter that fails never touches the run.
import { readFileSync } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Log } from '../../shared/log.ts';
import type { SampleLog } from './sample-log.ts';

export interface PortalMeterOptions {
  url: string;
  expectStatus: number;
  samples: SampleLog;
  log: Log;
  /** Time between two samples: the resolution. */
  everyMs?: number;
  /** An answer that takes longer is none. */
  timeoutMs?: number;
}

export interface PortalMeter {
  /** Ends it, and stores what was sampled. */
  stop(): Promise<void>;
}

const batchSlots = 10;

/** CLOCK_MONOTONIC of this machine's boot, comparable between processes. */
const bootClockMs = (): number => Number(process.hrtime.bigint() / 1_000n) / 1000;

/** Starts to sample at once. */
export function startPortalMeter(options: PortalMeterOptions): PortalMeter {
  const everyMs = options.everyMs ?? 100;
  const timeoutMs = options.timeoutMs ?? 1000;
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const startMs = bootClockMs();
  const startAtMs = Date.now();
  const stores: Promise<void>[] = [];
  let samples: Promise<Sample>[] = [];
  let slot = 0;
  let isStoring = true;

  const flush = () => {
    if (samples.length === 0) return;
    const taken = samples;
    const offsetMs = (slot - taken.length) * everyMs;
    samples = [];
    const previous = stores.at(-1);
    const store = (async () => {
      const answers = await Promise.all(taken);
      await previous;
      const stored = await options.samples.append({
        bootId,
        monotonicMs: startMs + offsetMs,
        atMs: startAtMs + offsetMs,
        everyMs,
        results: answers.map(({ result }) => result).join(''),
        latenciesMs: answers.map(({ latencyMs }) => latencyMs),
      });
      if (!stored.ok && isStoring) options.log.warn('a second of the portal’s meter is lost', { ...stored.failure });
      isStoring = stored.ok;
    })();
    stores.splice(0, stores.length, store);
  };
  const put = (sample: Promise<Sample>) => {
    samples.push(sample);
    slot += 1;
    if (samples.length === batchSlots) flush();
  };

  let timer: NodeJS.Timeout | undefined;
  const turn = () => {
    const dueSlot = Math.floor((bootClockMs() - startMs) / everyMs);
    // Times that this process slept through were not sampled, and are told so.
    while (slot < dueSlot) put(Promise.resolve({ result: '-', latencyMs: -1 }));
    put(sample(options.url, options.expectStatus, timeoutMs));
    timer = setTimeout(turn, Math.max(0, startMs + slot * everyMs - bootClockMs()));
  };
  turn();

  return {
    async stop() {
      clearTimeout(timer);
      flush();
      await Promise.all(stores);
    },
  };
}

interface Sample {
  result: 'o' | 'x' | '-';
  /** Until the whole answer was there; -1 where none was. */
  latencyMs: number;
}

function sample(url: string, expectStatus: number, timeoutMs: number): Promise<Sample> {
  const startedMs = bootClockMs();
  return new Promise((resolve) => {
    const missed = () => resolve({ result: 'x', latencyMs: -1 });
    const request = url.startsWith('https:') ? requestHttps : requestHttp;
    const asked = request(url, { agent: false, headers: { connection: 'close' } }, (answer) => {
      answer.resume();
      answer.on('end', () => {
        if (answer.statusCode !== expectStatus) missed();
        else resolve({ result: 'o', latencyMs: Math.round((bootClockMs() - startedMs) * 10) / 10 });
      });
      answer.on('error', missed);
    });
    const limit = setTimeout(() => asked.destroy(new Error('too slow')), timeoutMs);
    asked.on('error', missed);
    asked.on('close', () => {
      clearTimeout(limit);
      missed();
    });
    asked.end();
  });
}
