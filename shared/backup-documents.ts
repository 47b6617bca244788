// The document of `baton backup ls --json`; see documents.ts for what holds for all of them.

export interface BackupPartDocument {
  node: string;
  /** application, files, database or configuration */
  part: string;
  /** Whether it was finished; one that is not is no backup. */
  complete: boolean;
  sizeBytes: number;
  takenAt: string;
  /** Last time that its sums were read again from the disk and held. */
  verifiedAt?: string;
  /** Last time that it was restored into a scratch cluster, with the rows that it must have. */
  restoredAt?: string;
}
export interface BackupDocument {
  /** The run that took it. */
  id: string;
  takenAt: string;
  /** `incomplete`: a part is missing or was not finished. `unknown`: a node that may have one could not be asked. */
  state: 'verified' | 'complete' | 'incomplete' | 'unknown';
  sizeBytes: number;
  parts: BackupPartDocument[];
  /** “n1 database”: what the cluster file asks for and is not there. */
  missing: string[];
}
export interface BackupsDocument {
  schema: 1;
  cluster: string;
  /** On each node. */
  directory: string;
  keep: number;
  nodes: { node: string; freeBytes?: number; failure?: string }[];
  /** Newest first. */
  backups: BackupDocument[];
  schedule?: {
    cron: string;
    timezone: string;
    nextAt?: string;
    last?: { at: string; run: string };
    missed: { at: string; why: string }[];
  };
}
