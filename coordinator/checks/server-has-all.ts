// One node's database has everything up to where another node's stands, so that the other one may be set aside or follow it.
import { z } from 'zod';
import { formatSize } from '../../shared/units.ts';
import { describeSide, isKnown, sideOf } from '../databases/side.ts';
import { answerOf, isFailure } from './check.ts';
import { defineCheck, type Finding, notRead } from './define.ts';
import { bytesBetween } from './lsn.ts';

const readingTimeoutMs = 15_000;

export const serverHasAll = defineCheck({
  id: 'server-has-all',
  title: 'The database has all of the other one',
  section: 'beyond the guide: the newer side is never overwritten by an older one',
  severity: 'blocking',
  remedy:
    'It lacks what the other one has: leave both as they are. baton recover of the cluster looks anew, takes over from this run, and tells which side is newer.',
  params: z.strictObject({ node: z.string(), of: z.string() }),
  words: ({ node, of }) => `${node}: its database runs and has everything up to where that of ${of} stands`,
  *evaluate({ node, of }, { cluster }) {
    const { port } = cluster.database;
    const results = yield [node, of].map((one) => ({
      node: one,
      action: { kind: 'readServers' } as const,
      timeoutMs: readingTimeoutMs,
    }));
    const limit = `everything that ${of} has`;
    const own = answerOf(results[0], 'readServers');
    const other = answerOf(results[1], 'readServers');
    if (isFailure(own)) return [notRead(node, limit, own)];
    if (isFailure(other)) return [notRead(of, limit, other)];
    const [has, left] = [own, other].map((list) => sideOf({ ...list, streams: false }, port));
    const finding = (reading: string, verdict: Finding['verdict']): Finding[] => [{ node, limit, reading, verdict }];
    if (has === undefined || left === undefined || !isKnown(has) || !has.isRunning)
      return finding(has === undefined ? 'not read' : describeSide(has), has?.is === 'starting' ? 'unknown' : 'fail');
    if (!isKnown(left)) return finding(`${of}: ${describeSide(left)}`, 'unknown');
    if (has.server.systemIdentifier !== left.server.systemIdentifier)
      return finding(`is no copy of what ${of} has (their system identifiers differ)`, 'fail');
    const behindBytes = bytesBetween(has.server.lsn, left.server.lsn);
    if (behindBytes === undefined)
      return finding(`positions ${has.server.lsn || '?'} and ${left.server.lsn || '?'} cannot be compared`, 'unknown');
    const where = `at ${has.server.lsn}, ${of} at ${left.server.lsn}`;
    return behindBytes === 0 ? finding(where, 'pass') : finding(`${where}: lacks ${formatSize(behindBytes)}`, 'fail');
  },
});
