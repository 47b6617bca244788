// Where PostgreSQL's servers lie on Debian and on RHEL, as functions of the shell that all scripts about servers share. What
// lies in folders of the database's user is changed as that user, so that no link planted there leads root elsewhere.
import { dirname } from 'node:path';
import type { NodeProfile } from '../command.ts';
import { shellQuote } from '../shell-quote.ts';
import { jobExits } from './job.ts';
import { assign } from './script.ts';
import { carry, unfencedSuffix } from './server-configuration.ts';

/** In a data directory that upgradeServer has made, once it is whole: {run, from, mode, name, checkpoint, oldCheckpoint}. */
export const upgradedMark = 'baton-upgraded.json';
/** Beside it from just before its first start on. */
export const startedMark = 'baton-started';
/** In the data directory whose files a newer, started server shares: it must never be started again. */
export const spentMark = 'baton-spent';

/** For servers that only a script talks to; a folder of its own, since a path to a socket must be short. */
export const privateSocket = '/run/baton-server';

/** What Baton knows of this node's servers, beside the ledger: only root may look into it. */
export const serverState = (profile: NodeProfile): string => `${dirname(profile.outputDirectory)}/servers`;

/** Which places a server has, by its major version and name; and how it is known whether it starts at boot. */
const placesOf = {
  debian: [
    'places_of() {',
    '  conf=/etc/postgresql/$1/$2 unit=postgresql@$1-$2 data=/var/lib/postgresql/$1/$2',
    '  log=/var/log/postgresql/postgresql-$1-$2.log',
    '  [[ ! -f $conf/postgresql.conf ]] || data=$(setting_of data_directory "$data")',
    '}',
    'list_servers() {',
    '  local file',
    '  for file in /etc/postgresql/*/*/postgresql.conf; do',
    `    [[ ! -f $file ]] || { file=\${file%/postgresql.conf}; tell_server "\${file#/etc/postgresql/}"; }`,
    '  done',
    '}',
    `boot_of() { [[ ! -f $conf/start.conf ]] || timeout 5 sed -n '/^[[:space:]]*[a-z]/{s/[[:space:]#].*//;p;q}' "$conf/start.conf" 2>/dev/null || true; }`,
    '# auto, manual, or disabled, in which it cannot even be stopped by its unit.',
    'set_boot() {',
    '  local was',
    '  was=$(boot_of)',
    '  # Only the word: set back to what it was, the file is what it was.',
    '  if [[ -z $was ]]; then',
    '    replace_file "$conf/start.conf" <<<"$1"',
    '  elif [[ $was != "$1" ]]; then',
    '    replace_file "$conf/start.conf" < <(sed -E "0,/^([[:space:]]*)$was/s//\\1$1/" "$conf/start.conf")',
    '  fi',
    '  # The generator of units reads it.',
    '  systemctl daemon-reload',
    '}',
  ],
  rhel: [
    'places_of() {',
    '  data=/var/lib/pgsql/$1/$2 unit=postgresql-$1',
    '  conf=$data log=$data/log',
    '}',
    'list_servers() {',
    '  local file',
    '  for file in /var/lib/pgsql/*/data/PG_VERSION; do',
    `    [[ ! -f $file ]] || { file=\${file%/PG_VERSION}; tell_server "\${file#/var/lib/pgsql/}"; }`,
    '  done',
    '}',
    'boot_of() { if systemctl is-enabled --quiet "$unit" 2>/dev/null; then echo auto; else echo manual; fi; }',
    'set_boot() { if [[ $1 == auto ]]; then systemctl enable --quiet "$unit"; else systemctl disable --quiet "$unit"; fi; }',
  ],
};

/**
 * After databaseFunctions. `use_server MAJOR NAME` sets major, name, data, conf, unit, bin and log, of which the others
 * speak; it may be one that is not there yet.
 */
export function serverFunctions(profile: NodeProfile): string[] {
  const [before = '', after = ''] = (profile.databasePrograms || '/usr/lib/postgresql/{major}/bin').split('{major}');
  return [
    assign('service_port', String(profile.databasePort)),
    assign('database_user', profile.databaseUser),
    assign('state', serverState(profile)),
    `private=${privateSocket}`,
    'use_server() {',
    `  major=$1 name=$2 bin=${shellQuote(before)}$1${after === '' ? '' : shellQuote(after)}`,
    '  places_of "$1" "$2"',
    '}',
    '# `MAJOR/NAME`: the folders are the database user’s, who may call them as they like.',
    `tell_server() { [[ ! $1 =~ ^[0-9.]+/[A-Za-z0-9][A-Za-z0-9._-]*$ ]] || echo "\${1/\\// }"; }`,
    ...placesOf[profile.platform === 'rhel' ? 'rhel' : 'debian'],
    ...settings,
    ...standing,
    ...layout,
    ...startAndStop,
    ...ports,
    ...carry,
    ...removal,
  ];
}

