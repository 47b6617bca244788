// What other software of a node is told of the PostgreSQL server in files of NAME=VALUE lines, as the cluster file names them.
import { minutes, seconds } from '../../shared/units.ts';
import type { CheckRef } from '../checks/check.ts';
import { valuesSet } from '../checks/values-set.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Unphased } from './items.ts';
import type { Step, Undo } from './plan.ts';
import { made } from './servers.ts';

/** What a settings file of the cluster file must say for a version. */
const valuesFor = (values: Record<string, string>, major: number): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.replaceAll('{major}', String(major))]));

/** The settings files of these nodes, each as it must be for a version. */
export const settingsFor = (cluster: Cluster, nodes: readonly string[], major: number): CheckRef[] =>
  nodes.flatMap((node) =>
    filesOf(cluster, node).map(({ file, values }) => valuesSet.ref({ node, file, values: valuesFor(values, major) })),
  );

interface SettingsDraft {
  /** Of the first file; the following ones have -2, -3 … behind it. */
  id: string;
  node: string;
  major: number;
  /** The version whose values an undo sets again, or why there is none. */
  back: number | { noUndo: string };
  onlyBefore?: Undo['onlyBefore'];
  before?: CheckRef[];
  takesPortalDown?: boolean;
}

/** What other software on the node is told of the server: one step for each file, none where the cluster file names none. */
export function setSettings(section: string, cluster: Cluster, draft: SettingsDraft): Unphased[] {
  const { id, node, major, back, onlyBefore, before = [], takesPortalDown = false } = draft;
  return filesOf(cluster, node).map(({ file, values }, index) => {
    const set = (to: number) => ({
      action: { kind: 'setValues', path: file, values: listOf(valuesFor(values, to)) } as const,
      timeoutMs: minutes(5),
      then: [valuesSet.ref({ node, file, values: valuesFor(values, to) })],
    });
    const undo: Step['undo'] =
      typeof back === 'number'
        ? {
            title: `Set ${file} on ${node} for PostgreSQL ${back} again`,
            before: [],
            thenWithinMs: seconds(30),
            ...set(back),
            ...(onlyBefore && { onlyBefore }),
          }
        : back;
    const told = {
      id: index === 0 ? id : `${id}-${index + 1}`,
      title: `Set ${file} on ${node} for PostgreSQL ${major}`,
    };
    return made(section, node, { ...told, undo, before, takesPortalDown }, set(major));
  });
}

const filesOf = (cluster: Cluster, node: string) =>
  cluster.database.settings.filter(({ nodes, values }) => nodes.includes(node) && Object.keys(values).length > 0);

const listOf = (values: Record<string, string>) => Object.entries(values).map(([name, value]) => ({ name, value }));
