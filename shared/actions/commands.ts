// The exact command lines of every action on a node. The agent executes what stands here and the dry run prints it: both
// are the same by construction. Pure. What the agent does itself has the line with which a person would do the same.

import { accessSql } from './access-sql.ts';
import type { Action, ActionOf } from './action.ts';
import {
  type Command,
  type CommandContext,
  type NodeProfile,
  type OwnWork,
  type Program,
  printCommand,
  tokenPlaceholder,
} from './command.ts';
import { errorCommands } from './error-commands.ts';
import { findSizes, sumUp } from './jobs/back-up-files.ts';
import { mergeWords } from './jobs/merge-files.ts';
import { readSchemaDigest } from './jobs/schema-digest.ts';
import { outputFolder, scriptCommands } from './jobs/scripts.ts';
import { compareServerScript } from './jobs/server-facts.ts';
import { readValuesLine } from './jobs/set-values.ts';
import { hashLine, manifestWords } from './manifest.ts';
import { readQueryScript } from './read-query.ts';
import { readServersScript } from './read-servers.ts';
import { shellLine, shellQuote } from './shell-quote.ts';
import { siteCommands } from './site-commands.ts';
import {
  countRowsSql,
  databaseSizeSql,
  findRowsSql,
  reachedSql,
  replicationSql,
  restoreRoomSql,
  serverDatabase,
  serverMajorSql,
  writtenSql,
} from './sql.ts';
import { armCommands, showUnits, standDownCommands, startUnit, suspendCommands } from './systemd-commands.ts';

/** A staged installer's place: one folder for each content. */
export function releasePath(profile: NodeProfile, name: string, sha256: string): string {
  return `${profile.releaseDirectory}/${sha256.slice(0, 12)}/${name}`;
}

/** The command lines of an action in the order of their execution. */
export function commandsOf(action: Action, profile: NodeProfile, context: CommandContext): Command[] {
  const sql = (database: string, statement: string, variables: Record<string, string> = {}) =>
    psql(profile, database, statement, context.timeoutMs, variables);
  switch (action.kind) {
    case 'readNode':
      return [
        own('cat /etc/os-release /proc/sys/kernel/random/boot_id /proc/uptime /proc/meminfo /proc/loadavg'),
        ...(profile.databasePort === 0 ? [] : [sql(serverDatabase, serverMajorSql)]),
      ];
    case 'readUnits':
    case 'readFailover':
      return [showUnits(action.units)];
    case 'stopUnits':
    case 'startUnits': {
      const verb = action.kind === 'stopUnits' ? 'stop' : 'start';
      return [...action.units.map((unit) => program(['systemctl', verb, unit])), showUnits(action.units)];
    }
    case 'standDown':
      return standDownCommands(action.units, action.address);
    case 'suspendFailover':
      return suspendCommands(action.units, profile.localUnits);
    case 'armFailover':
      return armCommands(action.units, profile.localUnits);
    case 'readDisk':
      return action.paths.map((path) => own(shellLine(['findmnt', '-bno', 'TARGET,OPTIONS,SIZE,AVAIL', '-T', path])));
    case 'readVersion':
      return [own(shellLine(['grep', '-m1', '-P', action.pattern, action.file]))];
    case 'readFile':
      return [
        own(`${shellLine(['stat', '-c', '%s %U:%G %a', action.path])}; ${shellLine(['sha256sum', action.path])}`),
      ];
    case 'readReplication':
      return [
        ...(action.reachedLsn === undefined ? [] : [sql(action.database, reachedSql(action.reachedLsn))]),
        sql(action.database, replicationSql),
      ];
    case 'readDatabaseState':
      return [readSchemaDigest(action.database, profile), sql(action.database, writtenSql)];
    case 'measureRestore':
      return [
        sql(serverDatabase, restoreRoomSql, { value: action.database }),
        own('df -B1 "$PGDATA" "$PGDATA/pg_wal"   # as the server says where its data lies'),
      ];
    case 'countRows':
      return [
        ...(action.fromLsn === undefined ? [] : [sql(action.database, reachedSql(action.fromLsn))]),
        sql(action.database, countRowsSql(action.tables, action.snapshot)),
      ];
    case 'findRows':
      return [sql(action.database, findRowsSql(action.table, action.column), { value: action.value })];
    case 'countFiles':
      return [
        {
          ...program(['find', '-H', action.root, '-ignore_readdir_race', '-xdev', '-type', 'f', '-printf', '.']),
          into: 'wc -c',
        },
      ];
    case 'readManifest':
      return [
        { ...program(manifestWords(action.root, action.hashes)), into: 'sort -z' },
        ...(action.hashes ? [own(hashLine(action.root))] : []),
      ];
    case 'readManifestEntries':
      return [own(`${shellLine(manifestWords(action.root, false))} | sort -z   # kept by readManifest`)];
    case 'readFileStates':
      return [own(shellLine(['stat', '-c', '%F %s %y %N', ...action.paths.map((path) => `${action.root}/${path}`)]))];
    case 'readErrors':
      return errorCommands(action);
    case 'readAccess':
      return [sql(action.database, accessSql)];
    case 'readObserverLog':
      return [own(`ls ${action.logs} | tail -n 2 | xargs tail -c 65536`)];
    case 'readRelease':
      return [checksum(releasePath(profile, action.name, action.sha256))];
    case 'stageRelease': {
      const path = releasePath(profile, action.name, action.sha256);
      return [
        own(`${shellLine(['install', '-D', '-m', '0600', action.name, path])}   # fetched from the coordinator`),
        checksum(path),
      ];
    }
    case 'makeExecutable': {
      const path = releasePath(profile, action.name, action.sha256);
      return [checksum(path), program(['chmod', '0700', path])];
    }
    case 'runInstaller': {
      const path = releasePath(profile, action.name, action.sha256);
      const unit = {
        folder: outputFolder(profile, context.key),
        workingDirectory: path.slice(0, path.lastIndexOf('/')),
      };
      return [checksum(path), startUnit([path], unit, context)];
    }
    case 'readHook':
      return [program([`${profile.hooksDirectory}/${action.hook}`, ...action.args])];
    case 'runHook': {
      const unit = { folder: outputFolder(profile, context.key), workingDirectory: '/' };
      return [startUnit([`${profile.hooksDirectory}/${action.hook}`, ...action.args], unit, context)];
    }
    case 'backUpFiles':
    case 'backUpDatabase':
    case 'verifyBackup':
    case 'pruneBackups':
    case 'restoreFiles':
    case 'restoreDatabase':
    case 'returnDatabase':
    case 'dropDatabase':
    case 'recordServer':
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
    case 'copyServer':
    case 'restoreServer':
    case 'dropAsides':
    case 'setValues':
    case 'mergeFiles':
    case 'runHaScript':
      return scriptCommands(action, profile, context);
    case 'readValues':
      return [own(readValuesLine(action))];
    case 'readMissingFiles':
      return [{ ...program(mergeWords(action, ['-n'])), into: "grep -cE '^(>f|cL|hf)'" }];
    case 'readServers':
      return [{ ...program(['bash', '-euo', 'pipefail']), input: readServersScript(profile) }];
    case 'readQuery':
      return [{ ...program(['bash', '-euo', 'pipefail']), input: readQueryScript(action, profile, context.timeoutMs) }];
    case 'compareServer':
      return [{ ...program(['bash', '-euo', 'pipefail']), input: compareServerScript(action, profile) }];
    case 'readBackups':
      return [
        own(`${shellLine(['find', action.directory, '-maxdepth', '3', '-name', 'manifest.json'])} -exec cat {} +`),
      ];
    case 'measureBackup':
      return [
        own(shellLine(['df', '-B1', action.directory])),
        ...(action.paths.length === 0 ? [] : [{ ...program(findSizes(action.paths, action.excludes)), into: sumUp }]),
        ...(action.database === undefined ? [] : [sql(action.database, databaseSizeSql)]),
      ];
    case 'readPackages':
    case 'readPorts':
    case 'readRsync':
    case 'readSecurity':
    case 'readOwners':
    case 'readHaOwner':
    case 'readPlatform':
    case 'readUnitFiles':
      return siteCommands(action, profile, sql);
    case 'writeTestFile':
      return [own(`${shellLine(['printf', '%s', action.content])} > ${shellQuote(action.path)}`)];
    case 'removeTestFile':
      return [own(shellLine(['rm', '-f', action.path]))];
    case 'readUrl':
      return [own(curl(action, 'GET', '', context.timeoutMs))];
    case 'sendRequest':
      return [own(curl(action, action.method, action.body, context.timeoutMs))];
  }
}

