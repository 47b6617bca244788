// Each step of the application's upgrade, and how it is made to fail there. Where nothing would fail by itself the run is
// paused during the step, and stands right after it.
import {
  breaks,
  cannotStage,
  cannotStart,
  dies,
  enables,
  hangs,
  mayNotStop,
  onceStaged,
  type Plant,
  readOnly,
  releases,
  startedByHand,
  whileInstalling,
  wrongContent,
} from './plants.ts';

export interface Failing {
  /** Of the plan. */
  step: string;
  /** In words, for the table. */
  how: string;
  plant?: Plant;
  /** How the stand-in installer fails. */
  installer?: { node: string; settings: Record<string, string | number> };
  /** The run is paused during this step, so it stands at the next item. */
  isPaused?: boolean;
  /** The run is not to stand at all. */
  succeeds?: boolean;
  /** The run is one of the database upgrade, in this way. */
  database?: { mode: 'copy' | 'link'; standby: 'promote' | 'rebuild' };
  /** What is killed during the rollback: whom, and at which of its items. */
  kills?: { target: string; item: string }[];
}

const postgresql = '/usr/lib/postgresql/15/bin';

const backUps: Failing[] = (
  [
    ['n2', 'application', '/opt/flotomate'],
    ['n2', 'configuration', '/etc/nginx'],
    ['n1', 'application', '/opt/flotomate'],
    ['n1', 'configuration', '/etc/nginx'],
    ['n1', 'files', '/opt/flotomate/main-server/filedb'],
  ] as const
).flatMap(([node, part, path]): Failing[] => [
  {
    step: `backup.${node}.${part}`,
    how: `tar is broken on ${node}`,
    plant: breaks(node, '/usr/bin/tar', `*--create*'--directory ${path} '*`),
  },
  {
    step: `backup.${node}.${part}.verify`,
    how: `tar cannot list on ${node}`,
    plant: breaks(node, '/usr/bin/tar', `*/${part}'|'*--list*`),
  },
]);

const killsOfRollback = [
  { target: 'coordinator', item: 'suspend-failover' },
  { target: 'n2', item: 'standby.restore-application' },
  { target: 'n1', item: 'master.restore-application' },
  { target: 'coordinator', item: 'master.restore-database' },
  { target: 'n1', item: 'master.restore-database' },
  { target: 'coordinator', item: 'master.start-services' },
  { target: 'n3', item: 'arm-failover' },
];

const install = (node: string, settings: Record<string, number>, how: string): Failing => ({
  step: `${node === 'n1' ? 'master' : 'standby'}.install`,
  how,
  installer: { node, settings: { DURATION_S: 3, ...settings } },
});

/** In the plan's order. */
export const failings: Failing[] = [
  ...['n1', 'n2'].map((node) => ({
    step: `stage.${node}`,
    how: 'the folder of releases is read-only',
    plant: cannotStage(node),
  })),
  ...backUps,
  {
    step: 'backup.n1.database',
    how: 'pg_dump is broken',
    plant: breaks('n1', `${postgresql}/pg_dump`, '*--format=directory*'),
  },
  {
    step: 'backup.n1.database.verify',
    how: 'pg_restore cannot list',
    plant: breaks('n1', `${postgresql}/pg_restore`, '*--list*'),
  },
  ...['n1', 'n2'].map((node) => ({ step: `backup.${node}.prune`, how: 'paused', isPaused: true })),
  { step: 'suspend-failover', how: 'the observer may not be stopped', plant: mayNotStop('n3', 'ha') },
  { step: 'master.stop-services', how: 'a unit may not be stopped', plant: mayNotStop('n1', 'ft-main-server') },
  {
    step: 'master.make-executable',
    how: 'the folder of releases is read-only',
    plant: onceStaged('n1', readOnly('n1', releases)),
  },
  install('n1', { FAIL_AT: 5 }, 'the installer fails before it changes anything'),
  install('n1', { FAIL_AT: 40 }, 'the installer fails with its files replaced'),
  install('n1', { FAIL_AT: 70 }, 'the installer fails with the schema migrated'),
  install('n1', { FAIL_AT: 90 }, 'the installer fails with services started'),
  {
    step: 'master.start-services',
    how: 'the main server dies and does not start again',
    installer: { node: 'n1', settings: { DURATION_S: 30 } },
    plant: dies('n1', 'ft-main-server'),
  },
  {
    step: 'standby.stop-services',
    how: 'a unit was started by hand and may not be stopped',
    plant: whileInstalling('n1', startedByHand('n2', 'elasticsearch')),
  },
  {
    step: 'standby.make-executable',
    how: 'the folder of releases is read-only',
    plant: onceStaged('n2', readOnly('n2', releases)),
  },
  install('n2', { FAIL_AT: 40 }, 'the installer fails with its files replaced'),
  install('n2', { FAIL_AT: 90 }, 'the installer fails with services started'),
  {
    ...install('n2', { FAIL_AT: 90 }, 'the installer fails, and has its services start at boot'),
    plant: whileInstalling('n2', enables('n2', 'ft-main-server')),
  },
  {
    step: 'standby.stop-services-again',
    how: 'a unit may not be stopped',
    installer: { node: 'n2', settings: { DURATION_S: 20 } },
    plant: whileInstalling('n2', mayNotStop('n2', 'ft-main-server')),
  },
  {
    step: 'arm-failover',
    how: 'the observer cannot start',
    plant: whileInstalling('n1', cannotStart('n3', 'ha')),
  },
  {
    step: 'verify.create-ticket',
    how: 'the token of the ticket API is wrong',
    plant: whileInstalling('n1', wrongContent('n3', '/etc/baton/ticket-token')),
  },
  { step: 'verify.create-ticket', how: 'paused, the ticket is there', isPaused: true },
  {
    step: 'verify.write-file',
    how: 'file synchronization hangs',
    plant: whileInstalling('n1', hangs('n1', 'file-sync')),
  },
  { step: 'verify.write-file', how: 'paused, the file is there', isPaused: true },
  { step: 'verify.remove-ticket', how: 'paused', isPaused: true },
  { step: 'verify.remove-file', how: 'paused', isPaused: true },
  { step: 'the end', how: 'the run has succeeded', succeeds: true },
  {
    ...install('n2', { FAIL_AT: 90 }, 'as above; coordinator and agents are killed during the rollback'),
    kills: killsOfRollback,
  },
];
