// What outlives a coordinator that starts what schedules ask for: its table, what was started, what was said.
import assert from 'node:assert/strict';
import type { Stored } from '../../../coordinator/bus/store.ts';
import type { ClusterRecord } from '../../../coordinator/cluster/cluster-store.ts';
import { parseCluster } from '../../../coordinator/cluster/parse.ts';
import type { Notice } from '../../../coordinator/notify/notice.ts';
import type { ScheduleRecord } from '../../../coordinator/schedule/due.ts';
import { allScheduled, type ProbeSchedule } from '../../../coordinator/schedule/probe-schedules.ts';
import { createTimer, type ScheduleTable } from '../../../coordinator/schedule/timer.ts';
import { fail, ok, type Result } from '../../../shared/failures.ts';
import { createLog } from '../../../shared/log.ts';

const log = createLog('test');
log.silent = true;

const cluster = (schedule: string) => {
  const parsed = parseCluster(
    `cluster: lab
nodes:
  n1: { address: 10.77.0.11, role: master }
  n2: { address: 10.77.0.12, role: standby }
  n3: { address: 10.77.0.13, role: observer }
application:
  version: { file: /opt/v, pattern: '^(.+)$' }
  portal: { url: 'http://10.77.0.10/' }
backup: ${schedule}
`,
    'c.yaml',
  );
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.failure.message);
  return parsed.value;
};

/** A cluster `lab` with a backup each night at 02:00, and a clock that stands. */
export class TimerWorld {
  nowMs = Date.parse('2026-11-20T10:00:00Z');
  file = "{ schedule: { cron: '0 2 * * *', timezone: UTC } }";
  readonly table = new Map<string, Stored<ScheduleRecord>>();
  readonly runs = new Map<string, { reason: string; atMs: number }>();
  readonly said: string[] = [];
  readonly notices: Notice[] = [];
  readonly probes = new Map<string, ProbeSchedule>();
  hindrance: string | undefined;
  /** What a coordinator does between starting the run and keeping the record of it. */
  betweenStartAndRecord: () => void | Promise<void> = () => undefined;
  beforeTelling: () => void = () => undefined;

  to(text: string): void {
    this.nowMs = Date.parse(text);
  }

  /** A coordinator, which knows nothing of the ones before it. */
  coordinator() {
    const write = (key: string, value: ScheduleRecord, revision: number): Result<number> => {
      if ((this.table.get(key)?.revision ?? 0) !== revision) return fail('conflict', 'changed meanwhile');
      this.table.set(key, { key, value, revision: revision + 1 });
      return ok(revision + 1);
    };
    const table: ScheduleTable = {
      get: async (key) => ok(this.table.get(key)),
      create: async (key, value) => write(key, value, 0),
      put: async (key, value, revision = -1) => write(key, value, revision),
    };
    const record = { fileName: '', text: '', appliedAtMs: 0, appliedBy: '' };
    const clusters = {
      list: async () => ok([{ ...record, cluster: cluster(this.file) } satisfies ClusterRecord]),
    };
    const added = { list: async () => ok([...this.probes].map(([key, value]) => ({ key, value, revision: 1 }))) };
    return createTimer({
      schedules: () => allScheduled(clusters, added),
      table,
      notifier: {
        tell: (notice) => {
          this.beforeTelling();
          this.notices.push(notice);
        },
      },
      audit: { record: ({ detail }) => this.said.push(detail) },
      clock: {
        nowMs: () => this.nowMs,
        monotonicMs: () => this.nowMs,
        sleep: () => new Promise<void>((resolve) => setImmediate(resolve)),
      },
      log,
      start: async ({ what }, requestId, reason) => {
        if (this.hindrance !== undefined) return fail('conflict', this.hindrance);
        if (!this.runs.has(requestId)) this.runs.set(requestId, { reason, atMs: this.nowMs });
        await this.betweenStartAndRecord();
        return ok(`${what}-${requestId}`);
      },
    });
  }

  record(): ScheduleRecord {
    const found = this.table.get('lab')?.value;
    assert.ok(found);
    return found;
  }
  reasons = () => [...this.runs.values()].map(({ reason }) => reason);
}
