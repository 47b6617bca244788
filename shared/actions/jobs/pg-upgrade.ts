// checkServerUpgrade and upgradeServer: PostgreSQL's own pg_upgrade with what must stand around it, so that a kill anywhere
// and a repetition end right. Until the new server has its mark it is half made and begun anew; the old one is never started
// while a newer one shares its files and was started.
import type { ActionOf } from '../action.ts';
import type { NodeProfile } from '../command.ts';
import { shellQuote } from '../shell-quote.ts';
import { jobExits } from './job.ts';
import { createServer, initdbIn, initdbOptions, learnTemplate, serverScript, undoMaking } from './making-server.ts';
import type { Script } from './script.ts';
import { upgradedMark } from './server-places.ts';

/** How a failed pg_upgrade is told: in its own words, which the agent finds in the job's folder. */
const upgradeFunctions = (folder: string): string[] => [
  assignFolder(folder),
  '# pg_upgrade in its own folder: `run_upgrade NEW-DATA NEW-CONFIG OPTION…`; from_… is the old server.',
  'run_upgrade() {',
  '  local new_data=$1 new_config=$2 common',
  '  shift 2',
  '  common="-c hba_file=$private/hba -c archive_mode=off -c logging_collector=off -c log_destination=stderr"',
  '  common+=" -c synchronous_standby_names= -c external_pid_file= -c max_logical_replication_workers=0"',
  '  install -d -o "$database_user" -m 0700 "$private"',
  '  as_database bash -c \'echo "local all all peer" >"$1"\' hba "$private/hba"',
  '  if ! (',
  '    cd "$private"',
  '    as_database "$bin/pg_upgrade" -b "$from_bin" -B "$bin" -d "$from_data" -D "$new_data" -p 50432 -P 50433 -U "$database_user" \\',
  '      -o "-c config_file=$from_conf/postgresql.conf $common" -O "-c config_file=$new_config $common" "$@"',
  '  ) 2>&1 | tee "$folder/pg_upgrade.txt"; then',
  '    explain "$new_data"',
  '    return 1',
  '  fi',
  '  # Updates of extensions are for people; what would remove the old server is not.',
  '  if [[ -f $private/update_extensions.sql ]]; then cat "$private/update_extensions.sql" >"$folder/update_extensions.sql"; fi',
  '  as_database rm -f "$private/delete_old_cluster.sh" "$private/update_extensions.sql"',
  '}',
  '# Its reports and logs, no larger than a person can read; what they say first is kept as `refusal`.',
  'explain() {',
  '  local file',
  '  mkdir -p "$folder/pg_upgrade"',
  `  (cd "$1" && as_database find pg_upgrade_output.d -type f -size -2000k \\( -name '*.txt' -o -name '*.log' \\) -print0 | as_database tar -c --null --files-from=-) 2>/dev/null | tar -x -C "$folder/pg_upgrade" --no-same-owner 2>/dev/null || true`,
  '  {',
  `    sed -E '/^(Performing|-----|Failure, exiting|\\*failure\\*)/d; /^(Checking|Creating|Deleting|Setting|Analyzing|Freezing|Copying|Linking) .* ok *$/d; /^ *$/d; / file:?$/,+1d; s/ *A list of( the)? *$//' "$folder/pg_upgrade.txt" | tail -n 12`,
  `    find "$folder/pg_upgrade" -type f -name '*.txt' | while read -r file; do head -n 20 "$file"; done`,
  `    if ! find "$folder/pg_upgrade" -type f -name '*.txt' | grep -q .; then find "$folder/pg_upgrade" -type f -name '*.log' | while read -r file; do grep -hE 'error:|(ERROR|FATAL|PANIC):' "$file" | tail -n 3; done || true; fi`,
  `    if grep -rqs '^baton-aside-' "$folder/pg_upgrade" --include='*.txt'; then echo "What begins with baton-aside- was set aside by the run that its name ends with: baton run finalize removes it."; fi`,
  '  } | head -c 4000 >"$folder/refusal"',
  '}',
];

const assignFolder = (folder: string): string => `folder=${shellQuote(folder)}`;

