// What the readings of site.proto answer in the healthy cluster of world.ts.
import type { AnswerOf } from '../../../shared/actions/action.ts';
import type { SiteAction } from '../../../shared/actions/site-commands.ts';

const kinds: ReadonlySet<string> = new Set<SiteAction['kind']>([
  ...(['readPackages', 'readPorts', 'readRsync', 'readSecurity'] as const),
  ...(['readOwners', 'readHaOwner', 'readPlatform', 'readUnitFiles'] as const),
]);
export const isOfSite = (action: { kind: string }): action is SiteAction => kinds.has(action.kind);

/** The folder's one owner, and root's folders around it. */
const ownerOf = (root: string): string => (root === '/opt/HA' ? 'motadata:motadata' : 'flotomate:flotomate');

export function healthySite(node: string, action: SiteAction): AnswerOf<SiteAction['kind']> {
  switch (action.kind) {
    case 'readPackages':
      return {
        kind: action.kind,
        packages: action.packages.map((name) => ({ name, version: '1.0-1' })),
        programs: action.programs.map((name) => ({ name, path: `/usr/bin/${name}` })),
      };
    case 'readPorts':
      return { kind: action.kind, ports: action.targets.map((target) => ({ ...target, state: 'open', elapsedMs: 1 })) };
    case 'readRsync':
      return { kind: action.kind, reachable: true, encrypted: true, detail: 'rsync 3.4.1 over ssh', elapsedMs: 90 };
    case 'readSecurity':
      return {
        ...{ kind: action.kind, selinux: 'disabled', fapolicyd: 'absent', firewall: 'nftables' },
        places: ['/var/lib/baton-agent/releases', '/tmp', '/var/tmp'].map((path) => ({
          ...{ path, mayExecute: true, mountPoint: '/' },
        })),
        chains: [{ chain: 'inet filter input', policy: 'drop', rules: 7 }],
        rulesUnread: '',
        listeners: action.ports.map((port) => ({ port, anyAddress: true })),
      };
    case 'readOwners': {
      const owner = ownerOf(action.root);
      return {
        ...{ kind: action.kind, owner, mode: '0755', entries: 500, isCut: false },
        owners: [{ owner, entries: 500, examples: ['.', '00', '00/file-00000.bin'] }],
        ...{ worldWritable: 0, worldWritableExamples: [], setId: 0, setIdExamples: [] },
      };
    }
    case 'readHaOwner':
      return {
        ...{ kind: action.kind, directory: '/opt/HA', exists: true, owner: 'motadata:motadata', mode: '0755' },
        ...{ maySome: true, mayAll: true, withoutPassword: true, detail: '(ALL) NOPASSWD: ALL' },
      };
    case 'readPlatform': {
      const database = {
        ...{ postgresql: '17.6', encoding: 'UTF8', collate: 'en_US.UTF-8', provider: 'c' },
        ...{ collationVersion: '2.39', actualCollationVersion: '2.39' },
      };
      const none = {
        ...{ postgresql: '', encoding: '', collate: '', provider: '', collationVersion: '' },
        actualCollationVersion: '',
      };
      return {
        ...{ kind: action.kind, os: 'ubuntu', osVersion: '24.04', osName: 'Ubuntu 24.04.1 LTS' },
        ...{ kernel: '6.8.0-45-generic', architecture: 'x64', libc: 'glibc 2.39' },
        ...(action.database === undefined || node === 'n3' ? none : database),
        ...{ timeSynchronized: 'yes', timezone: 'Etc/UTC' },
      };
    }
    case 'readUnitFiles':
      return {
        kind: action.kind,
        files: action.units.flatMap((unit) => [
          { unit, path: `/usr/lib/systemd/system/${unit}.service`, kind: 'unit', owner: 'root:root', mode: '0644' },
          { unit, path: `/opt/bin/${unit}`, kind: 'program', owner: 'root:root', mode: '0755' },
        ]),
      };
  }
}
