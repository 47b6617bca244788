// The files that make a service what it is belong to root and nobody else may write them; nor the program that it starts.
import { z } from 'zod';
import { nodeOf } from '../cluster/cluster.ts';
import { answerOf, isFailure } from './check.ts';
import { defineCheck, type Finding, notRead } from './define.ts';

const readingTimeoutMs = 15_000;

export const unitFiles = defineCheck({
  id: 'unit-files',
  title: 'Services’ files are safe from others',
  section: 'Post-Upgrade Security › Service Permissions',
  severity: 'blocking',
  remedy: 'chown root:root and chmod go-w the file on the node, then systemctl daemon-reload.',
  params: z.strictObject({}),
  words: () => 'units and drop-ins are root’s, and neither they nor programs are writable by everybody',
  *evaluate(_params, { cluster }) {
    const { application, web, files, observer } = cluster;
    const looked = [
      ...(['master', 'standby'] as const).map((role) => ({
        node: nodeOf(cluster, role, 'app').name,
        units: [...application.units, web.unit, files.unit],
      })),
      { node: nodeOf(cluster, 'observer').name, units: observer.units },
    ];
    const results = yield looked.map(({ node, units }) => ({
      node,
      action: { kind: 'readUnitFiles' as const, units },
      timeoutMs: readingTimeoutMs,
    }));
    return looked.map(({ node, units }, index): Finding => {
      const limit = 'root’s, not writable by others';
      const answer = answerOf(results[index], 'readUnitFiles');
      if (isFailure(answer)) return notRead(node, limit, answer);
      const unseen = units.filter((unit) => !answer.files.some((file) => file.unit === unit));
      const wrong = answer.files.flatMap(({ path, kind, owner, mode }) => {
        const bits = Number.parseInt(mode, 8);
        const isOpen = (bits & 0o002) !== 0 || (kind !== 'program' && (bits & 0o020) !== 0 && !owner.endsWith(':root'));
        const isForeign = kind !== 'program' && !owner.startsWith('root:');
        return isOpen || isForeign ? [`${path} ${owner} ${mode}`] : [];
      });
      if (wrong.length > 0)
        return {
          ...{ node, limit, reading: wrong.slice(0, 5).join('; '), verdict: 'fail' },
          remedy: `On ${node}: chown root:root and chmod go-w ${wrong[0]?.split(' ')[0]}, then systemctl daemon-reload.`,
        };
      if (answer.files.length === 0)
        return { node, limit, reading: `no files of ${unseen.join(', ')}`, verdict: 'unknown' };
      return { node, limit, reading: `${answer.files.length} files`, verdict: 'pass' };
    });
  },
});
