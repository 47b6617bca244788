// The exact command lines of the readings of site.proto. Pure; called by commands.ts only.
import type { ActionOf } from './action.ts';
import type { Command, NodeProfile } from './command.ts';
import { shellLine, shellQuote } from './shell-quote.ts';
import { platformSql } from './sql-platform.ts';

export type SiteAction = ActionOf<
  | 'readPackages'
  | 'readPorts'
  | 'readRsync'
  | 'readSecurity'
  | 'readOwners'
  | 'readHaOwner'
  | 'readPlatform'
  | 'readUnitFiles'
>;

/** Beyond this, something drops what is sent: a node of the same site answers within milliseconds. */
export const connectWithinMs = 1500;

const program = (argv: string[]): Command => ({ by: 'program', argv });
const own = (line: string): Command => ({ by: 'agent', line });

export function siteCommands(
  action: SiteAction,
  profile: NodeProfile,
  sql: (database: string, statement: string) => Command,
): Command[] {
  switch (action.kind) {
    case 'readPackages':
      return [
        ...(action.packages.length === 0 ? [] : [program(queryPackages(action.packages, profile))]),
        ...(action.programs.length === 0 ? [] : [own(shellLine(['which', '-a', ...action.programs]))]),
      ];
    case 'readPorts':
      return action.targets.map(({ address, port }) =>
        own(shellLine(['nc', '-z', '-w', String(Math.ceil(connectWithinMs / 1000)), address, String(port)])),
      );
    case 'readRsync':
      return [rsyncCommand(action)];
    case 'readSecurity':
      return [
        own('cat /sys/fs/selinux/enforce /etc/fapolicyd/fapolicyd.conf /proc/net/tcp /proc/net/tcp6'),
        ...['/tmp', '/var/tmp', profile.releaseDirectory].map((path) =>
          own(shellLine(['findmnt', '-no', 'TARGET,OPTIONS', '-T', path])),
        ),
        program(['systemctl', 'is-active', 'fapolicyd', 'firewalld', 'ufw', 'nftables']),
        program(['nft', '-j', 'list', 'ruleset']),
      ];
    case 'readOwners':
      return [
        {
          ...program([
            ...['find', '-H', action.root, '-ignore_readdir_race', '-xdev'],
            ...action.excludes.flatMap((path) => ['-path', path, '-prune', '-o']),
            ...['-printf', String.raw`%u:%g %m %y %P\0`],
          ]),
          by: 'program',
          into: `head -z -n ${action.entries}`,
        } as Command,
      ];
    case 'readHaOwner': {
      const directory = shellQuote(profile.haDirectory);
      return [own(`stat -c '%U:%G %a' ${directory}; sudo -n -l -U "$(stat -c %U ${directory})"`)];
    }
    case 'readPlatform':
      return [
        own('cat /etc/os-release; uname -rm'),
        program(['getconf', 'GNU_LIBC_VERSION']),
        program(['timedatectl', 'show', '--property=NTPSynchronized', '--property=Timezone']),
        ...(action.database === undefined ? [] : [sql(action.database, platformSql)]),
      ];
    case 'readUnitFiles':
      return [
        program(['systemctl', 'show', '--property=Id,FragmentPath,DropInPaths,ExecStart', '--', ...action.units]),
        own("stat -L -c '%U:%G %a %F %n' …   # of the files that it names"),
      ];
  }
}

/** Who may do what with sudo; known by name once the folder's owner is. */
export const sudoRights = (user: string): string[] => ['sudo', '-n', '-l', '-U', user];

/** Owners of files by their names, as `stat` tells them. */
export const statFiles = (paths: readonly string[]): string[] => [
  ...['stat', '-L', '-c', '%U:%G %a %F:%n', '--'],
  ...paths,
];

function queryPackages(packages: string[], { platform }: NodeProfile): string[] {
  return platform === 'rhel'
    ? ['rpm', '-q', '--queryformat', String.raw`installed %{NAME} %{VERSION}-%{RELEASE}\n`, '--', ...packages]
    : [
        'dpkg-query',
        '-W',
        '-f',
        '$' + '{db:Status-Status} $' + '{Package} $' + String.raw`{Version}\n`,
        '--',
        ...packages,
      ];
}

/** As file synchronization connects: by ssh with root's own keys and a known host, or to the daemon's port. */
function rsyncCommand({ address, transport, port }: ActionOf<'readRsync'>): Command {
  const host = address.includes(':') ? `[${address}]` : address;
  if (transport === 'stunnel')
    return own(`openssl s_client -brief -connect ${shellQuote(`${host}:${port}`)} </dev/null`);
  if (transport === 'daemon') return own(shellLine(['rsync', `rsync://${host}:${port}/`]));
  const seconds = String(Math.ceil(connectWithinMs / 1000) + 1);
  return program([
    ...['ssh', '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=yes', '-o', `ConnectTimeout=${seconds}`],
    ...['-p', String(port), '--', `root@${address}`, 'rsync', '--version'],
  ]);
}
