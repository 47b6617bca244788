// readServers as a shell script: what every PostgreSQL server of a node is, running or not, as lines `name<TAB>value` with
// a line `server<TAB>MAJOR NAME` before those of each. It changes nothing and asks a server only what it answers at once.
import type { NodeProfile } from './command.ts';
import { databaseFunctions, failFunction } from './jobs/script.ts';
import { asidesFunction, tellAsides } from './jobs/server-asides.ts';
import { serverFunctions, upgradedMark } from './jobs/server-places.ts';
import { shellQuote } from './shell-quote.ts';

/** The newest commit that it knows counts as written, where it keeps their times; a standby knows its primary's. */
const standingSql = `SELECT 'in_recovery' || E'\\t' || pg_is_in_recovery()
  UNION ALL SELECT 'timeline' || E'\\t' || CASE WHEN pg_is_in_recovery()
    THEN coalesce((SELECT received_tli FROM pg_stat_wal_receiver), (SELECT timeline_id FROM pg_control_checkpoint()))
    ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END
  UNION ALL SELECT 'lsn' || E'\\t' || CASE WHEN pg_is_in_recovery()
    THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) ELSE pg_current_wal_flush_lsn() END
  UNION ALL SELECT 'last_written_ms' || E'\\t' || (extract(epoch FROM CASE WHEN pg_is_in_recovery() THEN pg_last_xact_replay_timestamp()
    WHEN current_setting('track_commit_timestamp')::bool THEN (SELECT timestamp FROM pg_last_committed_xact())
    ELSE (SELECT checkpoint_time FROM pg_control_checkpoint()) END) * 1000)::bigint`;

/**
 * A cold tree of very many files takes longer than anybody waits for this answer: what cannot be gone through in time counts
 * as all that is used of its file system, too much rather than too little.
 */
const boundedSizes = [
  'measure_until=$((SECONDS + 7))',
  'bytes_of() {',
  '  local left=$((measure_until - SECONDS)) found=',
  `  if ((left > 0)); then found=$(timeout "$left" du -sbc "$@" 2>/dev/null | sed -n 's/[[:space:]]total$//p') || true; fi`,
  `  [[ -n $found ]] || found=$(($(stat -f -c '(%b - %f) * %S' -- "\${@: -1}" 2>/dev/null || echo 0)))`,
  '  echo "$found"',
  '}',
  `data_bytes() { (shopt -s nullglob; bytes_of --exclude="$data/pg_wal" "$data"/pg_tblspc/*/PG_"$major"_* "$data"); }`,
];

export function readServersScript(profile: NodeProfile): string {
  const [before = '', after = ''] = (profile.databasePrograms || '/usr/lib/postgresql/{major}/bin').split('{major}');
  return [
    failFunction,
    ...databaseFunctions(profile),
    ...serverFunctions(profile),
    ...asidesFunction,
    '# One line each, whatever is in a value.',
    `tell() { printf '%s\\t%s\\n' "$1" "\${2//$'\\n'/ }"; }`,
    ...boundedSizes,
    'installed=()',
    `for found in ${shellQuote(before)}*${shellQuote(after)}/pg_upgrade; do`,
    '  [[ ! -x $found ]] || {',
    `    found=\${found#${shellQuote(before)}}`,
    `    installed+=("\${found%%/*}")`,
    `    tell installed "\${found%%/*}"`,
    '  }',
    'done',
    'system_of() { local at=$1; until [[ -d $at ]]; do at=$(dirname "$at"); done; stat -c "%d" -- "$at"; }',
    'serving=',
    'last_data=',
    'while read -r m n; do',
    '  [[ -n $m ]] || continue',
    '  use_server "$m" "$n"',
    '  read_ahead',
    '  tell server "$m $n"',
    '  tell unit "$unit"',
    '  tell data_directory "$data"',
    '  tell config_directory "$conf"',
    '  tell port "$(setting_of port 5432)"',
    '  tell starts_at_boot "$([[ $(boot_of) == auto ]] && echo true || echo false)"',
    '  tell state "$(control "Database cluster state")"',
    '  tell system_identifier "$(control "Database system identifier")"',
    `  tell timeline "$(control "Latest checkpoint's TimeLineID")"`,
    '  # Of a standby the minimum recovery point is further than its last checkpoint.',
    '  tell lsn "$(control "Latest checkpoint location")"',
    '  tell recovered_lsn "$(control "Minimum recovery ending location")"',
    `  tell recovered_timeline "$(control "Min recovery ending loc's timeline")"`,
    '  changed=$(control "Time of latest checkpoint")',
    `  tell last_written_ms "$([[ -z $changed ]] || LC_ALL=C TZ=UTC date -d "$changed" +%s000 2>/dev/null || true)"`,
    '  sums=$(control "Data page checksum version")',
    `  tell has_checksums "$([[ \${sums:-0} != 0 ]] && echo true || echo false)"`,
    '  tell bytes "$(data_bytes)"',
    '  tell is_fenced "$(is_fenced && echo true || echo false)"',
    `  if [[ -e $data/${upgradedMark} ]]; then`,
    `    tell upgraded_by "$(mark_value ${upgradedMark} run)"`,
    '    tell was_started "$(was_started && echo true || echo false)"',
    '  fi',
    '  tell is_spent "$(is_spent && echo true || echo false)"',
    '  running=false',
    '  if is_running; then',
    '    running=true',
    '    server[3]=$(running_port)',
    '    # The socket’s folder as its lock file says; later values replace those of the control file.',
    '    found=$(lock_line 5)',
    `    server[1]=\${found:-\${server[1]}}`,
    `    timeout 20 bash -c "$(declare -f sql as_database); $(declare -p server); sql postgres \\"\\$1\\"" ask ${shellQuote(standingSql.replaceAll(/\s*\n\s*/g, ' '))} 2>/dev/null || true`,
    '  fi',
    '  tell is_running "$running"',
    `  newest=$(cd "$data/pg_wal" 2>/dev/null && ls | grep -xE '[0-9A-F]{8}[.]history' | tail -n 1) || true`,
    `  [[ -z $newest || ! -f $data/pg_wal/$newest ]] || timeout 5 sed -nE "s#^([0-9]+)[[:space:]]+([0-9A-F]+/[0-9A-F]+).*#history\t\\1 \\2#p" "$data/pg_wal/$newest"`,
    '  [[ $(setting_of port 5432) != "$service_port" || ( -n $serving && $running == false ) ]] || { serving=$data n_serving=$n; }',
    '  last_data=$data',
    'done < <(list_servers)',
    'while [[ -n $last_data && ! -d $last_data ]]; do last_data=$(dirname "$last_data"); done',
    'if [[ -n $serving ]]; then',
    `  for m in "\${installed[@]}"; do`,
    '    use_server "$m" "$n_serving"',
    '    [[ $(system_of "$data") != "$(system_of "$serving")" ]] || tell linkable "$m"',
    '  done',
    'fi',
    ...tellAsides,
    `tell free_bytes "$(($(stat -f -c '%a * %S' -- "\${last_data:-/var/lib}")))"`,
    '',
  ].join('\n');
}
