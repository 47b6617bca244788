// Simulated backups: what lies on each machine's disk, and the database that is backed up, set aside and put back. Each job
// has a beginning and an end, so that whatever ends it in between leaves what it would leave on a real machine.
import { nodeOf } from '../../../coordinator/cluster/cluster.ts';
import type { Answer, AnswerOf } from '../../../shared/actions/action.ts';
import type { JobAction } from '../../../shared/actions/jobs/job.ts';
import { partFolder } from '../../../shared/actions/jobs/places.ts';
import { sha256Hex } from '../../../shared/hash.ts';
import { outdatedBackups } from '../../../shared/outdated-backups.ts';
import { serverInService } from './databases.ts';
import type { SimNode } from './node.ts';
import { wallStartMs } from './process.ts';
import { abandonServerJob } from './server-copies.ts';
import { beginServerJob, endServerJob } from './server-jobs.ts';
import { answerOfServerJob, rowsOfTable } from './servers.ts';
import { cluster, type World } from './world.ts';

/** A part on a machine's disk, with what a restore of it brings back. */
export interface SimPart {
  backup: string;
  part: string;
  isComplete: boolean;
  madeAtMs: number;
  paths: string[];
  excludes: string[];
  database: string;
  parity: string[];
  version: string;
  tickets: [marker: string, id: string][];
  schema: string;
  verifiedAtMs?: number;
  trialRestored?: boolean;
  restoredBy?: string;
}

type Job = Exclude<AnswerOf<'runHook'>['job'], undefined>;
const directory = '/var/backups/baton';
const room = { freeBytes: 100e9, sizeBytes: 200e9 };

/** What is there as soon as a job has begun. */
export function beginJob(action: JobAction, node: SimNode, world: World, run: string): void {
  switch (action.kind) {
    case 'backUpFiles':
    case 'backUpDatabase':
      node.parts.set(`${placeOf(action)}.partial`, partOf(action, node, world));
      break;
    case 'restoreFiles':
      forgetRestored(action, node);
      break;
    case 'restoreDatabase':
      if (!isWhole(action, node)) break;
      forgetRestored(action, node);
      if (!world.asides.has(action.aside)) world.asides.set(action.aside, [...world.tickets]);
      setTickets(world, []);
      break;
    default:
      beginServerJob(action, node, world, run);
  }
}

function forgetRestored(action: OfPart, node: SimNode): void {
  const part = node.parts.get(placeOf(action));
  if (part !== undefined) node.parts.set(placeOf(action), { ...part, restoredBy: '' });
}

/** What a job of a run leaves when it ends well; whether it does. */
export function endJob(action: JobAction, node: SimNode, world: World, run: string): boolean {
  switch (action.kind) {
    case 'runInstaller':
      node.install();
      if (node.name === nodeOf(cluster, 'master', 'db').name) world.schema = node.version;
      return true;
    case 'runHook':
      world.hooked.push([node.name, action.hook, ...action.args].join(' '));
      return true;
    case 'backUpFiles':
    case 'backUpDatabase':
      node.parts.delete(`${placeOf(action)}.partial`);
      node.parts.set(placeOf(action), { ...partOf(action, node, world), isComplete: true });
      return true;
    case 'verifyBackup': {
      const part = node.parts.get(placeOf(action));
      if (part !== undefined) {
        part.verifiedAtMs = atNow(world);
        part.trialRestored = action.trialRestore;
      }
      return part !== undefined;
    }
    case 'pruneBackups':
      for (const backup of outdatedBackups(listOf(node).parts, action))
        for (const [place, part] of node.parts) if (part.backup === backup) node.parts.delete(place);
      return true;
    case 'restoreFiles': {
      const part = node.parts.get(placeOf(action));
      if (part !== undefined && part.part === 'application') node.version = part.version;
      if (part !== undefined) part.restoredBy = run;
      return part !== undefined;
    }
    case 'restoreDatabase': {
      const part = node.parts.get(placeOf(action));
      if (part === undefined || !setTickets(world, part.tickets)) return false;
      world.schema = part.schema;
      part.restoredBy = run;
      return true;
    }
    case 'returnDatabase': {
      const kept = world.asides.get(action.aside);
      if (kept !== undefined) setTickets(world, kept);
      world.asides.delete(action.aside);
      return true;
    }
    case 'dropDatabase':
      world.asides.delete(action.database);
      return true;
    default:
      return endServerJob(action, node, world, run);
  }
}

