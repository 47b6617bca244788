// The key `backup:` of the cluster file: what is backed up on each node, where to, how often, and how long it is kept.
import { z } from 'zod';
import { isSchedule, isTimezone } from './backup-schedule.ts';
import * as field from './fields.ts';

const hourMs = 3_600_000;

const paths = (at: 'least one' | 'will') =>
  z
    .array(field.path, { error: 'must be a list of absolute paths' })
    .min(at === 'least one' ? 1 : 0, 'must name at least one path')
    .max(20, 'must name at most 20 paths')
    .refine((list) => new Set(list).size === list.length, 'must be different paths');

const count = (least: number, most: number) => {
  const bounds = `must be ${least} to ${most}`;
  return z.int({ error: 'must be a number' }).min(least, bounds).max(most, bounds);
};

const snapshots = z.union(
  [
    z.strictObject({
      hook: z
        .string()
        .regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be the name of a hook')
        .default('vm-snapshot'),
      node: z.string(),
      timeout: field.duration(1000, 12 * hourMs, 'from 1s to 12h').default(hourMs / 2),
    }),
    z.strictObject({ none: z.string().trim().min(10, 'must say why, in a sentence').max(300) }),
  ],
  { error: "must be { hook: vm-snapshot, node: NODE } or { none: 'why there are none' }" },
);

const schedule = z
  .strictObject({
    cron: z.string({ error: 'must be five fields, such as 30 0 * * *' }),
    timezone: z
      .string({ error: 'must be a time zone' })
      .refine(isTimezone, 'must be a time zone, such as Asia/Kolkata'),
  })
  .refine(({ cron }) => isSchedule(cron), {
    message: "must be minute, hour, day, month and weekday that come to pass, such as '30 0 * * *'",
    path: ['cron'],
  });

export const backup = z.strictObject({
  directory: field.path.default('/var/backups/baton'),
  application: paths('least one').default(['/opt/flotomate']),
  exclude: paths('will').default([]),
  configuration: paths('will').default(['/etc/nginx']),
  database: z.strictObject({ jobs: count(1, 32).default(2) }).prefault({}),
  trialRestore: z.boolean({ error: 'must be true or false' }).default(false),
  keep: count(1, 100).default(3),
  maxAge: field.duration(60_000, 7 * 24 * hourMs, 'from 1m to 168h').default(4 * hourMs),
  verifiedWithin: field.duration(hourMs, 366 * 24 * hourMs, 'from 1h to 366d').default(7 * 24 * hourMs),
  snapshots: snapshots.optional(),
  schedule: schedule.optional(),
});

interface Site {
  nodes: Record<string, unknown>;
  files: { root: string };
  backup?: z.infer<typeof backup> | undefined;
}

/** Adds an issue where a backup would hold itself, an exclusion excludes nothing, or a snapshot's node is none. */
export function judgeBackup({ nodes, files, backup: told }: Site, context: z.RefinementCtx): void {
  if (told === undefined) return;
  const tell = (path: (string | number)[], message: string) =>
    context.addIssue({ code: 'custom', message, path: ['backup', ...path] });
  const { directory, application, exclude, configuration } = told;
  for (const tree of [...application, ...configuration, files.root])
    if (isBelow(directory, tree) || isBelow(tree, directory))
      tell(['directory'], `${directory} and ${tree}, which is backed up, must not lie in each other`);
  for (const [index, path] of exclude.entries())
    if (!application.some((tree) => path !== tree && isBelow(path, tree)))
      tell(['exclude', index], `${path} does not lie below ${application.join(' or ')}`);
  for (const [index, tree] of application.entries())
    if (application.some((other) => other !== tree && isBelow(tree, other)))
      tell(['application', index], `${tree} lies below another path of the list`);
  if (told.snapshots !== undefined && 'hook' in told.snapshots && !Object.hasOwn(nodes, told.snapshots.node))
    tell(['snapshots', 'node'], `there is no node ${told.snapshots.node}`);
}

const isBelow = (path: string, tree: string): boolean => `${path}/`.startsWith(`${tree}/`);
