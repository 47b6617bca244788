// restoreDatabase, returnDatabase and dropDatabase as scripts. What is there now is never lost: it is renamed once, and only
// what a former attempt has restored is ever dropped. Each looks first how far a former attempt came. Where there is none
// (another rollback has set it aside and was given up before it restored it) there is nothing to lose.
import type { ActionOf } from '../action.ts';
import type { NodeProfile } from '../command.ts';
import { shellQuote } from '../shell-quote.ts';
import { jobExits } from './job.ts';
import { assign, databaseFunctions, failFunction, forgetRestored, type Script } from './script.ts';
import { checkSums, enterPart } from './verify-backup.ts';

/** `has NAME` prints 1 or 0, so that a server that does not answer ends the script instead of counting as no. */
const databaseState = [
  `has() { sql postgres "SELECT count(*) FROM pg_database WHERE datname = '$1'"; }`,
  `drop() { sql postgres "DROP DATABASE IF EXISTS \\"$1\\" WITH (FORCE)"; }`,
  `allow() { sql postgres "ALTER DATABASE \\"$1\\" ALLOW_CONNECTIONS $2"; }`,
  `end_sessions() { sql postgres "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '$1'" >/dev/null; }`,
  'rename() {',
  '  local tries=0',
  '  until end_sessions "$1" && sql postgres "ALTER DATABASE \\"$1\\" RENAME TO \\"$2\\""; do',
  '    tries=$((tries + 1))',
  '    ((tries < 10)) || fail 1 "$1 could not be renamed to $2"',
  '    sleep 1',
  '  done',
  '}',
];

const onlyOnPrimary = [
  'recovering=$(sql postgres "SELECT pg_is_in_recovery()")',
  `[[ $recovering == f ]] || fail ${jobExits.notInState} "PostgreSQL on this node is not the primary; nothing was changed"`,
];

export function restoreDatabaseScript(
  action: ActionOf<'restoreDatabase'>,
  profile: NodeProfile,
  folder: string,
): Script {
  return {
    isGentle: false,
    lines: [
      failFunction,
      ...databaseFunctions(profile),
      ...databaseState,
      ...enterPart({ ...action, part: 'database' }),
      assign('database', action.database),
      assign('aside', action.aside),
      ...onlyOnPrimary,
      'echo "reading sums"',
      checkSums(folder),
      `major=$(sql postgres "SELECT current_setting('server_version_num')::int / 10000")`,
      'find_programs "$major"',
      `as_database "$bin/pg_restore" --list "$part/dump" >/dev/null || fail ${jobExits.differs} "the dump cannot be read by PostgreSQL $major"`,
      '',
      forgetRestored,
      'present=$(has "$database")',
      'kept=$(has "$aside")',
      'case $present$kept in',
      '  10)',
      '    echo "setting $database aside as $aside"',
      '    allow "$database" false',
      '    trap \'allow "$database" true\' EXIT',
      '    rename "$database" "$aside"',
      '    trap - EXIT',
      '    ;;',
      '  11)',
      '    echo "removing what a former attempt has restored"',
      '    drop "$database"',
      '    ;;',
      '  01) ;;',
      '  *) echo "there is no $database: nothing has to be set aside" ;;',
      'esac',
      'echo "restoring $database"',
      `as_database "$bin/pg_restore" "\${server[@]}" -w --create --exit-on-error --jobs=${action.jobs} --dbname=postgres "$part/dump"`,
      'echo "analyzing $database"',
      `as_database "$bin/vacuumdb" "\${server[@]}" -w --quiet --analyze-only --jobs=${action.jobs} --dbname="$database"`,
      'echo "counting rows"',
      `sql "$database" "$(cat count.sql)" >${shellQuote(`${folder}/rows.json`)}`,
    ],
  };
}

export function returnDatabaseScript(action: ActionOf<'returnDatabase'>, profile: NodeProfile): Script {
  return {
    isGentle: false,
    lines: [
      failFunction,
      ...databaseFunctions(profile),
      ...databaseState,
      assign('database', action.database),
      assign('aside', action.aside),
      ...onlyOnPrimary,
      'present=$(has "$database")',
      'kept=$(has "$aside")',
      'case $present$kept in',
      '  10) ;;',
      '  01 | 11)',
      '    echo "dropping what was restored, $aside becomes $database again"',
      '    drop "$database"',
      '    rename "$aside" "$database"',
      '    ;;',
      `  *) fail ${jobExits.notInState} "there is neither $database nor $aside" ;;`,
      'esac',
      '# A former attempt may have ended before it was set aside and after nobody was let in any more.',
      'allow "$database" true',
    ],
  };
}

export function dropDatabaseScript(action: ActionOf<'dropDatabase'>, profile: NodeProfile): Script {
  return {
    isGentle: false,
    lines: [
      failFunction,
      ...databaseFunctions(profile),
      ...databaseState,
      ...onlyOnPrimary,
      `drop ${shellQuote(action.database)}`,
    ],
  };
}
