// Whether the policy allows an action, and if not, under which key of which file it would. Pure: what a path really is
// behind its links is looked at again where it is opened (platform/confined-path.ts).
import { type Action, actionClasses } from '../../shared/actions/action.ts';
import { serverDatabase } from '../../shared/actions/sql.ts';
import { fullUnitName } from '../../shared/actions/systemd-commands.ts';
import { type Failure, failure, type Result } from '../../shared/failures.ts';
import type { Policy } from './policy.ts';

/** As refusalOf; without a policy that can be read nothing is allowed. */
export function refusalBy(policy: Result<Policy>, action: Action): Failure | undefined {
  if (policy.ok) return refusalOf(action, policy.value);
  return failure('refused-by-policy', `there is no policy to go by: ${policy.failure.message}`);
}

/** Why the policy does not allow an action; undefined when it does. */
export function refusalOf(action: Action, policy: Policy): Failure | undefined {
  switch (action.kind) {
    // Looking at states and sizes is no power.
    case 'readNode':
    case 'readUnits':
    case 'readDisk':
    case 'readFailover':
    case 'readRelease':
    case 'readPackages':
    case 'readSecurity':
    case 'readHaOwner':
    case 'readUnitFiles':
      return undefined;
    case 'readPlatform':
      return action.database === undefined ? undefined : refuseDatabase(action.database, policy);
    case 'readPorts': {
      const strange = action.targets.filter(({ address }) => !policy.peers.includes(address));
      return strange.length === 0
        ? undefined
        : refuse(policy, 'peers', strange.map(({ address }) => address).join(', '));
    }
    case 'readRsync':
      return policy.peers.includes(action.address) ? undefined : refuse(policy, 'peers', action.address);
    case 'readOwners':
      return refusePath(action.root, policy, 'paths');
    case 'stopUnits':
    case 'startUnits':
      return refuseUnits(action.units, policy, 'units');
    case 'standDown':
      return (
        refuseUnits(action.units, policy, 'units') ??
        (action.address === '' || policy.addresses.includes(action.address)
          ? undefined
          : refuse(policy, 'addresses', `giving up the address ${action.address}`))
      );
    case 'suspendFailover':
    case 'armFailover':
      return refuseUnits(action.units, policy, 'observerUnits');
    case 'readVersion':
      return refusePath(action.file, policy, 'paths');
    case 'readFile':
      return refusePath(action.path, policy, 'paths');
    case 'countFiles':
    case 'readManifest':
    case 'readManifestEntries':
    case 'readFileStates':
      return refusePath(action.root, policy, 'paths');
    case 'readErrors': {
      const units = [...policy.units, ...policy.observerUnits];
      const paths = [...action.errorLogs, ...action.mixedLogs].map((log) => refusePath(log, policy, 'paths'));
      return paths.find((refusal) => refusal !== undefined) ?? refuseUnits(action.units, { ...policy, units }, 'units');
    }
    case 'readObserverLog':
      return refusePath(action.logs, policy, 'paths');
    case 'writeTestFile':
    case 'removeTestFile':
      return refusePath(action.path, policy, 'testFilePaths');
    case 'readReplication':
      // Of the server, not of what is in it.
      if (policy.database !== undefined && action.database === serverDatabase) return undefined;
      return refuseDatabase(action.database, policy);
    case 'countRows':
    case 'findRows':
    case 'readAccess':
    case 'readDatabaseState':
    case 'measureRestore':
      return refuseDatabase(action.database, policy);
    case 'readBackups':
    case 'verifyBackup':
    case 'pruneBackups':
      return refuseDirectory(action, policy);
    case 'measureBackup':
      return (
        refuseDirectory(action, policy) ??
        refuseTrees(action.paths, policy) ??
        (action.database === undefined ? undefined : refuseDatabase(action.database, policy))
      );
    case 'backUpFiles':
      // Looking whether units start at boot is no power.
      return refuseDirectory(action, policy) ?? refuseTrees(action.paths, policy);
    case 'backUpDatabase':
      return refuseDirectory(action, policy) ?? refuseDatabase(action.database, policy);
    case 'restoreFiles':
      // Which trees: as the backup says, looked at in actions/restore-files.ts.
      return (
        refuseDirectory(action, policy) ??
        (policy.backups?.restore ? undefined : refuse(policy, 'backups.restore', 'restoring files'))
      );
    case 'restoreDatabase':
      return refuseDirectory(action, policy) ?? refuseRestore(action.database, policy);
    case 'returnDatabase':
      return refuseRestore(action.database, policy);
    case 'dropDatabase':
      // Its name is one that only restoreDatabase gives.
      return policy.database?.restore ? undefined : refuse(policy, 'database.restore', `dropping ${action.database}`);
    case 'readServers':
      return policy.database === undefined ? refuse(policy, 'database', 'looking at servers') : undefined;
    case 'compareServer':
      return refuseDatabase(action.database, policy);
    case 'recordServer': {
      const strange = action.queries.filter((name) => policy.database?.queries.includes(name) !== true);
      return (
        refuseDatabase(action.database, policy) ??
        (strange.length === 0 ? undefined : refuse(policy, 'database.queries', strange.join(', ')))
      );
    }
    case 'readQuery':
      return (
        refuseDatabase(action.database, policy) ??
        (policy.database?.queries.includes(action.query) ? undefined : refuse(policy, 'database.queries', action.query))
      );
    case 'checkServerUpgrade':
    case 'stopServer':
    case 'upgradeServer':
    case 'startServer':
    case 'returnServer':
    case 'analyzeServer':
    case 'dropServer':
    case 'fenceServer':
    case 'unfenceServer':
    case 'createSlot':
    case 'dropAsides':
      return refuseUpgrade(action.kind, policy);
    case 'copyServer':
      return refuseUpgrade(action.kind, policy) ?? refuseSource(action.source?.address ?? '', policy);
    case 'restoreServer':
      return (
        refuseUpgrade(action.kind, policy) ?? refuseDirectory(action, policy) ?? refuseRestore(action.database, policy)
      );
    case 'readValues':
      return refuseSettings(action.path, action.names, policy);
    case 'setValues':
      return refuseSettings(
        action.path,
        action.values.map(({ name }) => name),
        policy,
      );
    case 'runHaScript':
      return policy.ha?.scripts.includes(action.script) ? undefined : refuse(policy, 'ha.scripts', action.script);
    case 'readMissingFiles':
    case 'mergeFiles':
      return policy.mergeFiles?.root === action.root && policy.mergeFiles.from.includes(action.from)
        ? undefined
        : refuse(policy, 'mergeFiles', `${action.root} from ${action.from}`);
    case 'readHook':
    case 'runHook':
      return policy.hooks.includes(action.hook) ? undefined : refuse(policy, 'hooks', `the hook ${action.hook}`);
    case 'stageRelease':
    case 'makeExecutable':
    case 'runInstaller':
      return policy.installers ? undefined : refuse(policy, 'installers', 'running an installer');
    case 'readUrl':
    case 'sendRequest':
      if (!isAllowedUrl(action.url, policy)) return refuse(policy, 'urls', action.url);
      return action.tokenFile === undefined || policy.secretFiles.includes(action.tokenFile)
        ? undefined
        : refuse(policy, 'secretFiles', action.tokenFile);
  }
}

