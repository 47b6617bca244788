// Functions of the shell that make a new PostgreSQL server beside an old one, alike in all that cannot be changed later, and
// that put it away again while it is half made or was never started.
import type { NodeProfile } from '../command.ts';
import { shellQuote } from '../shell-quote.ts';
import { jobExits } from './job.ts';
import { databaseFunctions, failFunction, literal } from './script.ts';
import { serverFunctions } from './server-places.ts';

/** Everything that scripts about servers begin with. */
export const serverScript = (profile: NodeProfile): string[] => [
  failFunction,
  ...databaseFunctions(profile),
  ...serverFunctions(profile),
  'install -d -m 0700 "$state"',
];

/** What a new server must have in common with the old one, of which pg_controldata knows nothing. */
const templateSql = `SELECT concat_ws(chr(10), pg_encoding_to_char(encoding), datcollate, datctype,
  coalesce(j->>'datlocprovider', 'c'), coalesce(j->>'daticulocale', j->>'datlocale', ''), coalesce(j->>'daticurules', ''))
  FROM pg_database d, to_jsonb(d) j WHERE datname = ${literal('template0')}`.replaceAll(/\s*\n\s*/g, ' ');

/** `learn_template`: kept by Baton from before it stopped, else it is started for this. Of the server in use. */
export const learnTemplate = [
  'learn_template() {',
  '  # Of this very server: another one of its name may have come since.',
  '  local file found',
  '  file=$state/template-$major-$name-$(control "Database system identifier")',
  '  if is_running; then',
  `    found=$(server=(-h "\${server[1]}" -p "$(running_port)"); sql postgres ${shellQuote(templateSql)})`,
  '  elif [[ -s $file ]]; then',
  '    mapfile -t template <"$file"',
  '    return',
  '  else',
  '    start_privately',
  `    found=$(private_server; sql postgres ${shellQuote(templateSql)})`,
  '    stop_privately',
  '  fi',
  '  echo "$found" >"$file.new" && sync "$file.new" && mv "$file.new" "$file"',
  '  mapfile -t template <<<"$found"',
  '}',
];

/** `initdb_options`: for a server of the major version in use, from template and the old one's control file. */
export const initdbOptions = [
  'initdb_options() {',
  `  printf '%s\\n' "--wal-segsize=$((wal_bytes / 1048576))"`,
  '  if [[ $checksums != 0 ]]; then echo --data-checksums; elif ((major >= 18)); then echo --no-data-checksums; fi',
  `  case \${template[3]} in`,
  `    i) printf '%s\\n' --locale-provider=icu "--icu-locale=\${template[4]}"; [[ -z \${template[5]:-} ]] || echo "--icu-rules=\${template[5]}" ;;`,
  `    b) printf '%s\\n' --locale-provider=builtin "--builtin-locale=\${template[4]}" ;;`,
  '  esac',
  '}',
  'read_control() {',
  '  checksums=$(control "Data page checksum version")',
  '  wal_bytes=$(control "Bytes per WAL segment")',
  `  [[ $checksums =~ ^[0-9]+$ && $wal_bytes =~ ^[0-9]+$ ]] || fail ${jobExits.notInState} "the control file of PostgreSQL $major $name cannot be read"`,
  '}',
];

export const createServer = {
  debian: [
    'create_server() {',
    '  local options',
    '  mapfile -t options < <(initdb_options)',
    `  pg_createcluster "$major" "$name" --user "$database_user" --port "$(free_port)" --start-conf manual --encoding "\${template[0]}" --lc-collate "\${template[1]}" --lc-ctype "\${template[2]}" -- "\${options[@]}" >/dev/null`,
    '  places_of "$major" "$name"',
    '}',
  ],
  rhel: ['create_server() {', '  initdb_in "$data"', '  restorecon -R "$data" 2>/dev/null || true', '}'],
};

/** The bare data directory, such as a scratch one. */
export const initdbIn = [
  'initdb_in() {',
  '  local options',
  '  mapfile -t options < <(initdb_options; shift; (($# == 0)) || echo "$@")',
  '  as_database mkdir -p -- "$(dirname "$1")"',
  `  as_database "$bin/initdb" -D "$1" --auth=peer --encoding="\${template[0]}" --lc-collate="\${template[1]}" --lc-ctype="\${template[2]}" "\${options[@]}" >/dev/null`,
  '}',
];

/** Puts away what a former attempt, or this one, has half made: the new server goes, the old one has its control file back. */
export const undoMaking = [
  'undo_making() {',
  '  # Said first: a half removed one is known by nothing else.',
  '  echo undo >"$state/making-$to-$name"',
  '  sync "$state/making-$to-$name" "$state"',
  '  use_server "$to" "$name"',
  '  if has_server || [[ -d $data ]]; then',
  '    # Servers of a killed pg_upgrade have ended with it.',
  '    remove_server',
  '  fi',
  '  use_server "$from" "$name"',
  '  return_control',
  '  rm -f "$state/making-$to-$name"',
  '  sync -f "$state"',
  '}',
  '# pg_upgrade --link takes it away as soon as files are shared.',
  'return_control() {',
  '  [[ ! -e $data/global/pg_control && -e $data/global/pg_control.old ]] || return 0',
  `  as_database bash -c 'mv -T "$1.old" "$1" && sync "$(dirname "$1")"' control "$data/global/pg_control"`,
  '}',
];
