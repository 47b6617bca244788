// What a simulated machine answers when it is read: the healthy cluster of the checks' tests, with what has changed on this
// node put over it. A new kind of reading that has no answer here does not compile.
import type { ActionContext, Ended } from '../../../agent/actions/context.ts';
import { failoverState } from '../../../agent/actions/failover.ts';
import { readSuspension } from '../../../agent/ledger/suspension.ts';
import type { ReadAction } from '../../../coordinator/checks/check.ts';
import { nodeOf } from '../../../coordinator/cluster/cluster.ts';
import type { Answer, AnswerOf } from '../../../shared/actions/action.ts';
import { ok } from '../../../shared/failures.ts';
import { sha256Hex } from '../../../shared/hash.ts';
import { healthy } from '../../unit/checks/world.ts';
import { databaseState, listOf } from './backups.ts';
import { serverInService } from './databases.ts';
import type { SimNode } from './node.ts';
import { readOfServers, unreached } from './servers.ts';
import { cluster, type World } from './world.ts';

export function readingsOf(node: SimNode, world: World) {
  const failover = (units: string[], context: ActionContext): Omit<AnswerOf<'readFailover'>, 'kind'> =>
    failoverState(node.states(units, context.clock.nowMs()), readSuspension(context.ledger));

  const release = <K extends 'stageRelease' | 'makeExecutable' | 'readRelease'>(
    { name, sha256 }: { name: string; sha256: string },
    kind: K,
  ) => ({
    ...(healthy(node.name, { kind: 'readRelease', name, sha256 }) as AnswerOf<'readRelease'>),
    ...{ kind, staged: node.staged !== undefined, executable: node.staged?.isExecutable ?? false },
    ...(node.staged === undefined && { sha256: '', sizeBytes: 0 }),
  });

  const file = (path: string): AnswerOf<'readFile'> => {
    const content = world.files.get(path);
    const found = healthy(node.name, { kind: 'readFile', path }) as AnswerOf<'readFile'>;
    return content === undefined ? { ...found, exists: false, sha256: '' } : { ...found, sha256: sha256Hex(content) };
  };

  const read = async (action: ReadAction, context: ActionContext): Promise<Ended<Answer>> => {
    const well = healthy(node.name, action);
    const nowMs = context.clock.nowMs();
    switch (action.kind) {
      case 'readUnits':
        return ok({ kind: action.kind, units: node.states(action.units, nowMs) });
      case 'readFailover':
        return ok({ kind: action.kind, ...failover(action.units, context) });
      case 'readVersion':
        return ok({ kind: action.kind, version: node.version });
      case 'readNode':
        return ok({
          ...(well as AnswerOf<'readNode'>),
          ...{ clockMs: nowMs, bootId: String(node.bootId), postgresqlMajor: serverInService(node)?.major ?? 0 },
          addresses: [...node.addresses],
        });
      case 'readRelease':
        return ok(release(action, action.kind));
      case 'readFile':
        return ok(file(action.path));
      case 'findRows': {
        const server = serverInService(node);
        if (server === undefined) return unreached();
        const found = action.table === 'pg_catalog.pg_replication_slots' ? server.slots : server.tickets;
        return ok({ kind: action.kind, rows: found.has(action.value) ? 1 : 0 });
      }
      case 'readBackups':
        return ok({ kind: action.kind, ...listOf(node) });
      case 'readDatabaseState': {
        const state = databaseState(node, world);
        return state === undefined ? unreached() : ok({ kind: action.kind, ...state });
      }
      case 'readHook': {
        const last = (act: string) =>
          world.hooked.lastIndexOf([node.name, action.hook, act, ...action.args.slice(1)].join(' '));
        return ok({ kind: action.kind, exitCode: last('create') > last('remove') ? 0 : 1, lastLines: '' });
      }
      case 'readUrl': {
        const subject = new URL(action.url).searchParams.get('subject');
        const id = subject === null ? undefined : world.tickets.get(subject);
        const status = world.portalAnswers() ? 200 : 502;
        const value = subject === null ? world.node(nodeOf(cluster, 'master', 'app').name).version : (id ?? '');
        const bodyStart = id === undefined ? '' : `{"tickets":[{"id":${id},"subject":"${subject}"}]}`;
        return ok({ kind: action.kind, status, value, elapsedMs: 12, bodyStart });
      }
      // What no plan changes is as in the healthy cluster.
      case 'readDisk':
      case 'measureBackup':
      case 'measureRestore':
      case 'readQuery':
      case 'countFiles':
      case 'readManifest':
      case 'readManifestEntries':
      case 'readFileStates':
      case 'readErrors':
      case 'readAccess':
      case 'readObserverLog':
      case 'readPackages':
      case 'readPorts':
      case 'readRsync':
      case 'readSecurity':
      case 'readOwners':
      case 'readHaOwner':
      case 'readPlatform':
      case 'readUnitFiles':
        return ok(well);
      case 'readServers':
      case 'compareServer':
      case 'readValues':
      case 'readMissingFiles':
      case 'readReplication':
      case 'countRows':
        return readOfServers(action, node, world);
      default:
        return action satisfies never;
    }
  };

  return { failover, release, file, read };
}
