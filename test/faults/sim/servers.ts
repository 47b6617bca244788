// What a simulated machine answers of its servers, of the files that name them and of files that another machine lacks.
import type { Action, Answer, AnswerOf } from '../../../shared/actions/action.ts';
import type { ServerJob } from '../../../shared/actions/jobs/job.ts';
import { fail, ok, type Result } from '../../../shared/failures.ts';
import { installedMajors, runOf, serverInService, streamsFrom } from './databases.ts';
import type { SimNode } from './node.ts';
import { wallStartMs } from './process.ts';
import { contentOf, lsnText, type SimServer, timelineOf } from './sim-server.ts';
import { cluster, type World } from './world.ts';

export type ServerRead = Extract<
  Action,
  { kind: 'readServers' | 'compareServer' | 'readValues' | 'readMissingFiles' | 'readReplication' | 'countRows' }
>;
type Told = AnswerOf<'readServers'>['servers'][number];
type Job = AnswerOf<'runHook'>['job'];

/** Rows of each parity table that nobody ever touches. */
export const rowsOfTable = 1000;
const freeBytes = 50e9;

export function readOfServers(action: ServerRead, node: SimNode, world: World): Result<Answer> {
  const inService = serverInService(node);
  switch (action.kind) {
    case 'readServers':
      return ok({
        kind: action.kind,
        servers: listed(node),
        installedMajors,
        linkableMajors: installedMajors,
        asides: asidesOf(node),
        freeBytes,
      });
    case 'compareServer': {
      const record = node.databases.records.get(action.record);
      if (record === undefined) return fail('not-found', `there is no record ${action.record}`);
      if (inService === undefined) return unreached();
      const isSame = action.withoutContent === true || contentOf(inService) === record;
      const differences = isSame ? [] : ['rows of the parity tables differ'];
      return ok({ kind: action.kind, differences, expected: [], facts: 400 });
    }
    case 'readValues': {
      const values = node.databases.settings.get(action.path);
      const told = action.names.flatMap((name) => {
        const value = values?.get(name);
        return value === undefined ? [] : [{ name, value }];
      });
      return ok({ kind: action.kind, values: told });
    }
    case 'readMissingFiles': {
      const own = node.databases.filesOfOwn;
      const others = [...(world.nodeAt(action.from)?.databases.filesOfOwn ?? [])];
      const missing = others.filter(([path]) => !own.has(path)).map(([path]) => path);
      const older = others.filter(([path, atMs]) => (own.get(path) ?? atMs) < atMs).length;
      const bytes = 1000 * (missing.length + older);
      return ok({ kind: action.kind, missing: missing.length, older, bytes, sample: missing.slice(0, 10) });
    }
    case 'readReplication':
      return inService === undefined ? unreached() : ok(replicationOf(inService, node, world));
    case 'countRows': {
      if (inService === undefined) return unreached();
      const rows = rowsOfTable + inService.tickets.size;
      return ok({
        ...{ kind: action.kind, snapshot: action.snapshot ?? '10:10:', lsn: lsnText(inService.lsn) },
        ...{ inRecovery: inService.isStandby, tables: action.tables.map((table) => ({ table, rows })) },
      });
    }
  }
}

/** As psql fails where nothing listens. */
export const unreached = (): Result<never> =>
  fail('command-failed', 'psql ended with 2: could not connect to server', { retryable: true });

function replicationOf(server: SimServer, node: SimNode, world: World): AnswerOf<'readReplication'> {
  const clients = cluster.nodes.filter(({ name }) => streamsFrom(world.node(name), world) === node.name);
  const lsn = lsnText(server.lsn);
  return {
    ...{ kind: 'readReplication', inRecovery: server.isStandby, acceptsWrites: !server.isStandby, lsn },
    ...{ timeline: timelineOf(server), receivedLsn: '', replayPaused: false, replayDelayS: 0, messageAgoS: 0 },
    receiverStatus: streamsFrom(node, world) === undefined ? '' : 'streaming',
    clients: clients.map(({ address }) => ({
      ...{ address, state: 'streaming', sentLsn: lsn, replayLsn: lsn, lagBytes: 0, encrypted: true },
    })),
    serverMajor: server.major,
  };
}

const listed = ({ databases }: SimNode): Told[] => [...databases.servers.values()].map(told);

function told(server: SimServer): Told {
  const { major, name, port, isRunning, startsAtBoot, isStandby, isFenced, upgradedBy, wasStarted, isSpent } = server;
  return {
    ...{ major, name, port, isRunning, startsAtBoot, isFenced, upgradedBy, wasStarted, isSpent },
    ...{ unit: `postgresql@${major}-${name}`, dataDirectory: `/var/lib/postgresql/${major}/${name}` },
    configDirectory: `/etc/postgresql/${major}/${name}`,
    ...(isRunning && { inRecovery: isStandby }),
    state: stateOf(server),
    systemIdentifier: server.isWhole ? server.systemIdentifier : '',
    // Where each earlier timeline ended, as the history file of the newest one has it.
    history: server.history.slice(0, -1).map(({ timeline }, at) => {
      return { timeline, lsn: lsnText(server.history[at + 1]?.fromLsn ?? 0) };
    }),
    ...{ timeline: timelineOf(server), lsn: server.isWhole ? lsnText(server.lsn) : '' },
    ...{ hasChecksums: true, bytes: 2e9, lastWrittenMs: wallStartMs + Math.floor(server.writtenAtMs) },
  };
}

function asidesOf(node: SimNode): AnswerOf<'readServers'>['asides'] {
  return [...node.databases.asides].map(([place, { major, name }]) => {
    const directory = `/var/lib/postgresql/${major}/${name}.baton-aside-${runOf(place)}`;
    return { major, name, run: runOf(place), directory, bytes: 2e9 };
  });
}

/** pg_controldata's words. */
function stateOf({ isWhole, isStandby, isCleanlyStopped }: SimServer): string {
  if (!isWhole) return '';
  if (isCleanlyStopped) return isStandby ? 'shut down in recovery' : 'shut down';
  return isStandby ? 'in archive recovery' : 'in production';
}

export function answerOfServerJob(action: ServerJob, node: SimNode, job: Job): Answer {
  const more = job === undefined ? {} : { job };
  switch (action.kind) {
    case 'setValues':
      return { kind: action.kind, values: action.values, ...more };
    case 'mergeFiles':
      return { kind: action.kind, files: node.databases.filesOfOwn.size, bytes: 0, ...more };
    case 'runHaScript':
      return { kind: action.kind, script: action.script, exitCode: job?.exitCode ?? -1, lastLines: '', ...more };
    default:
      return { kind: action.kind, servers: listed(node), ...more };
  }
}
