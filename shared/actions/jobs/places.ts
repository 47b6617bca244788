// Where backups lie and what their parts and set-aside databases are called. Pure.
import { sha256Hex } from '../../hash.ts';

export const partNames = ['application', 'files', 'database', 'configuration'] as const;
export type PartName = (typeof partNames)[number];

/** The folder of a backup on a node. */
export const backupFolder = (at: { directory: string; backup: string }): string => `${at.directory}/${at.backup}`;

/** The folder of a part; `.partial` is appended while it is written. */
export const partFolder = (at: { directory: string; backup: string; part: string }): string =>
  `${backupFolder(at)}/${at.part}`;

/** What restoreDatabase sets aside has names of this form only, so that nothing else can ever be dropped. */
export const asidePattern = /^baton-aside-[a-z0-9][a-z0-9-]{0,49}$/;

/** The name under which the run (or its binding) keeps the database that it replaces. */
export const asideName = (run: string): string => `baton-aside-${run}`;

/** While a backup of a database is restored: half of it. It may be dropped at any time. */
export const restoringName = (database: string): string => `baton-restoring-${short(database)}`;

/** For the moment in which an empty database takes its name: what is there now, whole. Never dropped. */
export const heldName = (database: string): string => `baton-held-${short(database)}`;

/** As much of a name as fits beside others into the 63 bytes of PostgreSQL's. */
const short = (name: string): string => sha256Hex(name).slice(0, 12);
