// Clusters in disorder, as a recovery finds them: the healthy one with what a test says is otherwise.
import type { Server } from '../../../coordinator/checks/server-facts.ts';
import type { ServersFound } from '../../../coordinator/databases/side.ts';
import { compilePlan, type Facts } from '../../../coordinator/plans/compile.ts';
import type { RecoverFacts, RecoverOptions } from '../../../coordinator/plans/recovery.ts';
import { servicesOf } from '../../../coordinator/plans/recovery.ts';
import { activeUnit, backupPart, labCluster, serverOn, stoppedUnit } from '../checks/world.ts';
import { profilesOf } from './compiled.ts';

export const cluster = labCluster((text) => `${text}\nbackup: { directory: /var/backups/baton }\n`);
const units = servicesOf(cluster);

/** The server of a node, with what differs. */
export const server = (node: string, change: Partial<Server> = {}): Server => ({ ...serverOn(node), ...change });

/** As it is after a clean stop, and after a crash. */
export const stopped = (node: string, change: Partial<Server> = {}): Server => {
  const { inRecovery, ...rest } = server(node);
  return {
    ...rest,
    ...{ isRunning: false, startsAtBoot: true, state: inRecovery ? 'shut down in recovery' : 'shut down' },
    ...change,
  };
};
export const crashed = (node: string, change: Partial<Server> = {}): Server =>
  stopped(node, { state: serverOn(node).inRecovery ? 'in archive recovery' : 'in production', ...change });

/** Promoted from what n1 had, at this position. */
export const promoted = (branch: string, change: Partial<Server> = {}): Server =>
  server('n2', {
    ...{ inRecovery: false, state: 'in production', timeline: 4, lsn: '1/30000000' },
    history: [...serverOn('n2').history, { timeline: 3, lsn: branch }],
    ...change,
  });

export const found = (one: Server | undefined, streams = false): ServersFound => ({
  servers: one === undefined ? [] : [one],
  installedMajors: [17],
  freeBytes: 1e12,
  streams,
});

export const serving = (addresses: string[]) => ({ version: '8.6.0', units: units.map(activeUnit), addresses });
export const idle = (addresses: string[] = []) => ({
  version: '8.6.0',
  units: units.map((unit) => ({ ...stoppedUnit(unit), unitFileState: 'disabled' })),
  addresses,
});

/** The steady state, with what is otherwise. */
export const factsWith = (change: Partial<RecoverFacts> = {}): RecoverFacts => ({
  failover: 'armed',
  databases: { n1: found(server('n1')), n2: found(server('n2'), true) },
  rows: {},
  applications: { n1: serving(['10.77.0.10', '10.77.0.11']), n2: idle(['10.77.0.12']) },
  missing: {
    n1: { missing: 0, older: 0, bytes: 0, sample: [] },
    n2: { missing: 0, older: 0, bytes: 0, sample: [] },
  },
  backups: [],
  ...change,
});

export const databases = (n1: Server | undefined, n2: Server | undefined): Pick<RecoverFacts, 'databases'> => ({
  databases: { n1: found(n1), n2: found(n2) },
});

/** A whole, verified backup of a run on both nodes. */
export const backup = (run: string): Pick<RecoverFacts, 'backups'> => ({
  backups: ['n1', 'n2'].flatMap((node) => [
    { ...backupPart('application', run), node },
    ...(node === 'n1' ? [{ ...backupPart('database', run), serverMajor: 17, node }] : []),
  ]),
});

export const compileRecover = (change: Partial<RecoverFacts> = {}, options: RecoverOptions = {}, open?: object) =>
  compilePlan('recover', cluster, options, profilesOf(cluster), {
    installed: {},
    recover: { ...factsWith(change), ...(open !== undefined && { open }) },
  } as Facts);
