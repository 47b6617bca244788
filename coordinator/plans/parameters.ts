// What each plan is told: shapes, and what contradicts itself or the installed versions. Nothing has been touched yet.
import { z } from 'zod';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { releaseNamePattern, runPattern } from '../../shared/names.ts';
import { compareVersions, contradictsName, isVersion } from '../../shared/release-version.ts';
import { type Cluster, nodeOf } from '../cluster/cluster.ts';
import { acceptedReasons } from './accept.ts';
import { databaseWays } from './database-ways.ts';

const release = z.strictObject({
  name: z.string().regex(releaseNamePattern, 'must be a plain file name of letters, digits, . _ and -'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 of 64 hexadecimal digits'),
  sizeBytes: z.int('must be a number of bytes').min(1, 'must not be empty'),
});
const toVersion = z.string().refine(isVersion, 'must be a version such as 8.7.0');

const major = z.int('must be a major version of PostgreSQL, such as 17').min(9).max(99);

/** The run that a plan goes on from. */
const of = z.string().regex(runPattern, 'must be the id of a run');

const backup = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be the id of a backup');

/** Absent rather than empty: the same plan has one hash. */
const accept = acceptedReasons.optional();

const shapes = {
  upgrade: z.strictObject({ toVersion, release, accept }),
  'db-upgrade': z.strictObject({
    to: major,
    mode: z.enum(['copy', 'link'], 'must be copy or link').default('copy'),
    standby: z.enum(['promote', 'rebuild'], 'must be promote or rebuild').default('promote'),
    /** What serves when the plan is made; put in where nothing is told. */
    from: major.optional(),
    name: z.string().optional(),
    accept,
  }),
  stage: z.strictObject({ release }),
  backup: z.strictObject({ snapshots: z.boolean().default(false) }),
  'backup-verify': z.strictObject({
    backup,
    trialRestore: z.boolean().default(false),
  }),
  'failover-suspend': z.strictObject({}),
  'failover-arm': z.strictObject({}),
  /** With the previous version's installer, the application is installed again instead of restored. */
  rollback: z.strictObject({
    of,
    release: release.optional(),
    /** What becomes of the database; left out: one that is certainly unchanged is kept. */
    database: z.enum(databaseWays).optional(),
  }),
  recover: z.strictObject({
    primary: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,30}$/, 'must be the name of a node')
      .optional(),
    applicationFrom: backup.optional(),
    databaseFrom: backup.optional(),
  }),
  finalize: z.strictObject({ of }),
};

export type PlanName = keyof typeof shapes;
export type ParametersOf<N extends PlanName> = z.infer<(typeof shapes)[N]>;
export type UpgradeParameters = ParametersOf<'upgrade'>;

export const planNames = Object.keys(shapes) as PlanName[];
export const isPlanName = (name: string): name is PlanName => Object.hasOwn(shapes, name);

/** The parameters of a plan; `bad-input` names each one that is missing, malformed or unknown. */
export function parseParameters<N extends PlanName>(name: N, parameters: unknown): Result<ParametersOf<N>> {
  const parsed = shapes[name].safeParse(parameters);
  if (parsed.success) return ok(parsed.data as ParametersOf<N>);
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'parameters'}: ${issue.message}`);
  return fail('bad-input', `plan ${name}: ${faults.join('; ')}`);
}

/** Whether the target is one that the nodes can be brought to, by the versions that they have installed. */
export function judgeTarget(cluster: Cluster, to: UpgradeParameters, installed: Record<string, string>): Result<void> {
  const { name } = to.release;
  if (contradictsName(name, to.toVersion))
    return fail('bad-input', `the installer’s name contradicts the target: ${name} is not ${to.toVersion}`);
  const nodes = [nodeOf(cluster, 'master', 'app').name, nodeOf(cluster, 'standby', 'app').name];
  const versions: string[] = [];
  for (const node of nodes) {
    const version = installed[node];
    if (version === undefined)
      return fail('unreachable', `${node}: its installed version has not been read; is its agent connected?`, {
        retryable: true,
      });
    if (!isVersion(version))
      return fail(
        'bad-input',
        `${node}: ${JSON.stringify(version)} in ${cluster.application.version.file} is no version; correct application.version in the cluster file`,
      );
    if (compareVersions(to.toVersion, version) < 0)
      return fail('bad-input', `${node}: ${version} is installed, which is newer than the target ${to.toVersion}`);
    versions.push(version);
  }
  if (versions.every((version) => version === to.toVersion))
    return fail('bad-input', `${nodes.join(' and ')} are already at ${to.toVersion}; there is nothing to upgrade`);
  return ok(undefined);
}
