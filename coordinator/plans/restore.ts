// Guide › Rollback to Previous Version › Restore from Backup: a run’s own backup, part by part.
import { asideName } from '../../shared/actions/jobs/places.ts';
import { hours, seconds } from '../../shared/units.ts';
import { masterIsPrimary } from '../checks/master-is-primary.ts';
import { partRestored } from '../checks/part-restored.ts';
import { rowsAsBackedUp } from '../checks/rows-as-backed-up.ts';
import { unitsStopped } from '../checks/units-stopped.ts';
import { versionIs } from '../checks/version-is.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { noUndo, step, type Unphased } from './items.ts';
import { appNodes } from './preflight.ts';
import { guide } from './roll-back-around.ts';
import type { Restored, RollbackFacts, WayBack } from './way-back.ts';

/** So large that only something that hangs is ended by it. */
const restoreTimeoutMs = hours(12);

/** The trees of a part as they were, on one node. */
export function restoreTrees(
  cluster: Cluster,
  facts: RollbackFacts,
  way: WayBack,
  { node, directory, part }: Restored,
): Unphased {
  const role = node === appNodes(cluster)[0] ? 'master' : 'standby';
  const { units } = cluster.application;
  const version = part === 'application' ? way.versions[node] : undefined;
  if (part === 'database') throw new Error('a database is no tree');
  return step(`${guide} › Restore from Backup, Reinstall Previous Version`, {
    id: `${role}.restore-${part}`,
    title: `Restore the ${part} on ${node}${version === undefined ? '' : ` to version ${version}`}`,
    deviation: `from the run’s own backup, which brings the previous version back as it was; ${cluster.files.root} is left as it is, so that no file is lost`,
    node,
    action: { kind: 'restoreFiles', directory, backup: facts.of, part, excludes: [] },
    timeoutMs: restoreTimeoutMs,
    before: [unitsStopped.ref({ node, units })],
    then: [
      partRestored.ref({ node, directory, backup: facts.of, part, run: '{{run}}' }),
      ...(version === undefined ? [] : [versionIs.ref({ nodes: [node], version })]),
    ],
    until: 'end',
    undo: noUndo('what it has replaced was the half upgraded one; retry is the way on'),
    takesPortalDown: role === 'master',
    predictedMs: restoreMs(facts, node, part),
  });
}

/** The database as it was; the present one is set aside. */
export function restoreDatabase(cluster: Cluster, facts: RollbackFacts, { node, directory, part }: Restored): Unphased {
  const { name } = cluster.database;
  const backup = facts.of;
  return step(`${guide} › Restore from Backup`, {
    id: 'master.restore-database',
    title: `Restore the database ${name} on ${node}; the present one is set aside`,
    deviation:
      'the present database is kept under another name, with what was written since the backup, until baton run finalize',
    node,
    action: {
      kind: 'restoreDatabase',
      directory,
      backup,
      database: name,
      jobs: cluster.backup?.databaseJobs ?? 2,
      aside: asideName('{{run}}'),
    },
    timeoutMs: restoreTimeoutMs,
    before: [
      ...appNodes(cluster).map((one) => unitsStopped.ref({ node: one, units: cluster.application.units })),
      masterIsPrimary.ref({}),
    ],
    then: [
      partRestored.ref({ node, directory, backup, part, run: '{{run}}' }),
      rowsAsBackedUp.ref({ node, directory, backup }),
    ],
    until: 'master.start-services',
    undo: noUndo(`the database that was there is kept beside it as ${asideName('{{run}}')}; retry is the way on`),
    takesPortalDown: true,
    predictedMs: restoreMs(facts, node, part),
  });
}

/** As fast as a disk of today is read, unpacked and written again. */
const bytesPerMs = 20_000;

function restoreMs({ parts }: RollbackFacts, node: string, part: string): number {
  const bytes = parts.find((one) => one.node === node && one.part === part)?.bytes ?? 0;
  return seconds(5) + Math.round(bytes / bytesPerMs);
}