const checkMajors = [
  `((to > from)) || fail ${jobExits.notInState} "PostgreSQL $to is not newer than $from"`,
  'use_server "$to" "$name"',
  `[[ -x $bin/pg_upgrade && -x $bin/postgres ]] || fail ${jobExits.missing} "pg_upgrade of PostgreSQL $to is not installed: there is no $bin/pg_upgrade"`,
  'use_server "$from" "$name"',
  `has_server || fail ${jobExits.missing} "there is no PostgreSQL $from $name on this node"`,
  `[[ -x $bin/postgres ]] || fail ${jobExits.missing} "the programs of PostgreSQL $from are not installed: there is no $bin/postgres"`,
  `! is_spent || fail ${jobExits.notInState} "the files of PostgreSQL $from $name are shared by a newer server that was started since"`,
  'from_data=$data from_conf=$conf from_bin=$bin',
];

const foreign = (why: string): string =>
  `fail ${jobExits.notInState} "there is a PostgreSQL $to $name already, ${why}; look at what it holds, and remove it if it is not needed: pg_dropcluster --stop $to $name (Debian), or its data directory $data"`;

export function checkServerUpgradeScript(
  action: ActionOf<'checkServerUpgrade'>,
  profile: NodeProfile,
  folder: string,
): Script {
  return {
    isGentle: true,
    lines: [
      ...serverScript(profile),
      ...learnTemplate,
      ...initdbOptions,
      ...initdbIn,
      ...upgradeFunctions(folder),
      `from=${action.from} to=${action.to} name=${shellQuote(action.name)}`,
      ...checkMajors,
      `is_running || fail ${jobExits.notInState} "PostgreSQL $from $name is not running; it is checked while it runs"`,
      'use_server "$to" "$name"',
      'if has_server; then',
      '  # Half made ones are made anew.',
      `  [[ -e $state/making-$to-$name ]] || ${foreign('which Baton has not made')}`,
      'fi',
      'scratch=$(dirname "$data")/baton-check',
      '# Of a former attempt, which has died with its unit; the folder above it only where nothing else is in it.',
      'remove_scratch() {',
      '  if [[ -e $scratch ]]; then as_database rm -rf -- "$scratch"; fi',
      '  as_database rmdir -- "$(dirname "$scratch")" 2>/dev/null || true',
      '}',
      'remove_scratch',
      `trap 'set +e; data=$scratch/data; ! is_running || stop_privately; remove_scratch' EXIT`,
      'use_server "$from" "$name"',
      'learn_template',
      'read_control',
      'use_server "$to" "$name"',
      'echo "making a scratch server of PostgreSQL $to"',
      'initdb_in "$scratch/data" --no-sync',
      'echo "asking pg_upgrade"',
      `run_upgrade "$scratch/data" "$scratch/data/postgresql.conf" --check ${action.mode === 'link' ? '--link' : ''} || fail ${jobExits.notInState} "pg_upgrade refuses"`,
      '',
      'echo "trying the configuration with PostgreSQL $to"',
      'conf=$scratch/conf data=$scratch/data',
      'carry_configuration "$from" "$name"',
      'start_privately "data_directory=$data" shared_buffers=16MB huge_pages=off fsync=off',
      'stop_privately',
    ],
  };
}

/** What is said of a new server that this run may not touch. */
const refuseForeign = [
  `if [[ -e $data/${upgradedMark} ]]; then`,
  `  made_by=$(mark_value ${upgradedMark} run)`,
  `  [[ $made_by == "$run" && $(mark_value ${upgradedMark} from) == "$from" ]] || ${foreign('which the run $made_by has made; if that was rolled back, baton run finalize $made_by removes it')}`,
  'else',
  `  [[ -e $state/making-$to-$name ]] || ${foreign('which this run has not made')}`,
  'fi',
];