/** `setting_of NAME [DEFAULT]`: as the server's own program reads its files, else as they say at first sight. */
const settings = [
  '# Takes what it is given for the content of a file, at once and for good; the owner is the database’s user.',
  'replace_file() {',
  `  as_database bash -c 'set -e; cat >"$1.baton-new"; [[ ! -e $1 ]] || chmod --reference="$1" "$1.baton-new"; sync "$1.baton-new"; mv -T "$1.baton-new" "$1"; sync "$(dirname "$1")"' replace "$1"`,
  '}',
  '# `rewrite FILE COMMAND…`: its content becomes what the command prints, if that ends well. It reads as the database’s user: a',
  '# link planted there must not have root read for them what is only root’s.',
  'rewrite() {',
  '  local text',
  `  text=$("\${@:2}" && printf x) || fail 1 "$1 cannot be written anew"`,
  `  printf %s "\${text%x}" | replace_file "$1"`,
  '}',
  '# What was read ahead, by folder of settings and name. Only scripts that change nothing read ahead.',
  'declare -A ahead=()',
  '# Of the server that is used: what setting_of and control are asked for again and again.',
  'read_ahead() {',
  '  local name value',
  '  ahead["$conf data_directory"]=$data',
  '  ahead["$conf control"]=$(control_data)',
  "  while IFS=$'\\t' read -r name value; do",
  '    [[ -z $name ]] || ahead["$conf $name"]=$value',
  `  done < <(as_database bash -c 'for name in port hba_file; do ! value=$("$1/postgres" -D "$2" -C "$name" 2>/dev/null) || printf "%s\\t%s\\n" "$name" "$value"; done' ahead "$bin" "$conf")`,
  '}',
  'setting_of() {',
  '  local found',
  `  if [[ -n \${ahead["$conf $1"]+read} ]]; then echo "\${ahead["$conf $1"]}"; return; fi`,
  '  if found=$(as_database "$bin/postgres" -D "$conf" -C "$1" 2>/dev/null); then echo "$found"; return; fi',
  `  found=$(sed -nE "s/^[[:space:]]*$1[[:space:]]*[=[:space:]][[:space:]]*'?([^'#]*[^'#[:space:]]).*/\\1/p" "$conf/postgresql.conf" 2>/dev/null | tail -n 1) || true`,
  `  echo "\${found:-\${2:-}}"`,
  '}',
  '# Wherever a setting stands it gets the value, and what is around it stays, so that it can be set back; where it stands nowhere, in postgresql.conf.',
  'set_setting() {',
  `  local file is_set=0 value="'$2'" before="[[:space:]]*$1([[:space:]]*=|[[:space:]])[[:space:]]*"`,
  '  [[ ! $2 =~ ^[0-9]+$ ]] || value=$2',
  '  for file in "$conf"/postgresql.conf "$conf"/conf.d/*.conf "$data"/postgresql.auto.conf; do',
  '    if [[ -f $file ]] && as_database grep -qE "^[[:space:]]*$1[[:space:]=]" "$file"; then',
  `      is_set=1`,
  `      rewrite "$file" as_database sed -E -e "s~^($before)'[^']*'~\\1'$2'~" -e "s~^($before)[^'[:space:]#=][^[:space:]#]*~\\1$value~" "$file"`,
  '    fi',
  '  done',
  `  ((is_set)) || rewrite "$conf/postgresql.conf" as_database bash -c 'cat "$1" && echo "$2"' append "$conf/postgresql.conf" "$1 = $value"`,
  '}',
  'set_port() {',
  '  set_setting port "$1"',
  `  [[ $(setting_of port) == "$1" ]] || fail ${jobExits.notInState} "the port of PostgreSQL $major $name could not be set to $1 in $conf"`,
  '}',
];

