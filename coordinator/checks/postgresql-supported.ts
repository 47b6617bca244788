// PostgreSQL is of a supported major version, the same on both database nodes.
import { z } from 'zod';
import { nodeOf } from '../cluster/cluster.ts';
import { defineCheck, judgeEach, passIf } from './define.ts';

export const postgresqlSupported = defineCheck({
  id: 'postgresql-supported',
  title: 'PostgreSQL is supported',
  section: 'Pre-Upgrade Requirements › ServiceOps Version',
  severity: 'blocking',
  remedy: 'Bring both database nodes to one supported major version first (guide: Database Upgrade Steps).',
  params: z.strictObject({}),
  words: (_params, { supported }) =>
    `both databases run the same PostgreSQL, one of ${supported.postgresql.join(', ')}`,
  *evaluate(_params, { cluster }) {
    const nodes = [nodeOf(cluster, 'master', 'db').name, nodeOf(cluster, 'standby', 'db').name];
    const limit = `${cluster.supported.postgresql.join(' or ')}, the same on both nodes`;
    const majors: number[] = [];
    const findings = yield* judgeEach(nodes, { kind: 'readNode' }, limit, ({ postgresqlMajor }) => {
      majors.push(postgresqlMajor);
      if (postgresqlMajor === 0) return { reading: 'no PostgreSQL answers', verdict: 'fail' };
      return {
        reading: `PostgreSQL ${postgresqlMajor}`,
        verdict: passIf(cluster.supported.postgresql.includes(postgresqlMajor)),
      };
    });
    const differ = new Set(majors).size > 1;
    return findings.map((finding) =>
      differ && finding.verdict === 'pass'
        ? { ...finding, verdict: 'fail', reading: `${finding.reading}, the other node has another one` }
        : finding,
    );
  },
});
