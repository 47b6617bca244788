// backUpDatabase as a script: dump and parity rows in one exported snapshot, roles, and the server's settings files.
import type { ActionOf } from '../action.ts';
import type { NodeProfile } from '../command.ts';
import { shellQuote } from '../shell-quote.ts';
import { countRowsSql } from '../sql.ts';
import { jobExits } from './job.ts';
import { backupFolder, partFolder } from './places.ts';
import { schemaDigest } from './schema-digest.ts';
import { assign, databaseFunctions, failFunction, makeFolders, type Script, serverMajor, syncAll } from './script.ts';

/** The settings files in use; on Debian also what lies beside them, since they have a folder of their own. */
const settingsSql = `SELECT DISTINCT path FROM (
    SELECT setting AS path FROM pg_settings WHERE name IN ('config_file', 'hba_file', 'ident_file')
    UNION ALL SELECT sourcefile FROM pg_file_settings
    UNION ALL SELECT regexp_replace(setting, '/[^/]*$', '') FROM pg_settings
      WHERE name = 'config_file' AND regexp_replace(setting, '/[^/]*$', '') <> current_setting('data_directory')
  ) files WHERE path <> '' ORDER BY path`;

/** No limit of the server's own may end the session that holds the snapshot while others dump. */
const beginSql = [
  'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;',
  'SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;',
  "DO $$ BEGIN IF current_setting('server_version_num')::int >= 170000 THEN PERFORM set_config('transaction_timeout', '0', true); END IF; END $$;",
  'SELECT pg_export_snapshot();',
].join(' ');

export function backUpDatabaseScript(action: ActionOf<'backUpDatabase'>, profile: NodeProfile): Script {
  const part = partFolder({ ...action, part: 'database' });
  const { databaseUser } = profile;
  const oneLine = (sql: string) => shellQuote(sql.replaceAll(/\s*\n\s*/g, ' '));
  return {
    isGentle: true,
    lines: [
      failFunction,
      ...databaseFunctions(profile),
      assign('partial', `${part}.partial`),
      assign('database', action.database),
      makeFolders(backupFolder(action)),
      'rm -rf -- "$partial"',
      '# The dump alone is the database’s: nothing that root writes lies where its user could put a link.',
      `mkdir -m 0711 -- "$partial" || fail ${jobExits.unwritable} "$partial cannot be made"`,
      `install -d -o ${shellQuote(databaseUser)} -m 0700 "$partial/dump"`,
      'cd "$partial"',
      'umask 0077',
      serverMajor,
      'find_programs "$major"',
      'echo "$major" >major',
      'echo "$database" >database',
      'sql "$database" "SELECT pg_database_size(current_database())" >size',
      '',
      '# A session that keeps the snapshot in which others dump, and in which it counts.',
      `coproc session { as_database ${shellQuote(profile.psql)} -X -q -A -t -w -v ON_ERROR_STOP=1 "\${server[@]}" -d "$database"; }`,
      `ask() { printf '%s\\n' "$1" >&"\${session[1]}" && IFS= read -r answer <&"\${session[0]}" || fail 1 "the session in $database ended"; }`,
      'session_pid=$session_PID',
      `ask ${oneLine(beginSql)}`,
      'snapshot=$answer',
      'echo "dumping $database of PostgreSQL $major"',
      `as_database "$bin/pg_dump" "\${server[@]}" -w --format=directory --jobs=${action.jobs} --snapshot="$snapshot" --file="$partial/dump" "$database"`,
      `printf '%s\\n' ${oneLine(countRowsSql(action.parity))} >count.sql`,
      `${schemaDigest('--snapshot="$snapshot" ')} >schema`,
      'ask "$(cat count.sql)"',
      'printf \'%s\\n\' "$answer" >rows.json',
      `printf '%s\\n' 'COMMIT;' '\\q' >&"\${session[1]}"`,
      'wait "$session_pid"',
      '',
      'echo "roles and settings"',
      'as_database "$bin/pg_dumpall" "${server[@]}" -w --globals-only >globals.sql',
      `sql postgres ${oneLine(settingsSql)} >settings.list`,
      'tar --create --file=settings.tar --numeric-owner --verbatim-files-from --files-from=settings.list',
      'rm settings.list',
      'find dump globals.sql settings.tar count.sql rows.json schema major database size -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum >SHA256SUMS',
      syncAll('partial'),
    ],
  };
}