/** The command lines of an action as a person would type them. */
export function printCommands(action: Action, profile: NodeProfile, context: CommandContext): string[] {
  return commandsOf(action, profile, context).map(printCommand);
}

function program(argv: string[]): Program {
  return { by: 'program', argv };
}

function own(line: string): OwnWork {
  return { by: 'agent', line };
}

function checksum(path: string): OwnWork {
  return own(shellLine(['sha256sum', path]));
}

function psql(
  profile: NodeProfile,
  database: string,
  statement: string,
  timeoutMs: number,
  variables: Record<string, string>,
): Program {
  const environment = [
    'PGAPPNAME=baton-agent',
    'PGCONNECT_TIMEOUT=5',
    // Whatever the role is set to.
    'PGCLIENTENCODING=UTF8',
    `PGOPTIONS=-c statement_timeout=${Math.max(1000, Math.round(timeoutMs))}`,
  ];
  const set = Object.entries({ ON_ERROR_STOP: '1', ...variables }).flatMap(([name, value]) => [
    '-v',
    `${name}=${value}`,
  ]);
  const where = ['-h', profile.databaseSocket, '-p', String(profile.databasePort), '-d', database];
  return {
    by: 'program',
    argv: [
      ...['runuser', '-u', profile.databaseUser, '--', 'env', ...environment],
      ...[profile.psql, '-X', '-q', '-A', '-t', '-w', ...set, ...where],
    ],
    input: statement,
  };
}

/** The token's place in a header, `${token}`, becomes the reading of its file: the token itself is never printed. */
function curl(
  action: Pick<ActionOf<'readUrl'>, 'url' | 'headers' | 'tokenFile'>,
  method: string,
  body: string,
  timeoutMs: number,
): string {
  const token = action.tokenFile === undefined ? '' : `"$(cat ${shellQuote(action.tokenFile)})"`;
  const headers = action.headers.map((header) => {
    const parts = `${header.name}: ${header.value}`.split(tokenPlaceholder);
    return ` -H ${parts.map((part) => (part === '' ? '' : shellQuote(part))).join(token)}`;
  });
  const words = ['curl', '-sS', '-L', '--max-time', String(Math.ceil(timeoutMs / 1000)), '-X', method];
  const data = body === '' ? [] : ['--data-raw', body];
  return `${shellLine(words)}${headers.join('')} ${shellLine([...data, action.url])}`;
}
