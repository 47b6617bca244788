// The standby has replayed all that the stopped master ever wrote, so that it can stand in for it. A primary that is stopped
// cleanly sends its last record before it ends.
import { z } from 'zod';
import { formatSize } from '../../shared/units.ts';
import { answerOf, isFailure } from './check.ts';
import { defineCheck, type Finding, notRead } from './define.ts';
import { bytesBetween } from './lsn.ts';
import { databaseNodes, describeServer, find, inService, nameOf, type ServerList } from './server-facts.ts';

const readingTimeoutMs = 15_000;

export const standbyHasAll = defineCheck({
  id: 'standby-has-all',
  title: 'The standby has all of the stopped master',
  section: 'beyond the guide: the standby that is not yet upgraded is a way back',
  severity: 'blocking',
  remedy:
    'Look at pg_stat_wal_receiver and the PostgreSQL log on the standby; the master may be started again by baton run abort.',
  params: z.strictObject({ major: z.number(), name: z.string() }),
  words: ({ major, name }, cluster) => {
    const [master, standby] = databaseNodes(cluster);
    return `${standby}: has replayed all that PostgreSQL ${nameOf({ major, name })} on ${master} wrote before it stopped`;
  },
  *evaluate({ major, name }, { cluster }) {
    const [master, standby] = databaseNodes(cluster);
    const results = yield [master, standby].map((node) => ({
      node,
      action: { kind: 'readServers' } as const,
      timeoutMs: readingTimeoutMs,
    }));
    const limit = `all that ${nameOf({ major, name })} on ${master} wrote`;
    const ofMaster = answerOf(results[0], 'readServers');
    const ofStandby = answerOf(results[1], 'readServers');
    if (isFailure(ofMaster)) return [notRead(master, limit, ofMaster)];
    if (isFailure(ofStandby)) return [notRead(standby, limit, ofStandby)];
    return [{ limit, ...judge(ofMaster, ofStandby, { major, name, master, standby, port: cluster.database.port }) }];
  },
});

interface Asked {
  major: number;
  name: string;
  master: string;
  standby: string;
  port: number;
}

function judge(
  ofMaster: ServerList,
  ofStandby: ServerList,
  { major, name, master, standby, port }: Asked,
): Omit<Finding, 'limit'> {
  const stopped = find(ofMaster, major, name);
  if (stopped === undefined)
    return { node: master, reading: `there is no server ${nameOf({ major, name })}`, verdict: 'fail' };
  if (stopped.isRunning) return { node: master, reading: describeServer(stopped), verdict: 'fail' };
  const server = inService(ofStandby, port);
  if (server === undefined) return { node: standby, reading: `no server runs at port ${port}`, verdict: 'fail' };
  if (server.major !== major || server.inRecovery !== true || server.systemIdentifier !== stopped.systemIdentifier)
    return { node: standby, reading: `${describeServer(server)}; no standby of the master’s`, verdict: 'fail' };
  const behind = bytesBetween(server.lsn, stopped.lsn);
  if (behind === undefined)
    return {
      node: standby,
      reading: `positions ${server.lsn || '?'} and ${stopped.lsn || '?'} of ${master} cannot be compared`,
      verdict: 'unknown',
    };
  return behind === 0
    ? { node: standby, reading: `replayed to ${server.lsn}; ${master} ended at ${stopped.lsn}`, verdict: 'pass' }
    : { node: standby, reading: `${formatSize(behind)} behind the end of ${master}`, verdict: 'fail' };
}