/** Whether a URL begins with one of the policy's: same scheme, host and port, and its path below theirs. */
export function isAllowedUrl(text: string, policy: Policy): boolean {
  const url = URL.parse(text);
  return policy.urls.some((allowed) => {
    const prefix = URL.parse(allowed);
    if (url === null || prefix === null || url.origin !== prefix.origin) return false;
    const folder = prefix.pathname.endsWith('/') ? prefix.pathname : `${prefix.pathname}/`;
    return url.pathname === prefix.pathname || url.pathname.startsWith(folder);
  });
}

/** The policy's path under which a path lies. */
export function rootOf(path: string, roots: readonly string[]): string | undefined {
  return roots.find((root) => path === root || path.startsWith(`${root}/`));
}

/** Whether an action changes something, so that it is in the ledger and only one runs at a time. */
export function isMutating(action: Action): boolean {
  return actionClasses[action.kind] !== 'read';
}

function refuseDirectory({ directory }: { directory: string }, policy: Policy): Failure | undefined {
  return policy.backups?.directory === directory ? undefined : refuse(policy, 'backups.directory', directory);
}

function refuseTrees(paths: string[], policy: Policy): Failure | undefined {
  const refused = paths.filter((path) => rootOf(path, policy.backups?.paths ?? []) === undefined);
  return refused.length === 0 ? undefined : refuse(policy, 'backups.paths', refused.join(', '));
}

function refuseDatabase(database: string, policy: Policy): Failure | undefined {
  if (policy.database?.names.includes(database)) return undefined;
  return refuse(policy, 'database.names', `the database ${database}`);
}

function refuseRestore(database: string, policy: Policy): Failure | undefined {
  const refusal = refuseDatabase(database, policy);
  if (refusal !== undefined || policy.database?.restore) return refusal;
  return refuse(policy, 'database.restore', `restoring ${database}`);
}

function refuseUpgrade(kind: string, policy: Policy): Failure | undefined {
  return policy.database?.upgrade ? undefined : refuse(policy, 'database.upgrade', kind);
}

/** What it holds becomes this node's, so it is one of the cluster's own. */
function refuseSource(address: string, policy: Policy): Failure | undefined {
  const from = policy.database?.copyFrom ?? policy.mergeFiles?.from ?? [];
  return from.includes(address) ? undefined : refuse(policy, 'database.copyFrom', `copying the server of ${address}`);
}

/** A value is told to the coordinator, and set from its plan: no place for a secret, wherever it is kept. */
const namesSecret = (name: string): boolean =>
  /pass|pwd|secret|token|credential|private|api_?key/i.test(name) && !/(?:file|path|dir|directory)$/i.test(name);

function refuseSettings(path: string, names: string[], policy: Policy): Failure | undefined {
  const file = policy.ha?.settings.find((one) => one.file === path);
  if (file === undefined) return refuse(policy, 'ha.settings', path);
  const secret = names.filter(namesSecret);
  if (secret.length > 0)
    return failure('refused-by-policy', `${secret.join(', ')} of ${path} names a secret, which never leaves this node`);
  const strange = 'names' in file ? names.filter((name) => !file.names.includes(name)) : [];
  return strange.length === 0 ? undefined : refuse(policy, 'ha.settings', `${strange.join(', ')} of ${path}`);
}

function refuseUnits(units: string[], policy: Policy, key: 'units' | 'observerUnits'): Failure | undefined {
  const allowed = new Set(policy[key].map(fullUnitName));
  const refused = units.filter((unit) => !allowed.has(fullUnitName(unit)));
  return refused.length === 0 ? undefined : refuse(policy, key, refused.join(', '));
}

function refusePath(path: string, policy: Policy, key: 'paths' | 'testFilePaths'): Failure | undefined {
  return rootOf(path, policy[key]) === undefined ? refuse(policy, key, path) : undefined;
}

function refuse(policy: Policy, key: string, what: string): Failure {
  return failure(
    'refused-by-policy',
    `${what} is not allowed by ${key} in ${policy.file} on this node; add it there if it should be, then try again`,
  );
}
