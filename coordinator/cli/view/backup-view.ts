// Backups for people: one line a backup, then what is missing of it, the room that is left, and the schedule. Pure.
import type { BackupDocument, BackupsDocument } from '../../../shared/backup-documents.ts';
import { formatSize } from '../../../shared/units.ts';
import { table } from './table.ts';
import { clean, moment, type Paint } from './text.ts';

/** All backups, the newest first. */
export function backupsView(document: BackupsDocument, paint: Paint): string {
  const { cluster, directory, keep, nodes, backups } = document;
  return [
    backups.length === 0
      ? `There is no backup of cluster ${clean(cluster)} yet. Take one: baton backup take ${clean(cluster)}`
      : table(
          `Backups of cluster ${cluster}`,
          [
            { head: 'Backup', value: (row) => row.id },
            { head: 'Taken', value: (row) => moment(row.takenAt) },
            { head: 'State', value: (row) => row.state },
            { head: 'Size', value: (row) => formatSize(row.sizeBytes), align: 'right' },
            { head: 'Parts', value: partsOf },
            { head: 'Restored', value: restoredOf },
          ],
          backups,
        ),
    ...backups.flatMap((backup) => complaintsOf(backup, paint)),
    ` In ${clean(directory)} of each node; ${keep} are kept.`,
    ...nodes.map(({ node, freeBytes, failure }) =>
      failure === undefined
        ? ` ${clean(node)}: ${formatSize(freeBytes ?? 0)} free`
        : paint('red', ` ${clean(node)}: ${clean(failure)}`),
    ),
    ...scheduleLines(document, paint),
  ].join('\n');
}

/** `n1 application database, n2 application`. */
function partsOf({ parts }: BackupDocument): string {
  const nodes = [...new Set(parts.map(({ node }) => node))];
  return nodes
    .map((node) => [node, ...parts.filter((one) => one.node === node).map(({ part }) => part)].join(' '))
    .join(', ');
}

/** When a scratch cluster had its rows, if ever. */
const restoredOf = ({ parts }: BackupDocument): string =>
  moment(parts.find(({ restoredAt }) => restoredAt !== undefined)?.restoredAt);

function complaintsOf({ id, parts, missing, state }: BackupDocument, paint: Paint): string[] {
  const unfinished = parts.filter(({ complete }) => !complete).map(({ node, part }) => `${node} ${part}`);
  const said = [
    ...(missing.length > 0 ? [`without ${missing.join(', ')}`] : []),
    ...(unfinished.length > 0 ? [`not finished: ${unfinished.join(', ')}`] : []),
    ...(state === 'unknown' ? ['a node that may have parts of it could not be asked'] : []),
  ];
  return said.map((words) => paint('yellow', ` ${clean(id)}: ${clean(words)}`));
}

function scheduleLines({ schedule }: BackupsDocument, paint: Paint): string[] {
  if (schedule === undefined) return [' Schedule: none; backups are taken when they are asked for, and by upgrades.'];
  const { cron, timezone, nextAt, last, missed } = schedule;
  return [
    ` Schedule: ${clean(cron)} (${clean(timezone)}), next ${moment(nextAt)}${
      last === undefined ? '' : `, last ${moment(last.at)} by run ${clean(last.run)}`
    }`,
    ...missed.map(({ at, why }) => paint('yellow', ` Missed: the one of ${moment(at)}: ${clean(why)}`)),
  ];
}