export function upgradeServerScript(action: ActionOf<'upgradeServer'>, profile: NodeProfile, folder: string): Script {
  const { from, to, name, mode, jobs, run } = action;
  const rhel = profile.platform === 'rhel';
  return {
    isGentle: false,
    lines: [
      ...serverScript(profile),
      ...learnTemplate,
      ...initdbOptions,
      ...(rhel ? initdbIn : []),
      ...createServer[rhel ? 'rhel' : 'debian'],
      ...upgradeFunctions(folder),
      ...undoMaking,
      `from=${from} to=${to} name=${shellQuote(name)} mode=${mode} run=${shellQuote(run)}`,
      '# The new one serves at its next start, the old one is not started by mistake.',
      'hand_over() {',
      '  use_server "$to" "$name"',
      '  take_port',
      '  was_started || set_boot manual',
      '  use_server "$from" "$name"',
      '  set_boot disabled',
      '}',
      '',
      'use_server "$to" "$name"',
      'if has_server || [[ -d $data ]]; then',
      ...refuseForeign.map((line) => `  ${line}`),
      `  if [[ -e $data/${upgradedMark} ]]; then`,
      `    was=$(mark_value ${upgradedMark} oldCheckpoint)`,
      `    now=$(use_server "$from" "$name"; if is_running; then echo running; else control "Latest checkpoint location"; fi)`,
      `    if [[ $mode == link || $was == "$now" ]]; then`,
      '      echo "PostgreSQL $from $name was upgraded to $to before"',
      '      hand_over',
      '      exit 0',
      '    fi',
      `    ! was_started || fail ${jobExits.notInState} "PostgreSQL $from $name was started since PostgreSQL $to $name was made from it and started: both may hold what the other lacks"`,
      '    echo "PostgreSQL $from $name was started since it was upgraded to $to, which is made anew"',
      '  else',
      '    echo "removing what a former attempt has half made"',
      '  fi',
      '  undo_making',
      `elif [[ -e $state/making-$to-$name ]]; then`,
      '  undo_making',
      'fi',
      ...checkMajors,
      `! is_standby || fail ${jobExits.notInState} "PostgreSQL $from $name is a standby, which cannot be upgraded; promote it first"`,
      '',
      'if [[ $mode == copy ]]; then',
      '  needed=$(($(data_bytes) * 11 / 10 + 1024 * 1024 * 1024))',
      '  free=$(($(stat -f -c "%a * %S" -- "$data")))',
      `  ((free > needed)) || fail ${jobExits.noRoom} "a copy of PostgreSQL $from $name needs $needed bytes beside $data, $free are free; nothing was changed"`,
      'fi',
      'learn_template',
      'read_control',
      'if is_running || [[ $(boot_of) == auto ]]; then',
      '  echo "stopping PostgreSQL $from $name"',
      '  set_boot manual',
      '  stop_server',
      'fi',
      '# One that was killed recovers first: pg_upgrade takes only what was shut down.',
      'if [[ $(control "Database cluster state") != "shut down" ]]; then',
      '  start_privately',
      '  stop_privately',
      'fi',
      '',
      'echo "making PostgreSQL $to $name"',
      'echo "$run" >"$state/making-$to-$name"',
      'sync "$state/making-$to-$name" "$state"',
      `trap 'status=$?; trap - EXIT; set +e; (set -e; undo_making) >/dev/null; exit "$status"' EXIT`,
      'use_server "$to" "$name"',
      '# Of a check that was killed.',
      'as_database rm -rf -- "$(dirname "$data")/baton-check"',
      'create_server',
      'carry_configuration "$from" "$name"',
      'echo "upgrading PostgreSQL $from $name to $to"',
      `run_upgrade "$data" "$conf/postgresql.conf" --jobs=${jobs} ${mode === 'link' ? '--link' : ''} || { ls "$folder"/pg_upgrade/*/*/*.txt >/dev/null 2>&1 && exit ${jobExits.notInState}; exit 1; }`,
      'echo "handing over"',
      `old=$(use_server "$from" "$name"; control "Latest checkpoint location")`,
      `replace_file "$data/${upgradedMark}" <<END`,
      '{"run": "$run", "from": "$from", "mode": "$mode", "checkpoint": "$(control "Latest checkpoint location")", "oldCheckpoint": "$old"}',
      'END',
      'trap - EXIT',
      'rm -f "$state/making-$to-$name"',
      'hand_over',
    ],
  };
}
