// Each step of the database upgrade, and how it is made to fail there, by all ways of upgrading. What is the same whichever
// way is taken is tried in one of them only.
import type { Failing } from './failings.ts';
import { breaks, cannotStart, hangs, mayNotStop, type Plant, readOnly, whileRunning, wrongContent } from './plants.ts';

type Ways = NonNullable<Failing['database']>;
const copied: Ways = { mode: 'copy', standby: 'promote' };
const rebuilt: Ways = { mode: 'copy', standby: 'rebuild' };
const linked: Ways = { mode: 'link', standby: 'promote' };
const linkedRebuilt: Ways = { mode: 'link', standby: 'rebuild' };

const newer = '/usr/lib/postgresql/17/bin';
const dying = (database: Ways, step: string, how: string, plant: Plant): Failing => ({ step, how, plant, database });
const paused = (database: Ways, step: string): Failing => ({
  step,
  how: 'paused, it is done',
  isPaused: true,
  database,
});

/** A server whose unit cannot be started, though all that it needs is there. */
const cannotServe = (node: string): Plant => cannotStart(node, 'postgresql@17-main');
const upgradeBroken = (node: string): Plant => breaks(node, `${newer}/pg_upgrade`, '*--jobs=*');
const copyBroken = breaks('n2', `${newer}/pg_basebackup`, '*');
const scriptBroken = wrongContent('n2', '/opt/HA/master.sh');

/** In the plan's order. */
export const databaseFailings: Failing[] = [
  dying(copied, 'master.check-server', 'pg_upgrade refuses', breaks('n1', `${newer}/pg_upgrade`, '*--check*')),
  dying(copied, 'standby.check-server', 'pg_upgrade refuses', breaks('n2', `${newer}/pg_upgrade`, '*--check*')),
  dying(copied, 'suspend-failover', 'the observer may not be stopped', mayNotStop('n3', 'ha')),
  dying(copied, 'master.stop-services', 'a unit may not be stopped', mayNotStop('n1', 'ft-main-server')),
  paused(copied, 'master.record-server'),
  paused(copied, 'master.stop-server'),
  dying(copied, 'master.upgrade-server', 'pg_upgrade fails', upgradeBroken('n1')),
  paused(copied, 'master.upgrade-server'),
  dying(copied, 'master.settings', 'the settings cannot be written', readOnly('n1', '/opt/HA/conf')),
  dying(copied, 'master.start-server', 'the new server cannot start', cannotServe('n1')),
  paused(copied, 'master.start-server'),
  dying(copied, 'master.start-services', 'the main server cannot start', cannotStart('n1', 'ft-main-server')),
  paused(copied, 'standby.record-server'),
  dying(copied, 'standby.fence', 'the access rules cannot be written', readOnly('n2', '/etc/postgresql/15/main')),
  paused(copied, 'standby.fence'),
  dying(copied, 'standby.promote', 'master.sh fails', scriptBroken),
  paused(copied, 'standby.promote'),
  dying(copied, 'standby.upgrade-server', 'pg_upgrade fails', upgradeBroken('n2')),
  dying(copied, 'standby.start-server', 'the new server cannot start', cannotServe('n2')),
  paused(copied, 'master.create-slot'),
  dying(copied, 'standby.rebuild', 'pg_basebackup fails', copyBroken),
  paused(copied, 'standby.rebuild'),
  dying(copied, 'standby.settings', 'the settings cannot be written', readOnly('n2', '/opt/HA/conf')),
  paused(copied, 'master.analyze'),
  dying(copied, 'arm-failover', 'the observer cannot start', cannotStart('n3', 'ha')),
  dying(
    copied,
    'verify.create-ticket',
    'the token of the ticket API is wrong',
    whileRunning('standby.rebuild', wrongContent('n3', '/etc/baton/ticket-token')),
  ),
  paused(copied, 'verify.create-ticket'),
  dying(
    copied,
    'verify.write-file',
    'file synchronization hangs',
    whileRunning('standby.rebuild', hangs('n1', 'file-sync')),
  ),
  paused(copied, 'verify.write-file'),
  paused(copied, 'verify.remove-ticket'),
  paused(copied, 'verify.remove-file'),
  { step: 'the end', how: 'the run has succeeded', succeeds: true, database: copied },

  paused(rebuilt, 'standby.stop-server'),
  dying(rebuilt, 'standby.rebuild', 'pg_basebackup fails', copyBroken),
  { step: 'the end', how: 'the run has succeeded', succeeds: true, database: rebuilt },

  dying(linked, 'master.upgrade-server', 'pg_upgrade fails', upgradeBroken('n1')),
  paused(linked, 'master.upgrade-server'),
  dying(linked, 'master.start-server', 'the new server cannot start', cannotServe('n1')),
  paused(linked, 'master.start-server'),
  paused(linked, 'standby.promote'),
  dying(linked, 'standby.upgrade-server', 'pg_upgrade fails', upgradeBroken('n2')),
  paused(linked, 'standby.upgrade-server'),
  paused(linked, 'standby.start-server'),
  { step: 'the end', how: 'the run has succeeded', succeeds: true, database: linked },

  paused(linkedRebuilt, 'standby.stop-server'),
  { step: 'the end', how: 'the run has succeeded', succeeds: true, database: linkedRebuilt },
];
