// The keys of the cluster file with their defaults. Only what this version carries out is accepted: a key that were
// silently ignored would be a promise that nobody keeps.
import { z } from 'zod';
import { backup, judgeBackup } from './backup-schema.ts';
import { errors } from './errors-schema.ts';
import * as field from './fields.ts';
import { judgeNodes } from './node-rules.ts';
import { notify } from './notify-schema.ts';
import { sanity } from './sanity-schema.ts';
import { fileTransport, judgeNetwork, network, requires, security } from './security-schema.ts';
import { ticket } from './ticket-schema.ts';
import { maintenanceWindow } from './window-schema.ts';

const hourMs = 3_600_000;
const busyPatterns = ['(?i:swap|switchover|failover|fencing|promot|synchroni[sz])'];

const node = z.strictObject({
  address: field.address,
  role: z.enum(['master', 'standby', 'observer'], { error: 'must be master, standby or observer' }),
  tiers: z
    .array(z.enum(['app', 'db'], { error: 'must be app or db' }), { error: 'must be a list of app and db' })
    .optional(),
});

const application = z.strictObject({
  units: field.units.default(['elasticsearch', 'ft-analytics-server', 'ft-main-server']),
  version: z.strictObject({ file: field.path, pattern: field.groupPattern }),
  progress: z.strictObject({ pattern: field.groupPattern }).optional(),
  portal: z.strictObject({
    url: field.url,
    expectStatus: field.httpStatus.default(200),
    versionPattern: field.groupPattern.optional(),
  }),
  ticket: ticket.optional(),
  installerTimeout: field.duration(5_000, 24 * hourMs, 'from 5s to 24h').default(hourMs),
});

const observer = z.strictObject({
  units: field.units.default(['ha']),
  logs: field.glob.default('/opt/HA/logs/ha_*.log'),
  quietFor: field.duration(1000, hourMs, 'from 1s to 1h').default(120_000),
  busyPatterns: z
    .array(field.pattern, { error: 'must be a list of regular expressions' })
    .min(1, 'must hold at least one pattern')
    .max(20, 'must hold at most 20 patterns')
    .default(busyPatterns),
  beginPattern: field.pattern.default('(?i:start|begin|began|initiat)'),
  endPattern: field.pattern.default('(?i:finish|complet|done|ended|succe|fail:|failed|abort|cancel)'),
});

const database = z.strictObject({
  name: field.database.default('flotoitsmdb'),
  parity: z
    .array(field.table, { error: 'must be a list of tables' })
    .min(1, 'must name at least one table')
    .max(20, 'must name at most 20 tables')
    .default(['apolo.request']),
  port: field.port.default(5432),
  unit: field.databaseUnit.default('postgresql'),
  replication: z
    .strictObject({
      user: field.databaseRole.default('replicator'),
      passFile: field.path.optional(),
      options: field.connectionOptions.default(''),
    })
    .prefault({}),
  queries: z.array(field.queryName, { error: 'must be a list of names' }).max(50, 'must name at most 50').default([]),
  settings: z
    .array(
      z.strictObject({
        file: field.path,
        nodes: z.array(z.string(), { error: "must be a list of nodes' names" }).min(1).optional(),
        values: z.record(field.settingName, field.settingValue),
      }),
      { error: 'must be a list of files with values' },
    )
    .max(20, 'must name at most 20 files')
    .default([]),
});

const limits = z.strictObject({
  replicationLag: field.size.default(16 * 1024 ** 2),
  replicationDelay: field.duration(100, hourMs, 'from 100ms to 1h').default(30_000),
  responseTime: field.duration(1, hourMs, 'from 1ms to 1h').default(3000),
  errorRate: z.number({ error: 'must be a number of lines a minute' }).min(0, 'must be 0 or more').default(10),
  diskFree: field.share.default(0.2),
  memoryFree: field.share.default(0.05),
  load: field.factor.default(4),
  clockOffset: field.duration(1, hourMs, 'from 1ms to 1h').default(500),
  suspension: field.duration(60_000, 24 * hourMs, 'from 1m to 24h').default(2 * hourMs),
  rtoMax: field.duration(1, hourMs, 'from 1ms to 1h').default(60_000),
  rpoMax: z.int({ error: 'must be a number of rows' }).min(0, 'must be 0 or more').default(0),
  settle: field.duration(1000, hourMs, 'from 1s to 1h').default(15_000),
  probeAge: field.duration(hourMs, 366 * 24 * hourMs, 'from 1h to 366d').default(36 * hourMs),
});

/** What the guide names; the cluster file may widen it, which shows as a deviation. */
export const supportedByGuide = { os: ['ubuntu 22', 'ubuntu 24', 'rhel 9.2', 'rhel 9.4'], postgresql: [16, 17] };

const supported = z.strictObject({
  os: z
    .array(field.supportedOs, { error: 'must be a list' })
    .min(1, 'must hold at least one')
    .default(supportedByGuide.os),
  postgresql: z
    .array(
      z
        .int({ error: 'must be a major version, such as 17' })
        .min(10, 'must be 10 or more')
        .max(99, 'must be at most 99'),
      {
        error: 'must be a list of major versions',
      },
    )
    .min(1, 'must hold at least one')
    .default(supportedByGuide.postgresql),
});

const keys = z.strictObject(
  {
    cluster: field.name,
    flavor: z.enum(['classic', 'patroni'], { error: 'must be classic or patroni' }).default('classic'),
    nodes: z.record(z.string(), node, { error: 'must name the nodes' }).superRefine(judgeNodes),
    application,
    observer: observer.prefault({}),
    files: z
      .strictObject({
        root: field.path.default('/opt/flotomate/main-server/filedb'),
        unit: field.unit.default('file-sync'),
        transport: fileTransport,
        hashes: z.enum(['never', 'probe', 'always'], { error: 'must be never, probe or always' }).default('probe'),
        hashWithin: field.duration(10_000, hourMs, 'from 10s to 1h').default(10 * 60_000),
        syncWithin: field.duration(0, hourMs, 'from 0s to 1h').default(60_000),
      })
      .prefault({}),
    database: database.prefault({}),
    web: z.strictObject({ unit: field.unit.default('nginx') }).prefault({}),
    supported: supported.prefault({}),
    limits: limits.prefault({}),
    errors: errors.prefault({}),
    network: network.prefault({}),
    requires: requires.prefault({}),
    security: security.prefault({}),
    sanity: sanity.optional(),
    backup: backup.optional(),
    notify: notify.optional(),
    window: maintenanceWindow.optional(),
    approvals: z.strictObject({ byAnother: z.boolean({ error: 'must be true or false' }).default(false) }).optional(),
  },
  { error: 'must hold the keys cluster, nodes and application' },
);

/** The whole file: each key by itself, then what keys say of one another. */
export const clusterFile = keys.superRefine(judgeBackup).superRefine(judgeNetwork);

export type ClusterFile = z.infer<typeof clusterFile>;
