// Where backups lie and what their parts and set-aside databases are called. Pure.

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
