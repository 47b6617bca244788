// The cluster as the cluster file describes it, defaults filled in, durations in ms and sizes in bytes.
import type { NoticeKind } from '../notify/notice.ts';
import type { BackupSchedule } from './backup-schedule.ts';
import type { SanityCheck } from './sanity-schema.ts';
import type { MaintenanceWindow } from './window.ts';

export type Role = 'master' | 'standby' | 'observer';
export type Tier = 'app' | 'db';
export type Flavor = 'classic' | 'patroni';

export interface ClusterNode {
  name: string;
  address: string;
  role: Role;
  tiers: Tier[];
}

export interface HttpRequestTemplate {
  method: string;
  /** Relative to the portal's origin, or absolute. `${marker}` and `${id}` are replaced by Baton, `${token}` on the node. */
  path: string;
  headers: Record<string, string>;
  /** Sent as JSON; absent without body. */
  body?: unknown;
  expectStatus: number;
  /** JSON pointer to the ticket's id in the answer. */
  id?: string;
}

export interface TicketApi {
  create: HttpRequestTemplate;
  find: HttpRequestTemplate;
  remove: HttpRequestTemplate;
  /** On the observer node. */
  tokenFile?: string;
  /** Where the ticket's row is looked for on the standby. */
  row: { table: string; column: string };
}

/** What is backed up, where to and for how long. Of the application's trees, `files.root` is a part of its own. */
export interface BackupPlan {
  /** On each node. */
  directory: string;
  application: string[];
  excludes: string[];
  configuration: string[];
  databaseJobs: number;
  /** Whether each backup of the database is restored into a scratch cluster, to see that it can be. */
  trialRestore: boolean;
  /** Backups on each node; older ones go. */
  keep: number;
  /** What is older when the installer is about to start is too old to go back to. */
  maxAgeMs: number;
  /** A backup that was read again longer ago is no evidence any more. */
  verifiedWithinMs: number;
  /** Absent: an upgrade asks a person for them. */
  snapshots?: { hook: string; node: string; timeoutMs: number } | { none: string };
  schedule?: BackupSchedule;
}

/** Who is told of runs and alarms. Files are on the coordinators' machines. */
export interface NotifyPlan {
  smtp?: {
    host: string;
    port: number;
    tls: 'starttls' | 'tls' | 'none';
    from: string;
    to: string[];
    user?: string;
    passwordFile?: string;
    /** Who has signed the server's certificate; absent: who the system trusts. */
    authorityFile?: string;
  };
  webhook?: {
    url: string;
    headers: Record<string, string>;
    /** Headers whose value is what the file holds. */
    headerFiles: Record<string, string>;
    authorityFile?: string;
  };
  events: NoticeKind[];
}

export interface Database {
  name: string;
  parity: string[];
  port: number;
  /** `{major}` stands for the version in service. */
  unit: string;
  /** How a standby reaches the primary; the pass file is the database user's, on each node. */
  replication: { user: string; passFile?: string; options: string };
  /** Asked before and after an upgrade, by the names of the nodes' own files. */
  queries: string[];
  /** What other software is told of the server in NAME=VALUE files; `{major}` stands for the version. */
  settings: { file: string; nodes: string[]; values: Record<string, string> }[];
}

/** How file synchronization reaches the other node, and the port that it needs there. */
export interface FileTransport {
  by: 'ssh' | 'stunnel' | 'daemon';
  port: number;
}

/** What nodes need of one another; of ports beyond those that follow from the rest of the file. */
export interface Network {
  ssh: number;
  /** On which the web server of the active node answers; absent where others cannot tell. */
  web?: number;
  ports: { port: number; from: string[]; to: string[] }[];
}

export interface Security {
  /** What passes between nodes must be encrypted. */
  encrypted: boolean;
  audit: { units: string[] } | { none: string };
  selinux?: 'enforcing' | 'permissive' | 'disabled';
  /** Why no node has a firewall of its own. */
  firewall?: { none: string };
  /** Who must own a tree, by its path: `user:group`. */
  owners: Record<string, string>;
}

export interface Cluster {
  cluster: string;
  flavor: Flavor;
  nodes: ClusterNode[];
  application: {
    /** In starting order; stopped in reverse. */
    units: string[];
    version: { file: string; pattern: string };
    progress?: { pattern: string };
    portal: { url: string; expectStatus: number; versionPattern?: string };
    /** Absent: creating a test ticket is an approval. */
    ticket?: TicketApi;
    /** Longest time that the installer may take. */
    installerTimeoutMs: number;
  };
  observer: {
    units: string[];
    logs: string;
    quietForMs: number;
    busyPatterns: string[];
    /** A busy line that matches the first begins what lasts until a later one matches the second. */
    beginPattern: string;
    endPattern: string;
  };
  files: {
    root: string;
    unit: string;
    transport: FileTransport;
    /** When the content of files is compared too. */
    hashes: 'never' | 'probe' | 'always';
    /** The longest that reading them may take at a time; it goes on where it stopped. */
    hashWithinMs: number;
    /** How long a change may take to be on the other node. */
    syncWithinMs: number;
  };
  database: Database;
  web: { unit: string };
  supported: { os: string[]; postgresql: number[] };
  limits: {
    replicationLagBytes: number;
    replicationDelayMs: number;
    /** Of the portal, in the middle of several requests. */
    responseTimeMs: number;
    /** Lines a minute. */
    errorRate: number;
    /** Share of the file system, 0 to 1. */
    diskFreeShare: number;
    /** Share of the memory. */
    memoryFreeShare: number;
    /** Of one minute, for each processor. */
    loadPerCpu: number;
    clockOffsetMs: number;
    suspensionMs: number;
    rtoMaxMs: number;
    rpoMaxRows: number;
    settleMs: number;
    /** How old the last probe may be. */
    probeAgeMs: number;
  };
  /** Logs on the master that hold errors only, and which lines of others tell of one. */
  errors: { logs: string[]; pattern: string; windowMs: number };
  network: Network;
  /** What must be installed beside what the plans themselves use, and why nothing sets a node's clock where that is so. */
  requires: { packages: string[]; timeSync?: { none: string } };
  security: Security;
  /** What the site itself looks at, before and after; absent: nothing. */
  sanity?: SanityCheck[];
  /** Absent: plans take no backup. */
  backup?: BackupPlan;
  /** When upgrades may run; absent: at any time. */
  window?: MaintenanceWindow;
  /** Absent: whoever may approve may approve what he has started. */
  approvals?: { byAnother: boolean };
  /** Absent: nobody is told. */
  notify?: NotifyPlan;
}

/** The one node with a role (and, where sites split them, a tier). */
export function nodeOf(cluster: Cluster, role: Role, tier?: Tier): ClusterNode {
  const found = cluster.nodes.find((node) => node.role === role && (tier === undefined || node.tiers.includes(tier)));
  if (!found)
    throw new Error(
      `cluster ${cluster.cluster} has no ${role} with tier ${tier ?? 'any'}; the cluster file's check must prevent this`,
    );
  return found;
}
