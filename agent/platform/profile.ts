// Debian and RHEL differ in paths: one profile each, and what the policy says goes first. Also sent to the coordinator,
// which prints command lines with it.
import { existsSync, lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeProfile } from '../../shared/actions/command.ts';
import { fullUnitName } from '../../shared/actions/systemd-commands.ts';
import type { Policy } from '../policy/policy.ts';

export interface OsRelease {
  id: string;
  versionId: string;
  like: string[];
  /** PRETTY_NAME, for people. */
  name: string;
}

/** ID, VERSION_ID and ID_LIKE of an os-release file. */
export function parseOsRelease(text: string): OsRelease {
  const of = (name: string) => new RegExp(`^${name}=(["']?)(.*)\\1$`, 'm').exec(text)?.[2] ?? '';
  return { id: of('ID'), versionId: of('VERSION_ID'), like: of('ID_LIKE').split(' '), name: of('PRETTY_NAME') };
}

export function readOsRelease(): OsRelease {
  return parseOsRelease(
    readFileSync(existsSync('/etc/os-release') ? '/etc/os-release' : '/usr/lib/os-release', 'utf8'),
  );
}

/** Where things are on this node. */
export function profileOf(policy: Policy, stateDirectory: string, os: OsRelease = readOsRelease()): NodeProfile {
  const isRhel = [os.id, ...os.like].some((name) => ['rhel', 'fedora', 'centos'].includes(name));
  const databasePrograms =
    policy.database?.programs ?? (isRhel ? '/usr/pgsql-{major}/bin' : '/usr/lib/postgresql/{major}/bin');
  return {
    platform: isRhel ? 'rhel' : 'debian',
    psql: policy.database?.psql ?? findPsql(databasePrograms),
    databaseUser: policy.database?.user ?? 'postgres',
    databaseSocket: policy.database?.socketDirectory ?? '/var/run/postgresql',
    databasePort: policy.database?.port ?? 0,
    releaseDirectory: join(stateDirectory, 'releases'),
    localUnits: policy.observerUnits.filter((unit) => isLocalUnit(unit)),
    outputDirectory: join(stateDirectory, 'units'),
    databasePrograms,
    hooksDirectory: policy.hooksDirectory ?? '',
    queriesDirectory: policy.database?.queriesDirectory ?? '/etc/baton/queries',
    haDirectory: policy.ha?.directory ?? '/opt/HA',
  };
}

/**
 * The newest version's reads all. Debian's psql for all versions is a program in Perl that looks for a cluster, which takes
 * longer than the query.
 */
function findPsql(programs: string): string {
  const versioned = [19, 18, 17, 16, 15, 14].map((major) => `${programs.replace('{major}', String(major))}/psql`);
  return versioned.find((path) => existsSync(path)) ?? '/usr/bin/psql';
}

/** Whether a unit's own file lies in /etc/systemd/system, where `systemctl mask` would put the mask. */
export function isLocalUnit(unit: string, folder = '/etc/systemd/system'): boolean {
  const path = join(folder, fullUnitName(unit));
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return false;
  return !found.isSymbolicLink() || readlinkSync(path) !== '/dev/null';
}
