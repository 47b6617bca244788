// What copyServer and restoreServer share: another server is made whole beside a server's data, takes its place by renaming,
// and serves. Killed anywhere and repeated it ends the same; what was there is never gone before its successor is whole.
import type { NodeProfile } from '../command.ts';
import { jobExits } from './job.ts';
import { databaseFunctions, failFunction } from './script.ts';
import { asideOf } from './server-asides.ts';
import { unfencedSuffix } from './server-configuration.ts';
import { unfenceFiles } from './server-fence.ts';
import { serverFunctions } from './server-places.ts';

/** In data that is whole and is to serve: which attempt of which run made it. */
export const replacedMark = 'baton-replaced';

/** Half made ones, what was there, and what was there and is to be kept: beside the data, on the same file system. */
const places = [
  'place=$(readlink -m -- "$data")',
  'copy=$place.baton-copy old=$place.baton-old',
  `aside=${asideOf('$place', '$run')}`,
  'is_made() { [[ $(cat "$data/$mark" 2>/dev/null) == "$made" ]]; }',
];

/** Before anything is changed. */
const mayBeReplaced = [
  'may_be_replaced() {',
  '  local serving',
  `  ! mountpoint -q -- "$place" || fail ${jobExits.notInState} "$place is a file system of its own: it cannot be replaced by renaming; nothing was changed"`,
  '  serving=$(in_service)',
  '  if [[ -n $serving && $serving != "$major $name" ]] && (use_server $serving; is_running); then',
  `    fail ${jobExits.notInState} "PostgreSQL $serving serves at port $service_port: it must be stopped before; nothing was changed"`,
  '  fi',
  '}',
];

/** Ends badly before the other one has taken its place: what was there serves again as it did. */
const makePlace = [
  'was_running=0 has_changed=0',
  'give_back() {',
  '  local status=$?',
  '  trap - EXIT',
  '  ((has_changed)) || as_database rm -rf -- "$copy" || true',
  '  if ((was_running && !has_changed)); then (start_server) || true; fi',
  '  exit "$status"',
  '}',
  'make_place() {',
  '  trap give_back EXIT',
  '  if is_running; then',
  '    was_running=1',
  '    echo "stopping PostgreSQL $major $name"',
  '    stop_server',
  '  fi',
  '  as_database rm -rf -- "$copy"',
  '  as_database mkdir -p -- "$(dirname "$place")"',
  '}',
];

/** Of its own where there are any, else of the newest other server of this node. */
const settingsHere = [
  'settings_here() {',
  '  local other',
  '  if [[ -f $conf/postgresql.conf ]]; then return; fi',
  '  other=$(list_servers | sort -k1,1nr | grep -vxF "$major $name" | head -n 1) || true',
  '  if [[ -n $other ]]; then',
  '    echo "settings as those of PostgreSQL $other"',
  '    as_database mkdir -p -m 0700 -- "$data"',
  '    carry_configuration $other',
  '  elif [[ $conf != "$data" ]]; then',
  `    fail ${jobExits.missing} "there are no settings for PostgreSQL $major $name in $conf, and no other server to take them from"`,
  '  fi',
  '}',
  '# Where settings lie with the data: this node keeps its own.',
  'keep_settings() {',
  '  local file',
  '  [[ $conf == "$data" && -f $conf/postgresql.conf ]] || return 0',
  `  for file in postgresql.conf pg_hba.conf "pg_hba.conf${unfencedSuffix}" pg_ident.conf conf.d; do`,
  '    as_database rm -rf -- "$copy/$file"',
  '    [[ ! -e $data/$file ]] || as_database cp -a -- "$data/$file" "$copy/$file"',
  '  done',
  '}',
  '# Nothing of whom it followed; to be set by nobody else either.',
  'without_source() {',
  `  as_database sed -E '/^[[:space:]]*(primary_conninfo|primary_slot_name|restore_command|recovery_[a-z_]+)[[:space:]=]/d' "$1" && echo "primary_conninfo = ''" && echo "restore_command = ''"`,
  '}',
  'follow_nobody() {',
  '  local auto=$copy/postgresql.auto.conf',
  '  as_database touch "$auto"',
  '  rewrite "$auto" without_source "$auto"',
  '  as_database rm -f -- "$copy/recovery.signal"',
  '}',
];

/** `swap KEEP` */
const swap = [
  'swap() {',
  '  as_database sync -f -- "$copy"',
  '  stop_server',
  '  has_changed=1',
  '  if [[ -e $place ]]; then',
  '    if [[ ! -f $place/PG_VERSION ]]; then',
  '      as_database rm -rf -- "$place"',
  '    elif [[ $1 == 1 && ! -e $aside ]]; then',
  '      echo "setting aside what was there as $aside"',
  '      as_database mv -T -- "$place" "$aside"',
  '    else',
  '      as_database rm -rf -- "$old"',
  '      as_database mv -T -- "$place" "$old"',
  '    fi',
  '  fi',
  '  as_database mv -T -- "$copy" "$place"',
  '  as_database sync -- "$(dirname "$place")"',
  '  trap - EXIT',
  '}',
  '# Of an attempt that was killed between its two renames: what is whole takes the place that is empty.',
  'end_swap() {',
  '  [[ ! -e $place && $(cat "$copy/$mark" 2>/dev/null) == "$made" ]] || return 0',
  '  as_database sync -f -- "$copy"',
  '  as_database mv -T -- "$copy" "$place"',
  '  as_database sync -- "$(dirname "$place")"',
  '}',
  'serve() {',
  '  echo "starting PostgreSQL $major $name"',
  '  systemctl unmask --quiet "$unit" 2>/dev/null || true',
  '  unfence_files',
  '  take_port',
  '  set_boot auto',
  '  start_server',
  '}',
  'is_in_recovery() { [[ $(sql postgres "SELECT pg_is_in_recovery()") == t ]]; }',
  '# Its own master from now on.',
  'promote() {',
  '  if is_in_recovery; then sql postgres "SELECT pg_promote(true, 3600)" >/dev/null; fi',
  `  ! is_in_recovery || fail ${jobExits.notInState} "PostgreSQL $major $name was not promoted"`,
  '  sql postgres "ALTER SYSTEM RESET primary_conninfo"',
  '  sql postgres "ALTER SYSTEM RESET restore_command"',
  '}',
  'forget_old() { as_database rm -rf -- "$old" "$copy"; }',
];

export interface Replacing {
  major: number;
  name: string;
  run: string;
  /** What makes this one the same as that of another attempt. */
  made: string;
}

/** All functions, the server in use, and the names of the places. */
export function replaceFunctions(profile: NodeProfile, { major, name, run, made }: Replacing): string[] {
  return [
    failFunction,
    ...databaseFunctions(profile),
    ...serverFunctions(profile),
    `run=${run} mark=${replacedMark} made=${made}`,
    `use_server ${major} ${name}`,
    ...places,
    ...mayBeReplaced,
    ...makePlace,
    ...settingsHere,
    ...unfenceFiles,
    ...swap,
  ];
}
