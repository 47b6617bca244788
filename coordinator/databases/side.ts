// What one node's database is now, from what its servers and their control files say. A reading that is missing is never
// taken for anything. Pure.
import type { Server } from '../checks/server-facts.ts';

/** What was read of a node's servers. */
export type ServersFound =
  /** `isAway`: nobody could be asked there, which may pass by itself. */
  | { unread: string; isAway: boolean }
  | { servers: Server[]; installedMajors: number[]; freeBytes: number; streams: boolean };

export type Side =
  | { is: 'unread'; why: string }
  /** No server that could ever be started: removed, or used up by an upgrade that linked its files. */
  | { is: 'lost' }
  /** It runs and does not answer, so nobody knows yet what it is. */
  | { is: 'starting'; server: Server }
  | KnownSide;

export interface KnownSide {
  is: 'primary' | 'standby';
  server: Server;
  isRunning: boolean;
  /** Its position is all that it has: of one that crashed the control file tells only where it surely had been. */
  isEndKnown: boolean;
  /** It receives from a primary now. */
  streams: boolean;
}

/** What the server in service at this port is. */
export function sideOf(found: ServersFound | undefined, port: number): Side {
  if (found === undefined) return { is: 'unread', why: 'it was not asked' };
  if ('unread' in found) return { is: 'unread', why: found.unread };
  const server = serverAt(found.servers, port);
  if (server === undefined) return { is: 'lost' };
  if (server.isRunning) {
    if (server.inRecovery === undefined) return { is: 'starting', server };
    const is = server.inRecovery ? 'standby' : 'primary';
    return { is, server, isRunning: true, isEndKnown: true, streams: found.streams && server.inRecovery };
  }
  const { is, isEndKnown } = stoppedAs(server.state);
  return { is, server, isRunning: false, isEndKnown, streams: false };
}

/** One that runs counts before one that was left; there may be several where an upgrade was begun. */
function serverAt(servers: Server[], port: number): Server | undefined {
  const usable = servers.filter((server) => server.port === port && !server.isSpent);
  return usable.find(({ isRunning }) => isRunning) ?? usable.find(({ state }) => state !== '');
}

/** By pg_controldata's “Database cluster state”. */
export function stoppedAs(state: string): Pick<KnownSide, 'is' | 'isEndKnown'> {
  return {
    is: state.includes('recovery') && state !== 'in crash recovery' ? 'standby' : 'primary',
    isEndKnown: state === 'shut down' || state === 'shut down in recovery',
  };
}

export const isKnown = (side: Side): side is KnownSide => side.is === 'primary' || side.is === 'standby';

/** In words, for people: what it is, where it stands and when it was written last. */
export function describeSide(side: Side): string {
  if (side.is === 'unread') return `not known (${side.why})`;
  if (side.is === 'lost') return 'no database that could be started';
  const { server } = side;
  const { major, name, timeline, lsn, lastWrittenMs } = server;
  const which = `PostgreSQL ${major} ${name}`;
  if (side.is === 'starting') return `${which} runs and does not answer`;
  const how = side.isRunning ? 'running' : side.isEndKnown ? 'stopped' : `crashed (${server.state})`;
  const where = `timeline ${timeline}, position ${lsn || 'unknown'}`;
  const when = lastWrittenMs > 0 ? `, written at least until ${utc(lastWrittenMs)}` : '';
  return `${which}, ${side.is}, ${how}, ${where}${when}`;
}

export const utc = (atMs: number): string => `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** The same without what changes from one moment to the next, for a plan that must be the same each time. */
export function describeKept(side: Side): string {
  if (!isKnown(side)) return describeSide(side);
  const { major, name, timeline } = side.server;
  return `PostgreSQL ${major} ${name}, ${side.is} on timeline ${timeline}`;
}
