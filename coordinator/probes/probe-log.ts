// The probes of each cluster, a stream each, kept for more than a year. Only the coordinator that leads writes; each probe is
// there once, by compare-and-set, whoever took it twice.
import { fail, ok, type Result } from '../../shared/failures.ts';
import { canonicalJson } from '../../shared/hash.ts';
import type { ProbeDocument } from '../../shared/probe-documents.ts';
import { hours } from '../../shared/units.ts';
import type { Bus } from '../bus/bus.ts';
import { busFailure } from '../bus/failure.ts';
import { ensureStream, lastSequence, readMessage, streamNames } from '../journal/streams.ts';

export interface ProbeLog {
  /** The newest of a cluster, as of the last that was read or written here. */
  last(cluster: string): ProbeDocument | undefined;
  /** The newest `count` of a cluster, oldest first. */
  newest(cluster: string, count: number): Promise<Result<ProbeDocument[]>>;
  /** The probe of this id among the newest ones; undefined where it is not there. */
  find(cluster: string, id: string): Promise<Result<ProbeDocument | undefined>>;
  /** Writes it, or gives the one of the same id that is there already. */
  append(probe: ProbeDocument): Promise<Result<ProbeDocument>>;
}

const streamPrefix = 'PROBES_';
const subjectOf = (cluster: string): string => `baton.probes.${cluster}`;
const keptMs = hours(400 * 24);
const sizeBytesMax = 256 * 1024 * 1024;
/** Among so many a request is looked for; it is said again within minutes. */
const findAmong = 20;
const batch = 32;

export async function openProbeLog(bus: Bus): Promise<Result<ProbeLog>> {
  const lastOf = new Map<string, ProbeDocument>();

  const newest = async (cluster: string, count: number): Promise<Result<ProbeDocument[]>> => {
    const name = streamPrefix + cluster;
    const last = await lastSequence(bus, name);
    if (!last.ok) return last;
    const probes: ProbeDocument[] = [];
    const first = Math.max(1, last.value - count + 1);
    for (let from = first; from <= last.value; from += batch) {
      const sequences = Array.from({ length: Math.min(batch, last.value - from + 1) }, (_, index) => from + index);
      for (const read of await Promise.all(sequences.map((seq) => readMessage(bus, name, { seq })))) {
        if (!read.ok) return read;
        // What was dropped by age, or is damaged, is no probe: history goes on without it.
        const probe = read.value && parsed(read.value.string());
        if (probe !== undefined) probes.push(probe);
      }
    }
    const end = probes.at(-1);
    if (end !== undefined) lastOf.set(cluster, end);
    return ok(probes);
  };

  const find = async (cluster: string, id: string): Promise<Result<ProbeDocument | undefined>> => {
    const read = await newest(cluster, findAmong);
    return read.ok ? ok(read.value.find((probe) => probe.id === id)) : read;
  };

  const append = async (probe: ProbeDocument): Promise<Result<ProbeDocument>> => {
    const { cluster, id } = probe;
    const name = streamPrefix + cluster;
    const made = await ensureStream(bus, name, [subjectOf(cluster)], { maxAgeMs: keptMs, sizeBytesMax });
    if (!made.ok) return made;
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const last = await lastSequence(bus, name);
      if (!last.ok) return last;
      const known = await find(cluster, id);
      if (!known.ok) return known;
      if (known.value !== undefined) return ok(known.value);
      try {
        await bus.js.publish(subjectOf(cluster), canonicalJson(probe), { expect: { lastSequence: last.value } });
        lastOf.set(cluster, probe);
        return ok(probe);
      } catch (error) {
        const failed = busFailure(error, `stream ${name}`);
        if (failed.code !== 'conflict') return { ok: false, failure: failed };
      }
    }
    return fail('conflict', `the probes of ${cluster} are written by another coordinator`);
  };

  const clusters = await streamNames(bus, subjectOf('*'), streamPrefix);
  if (!clusters.ok) return clusters;
  for (const cluster of clusters.value) {
    const read = await newest(cluster, 1);
    if (!read.ok) return read;
  }
  return ok({ last: (cluster) => lastOf.get(cluster), newest, find, append });
}

function parsed(text: string): ProbeDocument | undefined {
  try {
    const probe = JSON.parse(text) as ProbeDocument;
    return probe.schema === 1 ? probe : undefined;
  } catch {
    return undefined;
  }
}
