// restoreDatabase, returnDatabase and dropDatabase as scripts. A backup is restored under a name of its own; once it is
// whole, it and what is there now change names in one transaction. So the set-aside one being there means that it is done,
// and nothing that anybody may have worked with is dropped. Each looks first how far a former attempt came.
import type { ActionOf } from '../action.ts';
import type { NodeProfile } from '../command.ts';
import { shellQuote } from '../shell-quote.ts';
import { jobExits } from './job.ts';
import { heldName, restoringName } from './places.ts';
import { assign, databaseFunctions, failFunction, forgetRestored, jobSessions, type Script } from './script.ts';
import { checkSums, enterPart } from './verify-backup.ts';

/**
 * `has NAME` prints 1 or 0, so that a server that does not answer ends the script instead of counting as no. `swap` gives
 * names away and takes them in one transaction, so that a kill leaves all of it or nothing.
 */
const databaseState = (database: string): string[] => [
  assign('database', database),
  assign('restoring', restoringName(database)),
  assign('held', heldName(database)),
  `has() { sql postgres "SELECT count(*) FROM pg_database WHERE datname = '$1'"; }`,
  `drop() { sql postgres "DROP DATABASE IF EXISTS \\"$1\\" WITH (FORCE)"; }`,
  `end_sessions() { sql postgres "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname IN ($1)" >/dev/null; }`,
  `renamed() { echo "ALTER DATABASE \\"$1\\" RENAME TO \\"$2\\";"; }`,
  'swap() {',
  '  local names=$1 tries=0',
  '  shift',
  '  until end_sessions "$names" && sql postgres "BEGIN; $* COMMIT"; do',
  '    tries=$((tries + 1))',
  '    ((tries < 10)) || fail 1 "databases could not be renamed: $*"',
  '    sleep 1',
  '  done',
  '}',
  '# The server goes on with what an ended client has asked for, and would do so under names that are taken again.',
  'end_former() {',
  '  local left tries=0',
  `  local former="FROM pg_stat_activity WHERE application_name = '${jobSessions}' AND pid <> pg_backend_pid()"`,
  '  until left=$(sql postgres "SELECT count(pg_terminate_backend(pid)) $former") && [[ $left == 0 ]]; do',
  '    tries=$((tries + 1))',
  '    ((tries < 60)) || return',
  '    sleep 1',
  '  done',
  '}',
  '# Whatever a former attempt was in the middle of: the name goes back to what was there, what is half restored goes.',
  'give_back() {',
  '  local there',
  '  end_former || return',
  '  there=$(has "$held") || return',
  '  if [[ $there == 1 ]]; then',
  '    drop "$database" || return',
  `    swap "'$held'" "$(renamed "$held" "$database")"`,
  '  fi',
  '  drop "$restoring"',
  '}',
];

/** What the restored database lacks or has too much; nothing where it is as in the backup. */
export const differences = (folder: string): string =>
  `differs=$(sql postgres "SELECT string_agg(format('%s has %s rows instead of %s', b.name, coalesce(r.rows::text, 'no'), b.rows), ', ') FROM (SELECT e->>'table' AS name, (e->>'rows')::bigint AS rows FROM jsonb_array_elements('$(cat rows.json)'::jsonb->'tables') e) b LEFT JOIN (SELECT e->>'table' AS name, (e->>'rows')::bigint AS rows FROM jsonb_array_elements('$(cat ${shellQuote(`${folder}/rows.json`)})'::jsonb->'tables') e) r USING (name) WHERE r.rows IS DISTINCT FROM b.rows")`;

const onlyOnPrimary = [
  'recovering=$(sql postgres "SELECT pg_is_in_recovery()")',
  `[[ $recovering == f ]] || fail ${jobExits.notInState} "PostgreSQL on this node is not the primary; nothing was changed"`,
];