const standing = [
  'has_server() { [[ -f $data/PG_VERSION || -f $conf/postgresql.conf ]]; }',
  '# A line of what a running one says of itself. Whatever its user has put in the file’s place keeps nobody waiting.',
  'lock_line() { [[ ! -f $data/postmaster.pid ]] || timeout 5 sed -n "$1p" "$data/postmaster.pid" 2>/dev/null; }',
  '# By its process, which works in its data directory: a number left behind may be another process’s by now.',
  'is_running() {',
  '  local pid cwd',
  '  pid=$(lock_line 1) && [[ $pid =~ ^[0-9]+$ ]] || return 1',
  '  cwd=$(readlink "/proc/$pid/cwd") || return 1',
  '  [[ $cwd == "$(readlink -f "$data")" ]]',
  '}',
  '# Of the running one, as it says itself.',
  'running_port() { lock_line 4; }',
  '# A line of its control file; empty where there is none.',
  'control() {',
  '  local text',
  `  text=\${ahead["$conf control"]-$(control_data)}`,
  `  [[ ! $'\\n'$text =~ $'\\n'"$1: "\\ *([^$'\\n']*) ]] || echo "\${BASH_REMATCH[1]}"`,
  '}',
  'control_data() { LC_ALL=C TZ=UTC as_database "$bin/pg_controldata" -D "$data" 2>/dev/null || true; }',
  'is_standby() { [[ -e $data/standby.signal || -e $data/recovery.signal ]]; }',
  'hba_file() { setting_of hba_file "$conf/pg_hba.conf"; }',
  `is_fenced() { [[ -e $(hba_file)${unfencedSuffix} ]]; }`,
  `mark_value() { [[ ! -f $data/$1 ]] || timeout 5 sed -nE 's/.*"'"$2"'": ?"([^"]*)".*/\\1/p' "$data/$1" 2>/dev/null || true; }`,
  '# Whether it was started since upgradeServer has made it: as startServer noted, or as its control file says, which is',
  '# written before anything else of a starting server is.',
  `was_started() { [[ -e $data/${startedMark} ]] || has_run; }`,
  `has_run() { is_running || [[ $(control "Database cluster state") != "shut down" || $(control "Latest checkpoint location") != "$(mark_value ${upgradedMark} checkpoint)" ]]; }`,
  '# Whether a newer server shares its files and was started: its own would be damaged.',
  'is_spent() {',
  `  [[ ! -e $data/${spentMark} ]] || return 0`,
  '  [[ -e $data/global/pg_control.old && ! -e $data/global/pg_control ]] || return 1',
  '  local old=$major same=$name other',
  '  for other in $(list_servers | sed -n "s/ $name$//p"); do',
  `    if (use_server "$other" "$same"; [[ $(mark_value ${upgradedMark} from)$(mark_value ${upgradedMark} mode) == "\${old}link" ]] && was_started); then return 0; fi`,
  '  done',
  '  return 1',
  '}',
];

const layout = [
  '# A copy would be written over the same places: pg_basebackup keeps them, and a rename does not move them.',
  'has_tablespaces() { compgen -G "$data/pg_tblspc/*" >/dev/null; }',
];

const startAndStop = [
  `why() { { if [[ -d $log ]]; then tail -qn 5 "$log"/*; else tail -n 5 "$log"; fi; } 2>/dev/null | grep -v '^$' || true; }`,
  'answers() { as_database "$bin/pg_isready" -q -h "${server[1]}" -p "$(running_port)" 2>/dev/null; }',
  '# By its unit, so that it outlives the job; waits until it takes connections.',
  'start_server() {',
  '  # HA software masks what it has fenced.',
  '  systemctl unmask --quiet "$unit" 2>/dev/null || true',
  '  systemctl reset-failed "$unit" 2>/dev/null || true',
  '  is_running || systemctl restart "$unit" || true',
  '  local tries=0',
  '  until is_running && answers; do',
  '    # One that is running may need long for its recovery.',
  '    is_running || tries=$((tries + 1))',
  '    ((tries < 50)) || { why >&2; fail 1 "PostgreSQL $major $name does not start"; }',
  '    sleep 0.1',
  '  done',
  '}',
  '# However it was started.',
  'stop_server() {',
  '  systemctl stop "$unit" 2>/dev/null || true',
  '  if is_running; then as_database "$bin/pg_ctl" -D "$data" -s -m fast -w -t 86400 stop; fi',
  '  ! is_running || fail 1 "PostgreSQL $major $name does not stop"',
  '}',
  '# Reached by this script only, ended with it; `start_privately OPTION=VALUE…`. For sql: `private_server`.',
  'start_privately() {',
  '  local options="" option',
  '  install -d -o "$database_user" -m 0700 "$private"',
  '  for option in "config_file=$conf/postgresql.conf" listen_addresses= "unix_socket_directories=$private" port=5432 archive_mode=off logging_collector=off log_destination=stderr synchronous_standby_names= autovacuum=off max_logical_replication_workers=0 "$@"; do',
  `    options+=" -c '$option'"`,
  '  done',
  '  as_database rm -f "$private/log"',
  '  as_database "$bin/pg_ctl" -D "$data" -s -w -t 86400 -l "$private/log" -o "$options" start || { tail -n 5 "$private/log" >&2; fail 1 "PostgreSQL $major $name does not start: $(grep -E \'(FATAL|PANIC|LOG):\' "$private/log" | head -n 1)"; }',
  '}',
  'stop_privately() { as_database "$bin/pg_ctl" -D "$data" -s -m fast -w -t 86400 stop; }',
  'private_server() { server=(-h "$private" -p 5432); }',
];

