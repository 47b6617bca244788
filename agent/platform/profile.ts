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
  return {
    platform: isRhel ? 'rhel' : 'debian',
    psql: policy.database?.psql ?? findPsql(isRhel),
    databaseUser: policy.database?.user ?? 'postgres',
    databaseSocket: policy.database?.socketDirectory ?? '/var/run/postgresql',
    databasePort: policy.database?.port ?? 0,
    releaseDirectory: join(stateDirectory, 'releases'),
    localUnits: policy.observerUnits.filter((unit) => isLocalUnit(unit)),
    outputDirectory: join(stateDirectory, 'units'),
    databasePrograms:
      policy.database?.programs ?? (isRhel ? '/usr/pgsql-{major}/bin' : '/usr/lib/postgresql/{major}/bin'),
    hooksDirectory: policy.hooksDirectory ?? '',
    queriesDirectory: policy.database?.queriesDirectory ?? '/etc/baton/queries',
    haDirectory: policy.ha?.directory ?? '/opt/HA',
  };
}

/** Debian has one psql for all versions; PostgreSQL's own packages for RHEL have one a version, the newest reads all. */
function findPsql(isRhel: boolean): string {
  const versioned = [19, 18, 17, 16, 15, 14].map((major) => `/usr/pgsql-${major}/bin/psql`);
  return (isRhel ? versioned.find((path) => existsSync(path)) : undefined) ?? '/usr/bin/psql';
}

/** Whether a unit's own file lies in /etc/systemd/system, where `systemctl mask` would put the mask. */
export function isLocalUnit(unit: string, folder = '/etc/systemd/system'): boolean {
  const path = join(folder, fullUnitName(unit));
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return false;
  return !found.isSymbolicLink() || readlinkSync(path) !== '/dev/null';
}
