// One simulated PostgreSQL server: its data, its history, and what starting, stopping and promoting do to it. Plain data, so
// that a machine can be put back; who streams from whom is told in databases.ts.

/** Where a server took a way of its own; `branch` tells two ways with the same number apart. */
export interface Branch {
  branch: number;
  timeline: number;
  fromLsn: number;
}

export interface SimServer {
  major: number;
  name: string;
  port: number;
  isRunning: boolean;
  startsAtBoot: boolean;
  /** standby.signal is there. */
  isStandby: boolean;
  /** Only the database's own user may connect. */
  isFenced: boolean;
  /** It can be started: everything of it is there, and its control file. */
  isWhole: boolean;
  isCleanlyStopped: boolean;
  systemIdentifier: string;
  history: Branch[];
  lsn: number;
  /** What it holds, by marker. */
  tickets: Map<string, string>;
  slots: Set<string>;
  /** The node that it streams from as a standby, and the slot that it needs there. */
  follows: string;
  slot: string;
  /** The run whose upgradeServer began it, and the one whose upgradeServer ended it. */
  begunBy: string;
  upgradedBy: string;
  upgradedFrom: number;
  isLinked: boolean;
  wasStarted: boolean;
  isSpent: boolean;
  writtenAtMs: number;
  /** The run whose copy or restore it is, where it stays: it may have been written to since. */
  replacedBy: string;
}

export const servicePort = 5432;
export const otherPort = 5433;
const record = 112;

/** A server as initdb leaves it, whole or not yet. */
export function emptyServer(major: number, systemIdentifier: string, more: Partial<SimServer> = {}): SimServer {
  return {
    ...{ major, name: 'main', port: otherPort, isRunning: false, startsAtBoot: false, isStandby: false },
    ...{ isFenced: false, isWhole: true, isCleanlyStopped: true, systemIdentifier, lsn: 0x1000000 },
    ...{ history: [{ branch: 0, timeline: 1, fromLsn: 0 }], tickets: new Map(), slots: new Set() },
    ...{ follows: '', slot: '', begunBy: '', upgradedBy: '', upgradedFrom: 0, isLinked: false },
    ...{ wasStarted: false, isSpent: false, writtenAtMs: 0, replacedBy: '' },
    ...more,
  };
}

export const timelineOf = ({ history }: SimServer): number => history.at(-1)?.timeline ?? 1;

/** Clean: what it writes last reaches whoever streams from it, before it is down. */
export function writeLast(server: SimServer): void {
  if (server.isRunning && !server.isStandby) server.lsn += record;
}

export function wrote(server: SimServer, nowMs: number): void {
  server.lsn += record;
  server.writtenAtMs = nowMs;
}

export function promote(server: SimServer, branch: number): void {
  server.isStandby = false;
  server.follows = '';
  server.slot = '';
  server.history = [...server.history, { branch, timeline: timelineOf(server) + 1, fromLsn: server.lsn }];
  server.lsn += record;
}

/** Whether all that a server has is also in the history of another one, which it can follow then. */
export function isBehind(server: SimServer, other: SimServer): boolean {
  if (server.systemIdentifier !== other.systemIdentifier || server.major !== other.major) return false;
  const at = other.history.findIndex(({ branch }) => branch === server.history.at(-1)?.branch);
  const end = other.history[at + 1]?.fromLsn ?? other.lsn;
  return at >= 0 && at === server.history.length - 1 && server.lsn <= end;
}

export function catchUp(server: SimServer, source: SimServer): void {
  server.history = source.history;
  server.lsn = source.lsn;
  server.tickets = new Map(source.tickets);
  server.writtenAtMs = source.writtenAtMs;
}

/** As pg_lsn is written. */
export const lsnText = (lsn: number): string =>
  `${Math.floor(lsn / 2 ** 32).toString(16)}/${(lsn % 2 ** 32).toString(16)}`.toUpperCase();

/** What two servers that hold the same have in common. */
export const contentOf = ({ tickets }: SimServer): string => JSON.stringify([...tickets].sort());