const ports = [
  'ports() { list_servers | while read -r m n; do (use_server "$m" "$n"; setting_of port 5432); done; }',
  'free_port() {',
  '  local taken port=$((service_port + 1))',
  '  taken=$(ports)',
  '  while grep -qxF "$port" <<<"$taken"; do port=$((port + 1)); done',
  '  echo "$port"',
  '}',
  '# MAJOR NAME of the server at the port of service: the running one, else the one that starts at boot, else the newest.',
  'in_service() {',
  '  list_servers | while read -r m n; do',
  '    use_server "$m" "$n"',
  '    [[ $(setting_of port 5432) != "$service_port" ]] || echo "$(is_running && echo 1 || echo 0) $([[ $(boot_of) == auto ]] && echo 1 || echo 0) $m $n"',
  '  done | sort -k1,1nr -k2,2nr -k3,3nr | sed -nE "1s/^. . //p"',
  '}',
  '# The port of service is this server’s; whoever else had it gets another one.',
  'take_port() {',
  '  local others m n',
  '  others=$(list_servers)',
  '  while read -r m n; do',
  '    [[ $m/$n != "$major/$name" && -n $m ]] || continue',
  '    (',
  '      use_server "$m" "$n"',
  '      [[ $(setting_of port 5432) == "$service_port" ]] || exit 0',
  `      ! is_running || fail ${jobExits.notInState} "PostgreSQL $m $n runs at port $service_port"`,
  '      set_port "$(free_port)"',
  '    ) || exit $?',
  '  done <<<"$others"',
  '  [[ $(setting_of port 5432) == "$service_port" ]] || set_port "$service_port"',
  '}',
];

const removal = [
  '# Of its data without the log of changes, with what lies in other folders.',
  `data_bytes() { (shopt -s nullglob; du -sbc --exclude="$data/pg_wal" "$data" "$data"/pg_tblspc/*/PG_"$major"_* 2>/dev/null || true) | tail -n 1 | cut -f 1; }`,
  '# Data, settings and logs of a server that does not run; in the order in which a repetition finds what is left.',
  'remove_server() {',
  `  ! is_running || fail ${jobExits.notInState} "PostgreSQL $major $name is running"`,
  '  systemctl disable --quiet "$unit" 2>/dev/null || true',
  '  local link',
  '  for link in "$data"/pg_tblspc/*; do',
  `    [[ ! -L $link ]] || as_database bash -c 'rm -rf -- "$1/PG_$2_"*' remove "$(readlink "$link")" "$major"`,
  '  done',
  '  [[ ! -L $data/pg_wal ]] || as_database rm -rf -- "$(readlink -f "$data/pg_wal")"',
  '  # Its control file first: half of it is no server that anybody could start.',
  '  as_database rm -f -- "$data/global/pg_control"',
  '  as_database rm -rf -- "$data"',
  '  [[ $conf == "$data" ]] || as_database rm -rf -- "$conf"',
  '  [[ ! -f $log ]] || as_database rm -f -- "$log"',
  '  # Those of a major version are made by servers on Debian, by its package elsewhere.',
  '  [[ $conf == "$data" ]] || as_database rmdir -- "$(dirname "$data")" "$(dirname "$conf")" 2>/dev/null || true',
  '  systemctl daemon-reload',
  '  systemctl reset-failed "$unit" 2>/dev/null || true',
  '}',
];