/** What the agent clears away after a bad end. */
export function abandonJob(action: JobAction, node: SimNode, world: World): void {
  abandonServerJob(action, node, world);
  if (action.kind === 'backUpFiles' || action.kind === 'backUpDatabase')
    node.parts.delete(`${placeOf(action)}.partial`);
}

/** What is answered of a job that ended well or badly. */
export function answerOfJob(action: JobAction, node: SimNode, job: Job): Answer {
  switch (action.kind) {
    case 'runInstaller':
      return { kind: action.kind, ...job };
    case 'runHook':
      return { kind: action.kind, hook: action.hook, exitCode: job.exitCode, lastLines: job.lastLines, job };
    case 'backUpFiles':
    case 'backUpDatabase':
    case 'verifyBackup':
    case 'restoreFiles':
      return { kind: action.kind, ...told(node.parts.get(placeOf(action)) ?? unknown(action)), job };
    case 'pruneBackups':
      return { kind: action.kind, ...listOf(node), job };
    case 'restoreDatabase': {
      const rows = told(node.parts.get(placeOf(action)) ?? unknown(action)).rows;
      return { kind: action.kind, database: action.database, aside: action.aside, rows, job };
    }
    case 'returnDatabase':
      return { kind: action.kind, database: action.database, aside: action.aside, job };
    case 'dropDatabase':
      return { kind: action.kind, database: action.database, job };
    default:
      return answerOfServerJob(action, node, job);
  }
}

/** As the agent's readDatabaseState. */
export function databaseState(
  node: SimNode,
  { schema }: World,
): Omit<AnswerOf<'readDatabaseState'>, 'kind'> | undefined {
  const server = serverInService(node);
  if (server === undefined) return undefined;
  const writtenDigest = digestOf(JSON.stringify([schema, ...server.tickets])).slice(0, 32);
  return { schemaDigest: digestOf(schema), writtenDigest };
}

const digestOf = (text: string): string => sha256Hex(text);

export const listOf = (node: SimNode): Omit<AnswerOf<'readBackups'>, 'kind'> => ({
  ...{ directory, ...room, unfit: '' },
  parts: [...node.parts.values()].map(told),
});

/** As the machine's clock has it, which is set right. */
const atNow = (world: World): number => wallStartMs + Math.floor(world.nowMs());

type OfPart = Extract<JobAction, { directory: string; backup: string }>;

function placeOf(action: OfPart): string {
  return `${action.backup}/${'part' in action ? action.part : 'database'}`;
}

const isWhole = (action: OfPart, node: SimNode): boolean => node.parts.has(placeOf(action));

function unknown(action: OfPart): SimPart {
  const part = 'part' in action ? action.part : 'database';
  const empty = { paths: [], excludes: [], database: '', parity: [], version: '', tickets: [], schema: '' };
  return { backup: action.backup, part, isComplete: false, madeAtMs: 0, ...empty };
}

function partOf(
  action: Extract<OfPart, { kind: 'backUpFiles' | 'backUpDatabase' }>,
  node: SimNode,
  world: World,
): SimPart {
  const { version } = node;
  const now = {
    ...unknown(action),
    madeAtMs: atNow(world),
    version,
    tickets: [...world.tickets],
    schema: world.schema,
  };
  return action.kind === 'backUpFiles'
    ? { ...now, paths: action.paths, excludes: action.excludes }
    : { ...now, database: action.database, parity: action.parity };
}

function told(part: SimPart): AnswerOf<'readBackups'>['parts'][number] {
  const { backup, isComplete, madeAtMs, paths, excludes, database, parity, verifiedAtMs, restoredBy = '' } = part;
  return {
    ...{ backup, part: part.part, complete: isComplete, madeAtMs: wallStartMs + Math.floor(madeAtMs) },
    ...{ paths, excludes, database },
    ...{ folder: partFolder({ directory, ...part }), bytes: isComplete ? 1e9 : 0, files: isComplete ? 3 : 0 },
    ...{ serverMajor: database === '' ? 0 : 17, warnings: [], trialRestored: part.trialRestored ?? false, restoredBy },
    rows: parity.map((table) => ({ table, rows: rowsOfTable + part.tickets.length })),
    schemaDigest: database === '' ? '' : digestOf(part.schema),
    ...(verifiedAtMs === undefined ? {} : { verifiedAtMs }),
  };
}

function setTickets(world: World, kept: SimPart['tickets']): boolean {
  return world.write((tickets) => {
    tickets.clear();
    for (const [marker, id] of kept) tickets.set(marker, id);
  });
}