/** It comes beside the present one, with the log that it writes; a server whose disk is full stops. */
const refuseWithoutRoom = [
  '  data=$(sql postgres "SHOW data_directory")',
  '  size=$(number_in size)',
  '  needed=$((size * 6 / 5 + 256 * 1024 * 1024))',
  '  free=$(($(stat -f -c "%a * %S" -- "$data")))',
  `  ((free > needed)) || fail ${jobExits.noRoom} "restoring $database beside the present one needs $needed bytes in $data, $free are free; nothing was changed"`,
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
      ...databaseState(action.database),
      ...enterPart({ ...action, part: 'database' }),
      assign('aside', action.aside),
      ...onlyOnPrimary,
      'echo "reading sums"',
      checkSums(folder),
      `major=$(sql postgres "SELECT current_setting('server_version_num')::int / 10000")`,
      'find_programs "$major"',
      `as_database "$bin/pg_restore" --list "$part/dump" >/dev/null || fail ${jobExits.differs} "the dump cannot be read by PostgreSQL $major"`,
      '',
      'present=$(has "$database")',
      'kept=$(has "$aside")',
      'if [[ $present$kept == 11 ]]; then',
      '  echo "$database was restored before and stays: what may have been written into it since is not dropped"',
      'else',
      ...refuseWithoutRoom,
      `  ${forgetRestored}`,
      '  give_back || fail 1 "what a former attempt has left could not be put away"',
      `  if [[ $present$kept == 01 ]]; then swap "'$aside'" "$(renamed "$aside" "$database") ALTER DATABASE \\"$database\\" ALLOW_CONNECTIONS true;"; fi`,
      '  # Where there is none, there is nothing to be set aside.',
      '  present=$(has "$database")',
      "  trap '(give_back) >/dev/null 2>&1 || true' EXIT",
      '  # pg_restore makes a database with its properties only under its own name: for a moment an empty one has it.',
      '  echo "making place for $database"',
      `  [[ $present == 0 ]] || swap "'$database'" "$(renamed "$database" "$held")"`,
      '  as_database "$bin/pg_restore" "${server[@]}" -w --create --exit-on-error --schema=baton-none --dbname=postgres "$part/dump"',
      '  back=$([[ $present == 0 ]] || renamed "$held" "$database")',
      `  swap "'$database', '$held'" "$(renamed "$database" "$restoring") $back"`,
      '  echo "restoring $database beside the present one"',
      `  as_database "$bin/pg_restore" "\${server[@]}" -w --exit-on-error --jobs=${action.jobs} --dbname="$restoring" "$part/dump"`,
      '  echo "analyzing $database"',
      `  as_database "$bin/vacuumdb" "\${server[@]}" -w --quiet --analyze-only --jobs=${action.jobs} --dbname="$restoring"`,
      '  echo "counting rows"',
      `  sql "$restoring" "$(cat count.sql)" >${shellQuote(`${folder}/rows.json`)}`,
      `  ${differences(folder)}`,
      `  [[ -z $differs ]] || fail ${jobExits.notInState} "$database was restored beside the present one, but $differs; nothing was replaced"`,
      '  echo "setting $database aside as $aside"',
      `  away=$([[ $present == 0 ]] || echo "$(renamed "$database" "$aside") ALTER DATABASE \\"$aside\\" ALLOW_CONNECTIONS false;")`,
      `  swap "'$database', '$restoring'" "$away $(renamed "$restoring" "$database")"`,
      '  trap - EXIT',
      'fi',
      'echo "counting rows of what is there now"',
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
      ...databaseState(action.database),
      assign('aside', action.aside),
      ...onlyOnPrimary,
      'give_back || fail 1 "what a former attempt has left could not be put away"',
      'present=$(has "$database")',
      'kept=$(has "$aside")',
      `open="ALTER DATABASE \\"$database\\" ALLOW_CONNECTIONS true;"`,
      'case $present$kept in',
      '  10) ;;',
      `  01) swap "'$aside'" "$(renamed "$aside" "$database") $open" ;;`,
      '  11)',
      '    echo "dropping what was restored, $aside becomes $database again"',
      `    swap "'$database', '$aside'" "$(renamed "$database" "$restoring") $(renamed "$aside" "$database") $open"`,
      '    drop "$restoring"',
      '    ;;',
      `  *) fail ${jobExits.notInState} "there is neither $database nor $aside" ;;`,
      'esac',
    ],
  };
}

export function dropDatabaseScript(action: ActionOf<'dropDatabase'>, profile: NodeProfile): Script {
  return {
    isGentle: false,
    lines: [
      failFunction,
      ...databaseFunctions(profile),
      ...databaseState(action.database),
      ...onlyOnPrimary,
      'drop "$database"',
    ],
  };
}
