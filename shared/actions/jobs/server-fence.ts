// fenceServer, unfenceServer and createSlot as scripts. A fenced server lets in nobody but the database's own user on its
// node, and what may be copied from it: replication connections write nothing. The pg_hba file says so, so that it lasts.
import type { ActionOf } from '../action.ts';
import type { NodeProfile } from '../command.ts';
import { shellQuote } from '../shell-quote.ts';
import { jobExits } from './job.ts';
import { databaseFunctions, failFunction, literal, type Script } from './script.ts';
import { unfencedSuffix } from './server-configuration.ts';
import { serverFunctions } from './server-places.ts';

/** The first line of a pg_hba file that fences. */
const fencedLine = '# Fenced by Baton: what stood here before is kept beside this file.';

const serverInService = (profile: NodeProfile): string[] => [
  failFunction,
  ...databaseFunctions(profile),
  ...serverFunctions(profile),
  'serving=$(in_service)',
  `[[ -n $serving ]] || fail ${jobExits.missing} "no PostgreSQL of this node is configured for port $service_port"`,
  'use_server $serving',
];

/** The server reads its files again; once this has returned, whoever comes is judged by them. */
const applyRules = [
  'apply_rules() {',
  '  local since tries=0 faults',
  '  since=$(sql postgres "SELECT clock_timestamp()")',
  '  sql postgres "SELECT pg_reload_conf()" >/dev/null',
  `  until [[ $(sql postgres "SELECT pg_conf_load_time() >= '$since'") == t ]]; do`,
  '    tries=$((tries + 1))',
  '    ((tries < 100)) || fail 1 "PostgreSQL $major $name does not read its files again"',
  '    sleep 0.1',
  '  done',
  '  faults=$(sql postgres "SELECT count(*) FROM pg_hba_file_rules WHERE error IS NOT NULL")',
  `  [[ $faults == 0 ]] || fail ${jobExits.notInState} "$hba has errors, see pg_hba_file_rules: PostgreSQL $major $name goes on with what it has read before"`,
  '}',
];

/** Whoever was just being let in by what held before counts too. */
const endOthers = [
  'entering() {',
  '  local pid',
  '  for pid; do',
  "    ! tr '\\0' ' ' <\"/proc/$pid/cmdline\" 2>/dev/null | grep -qE ' (initializing|authentication|startup) *$' || return 0",
  '  done',
  '  return 1',
  '}',
  'end_others() {',
  '  local early left tries=0',
  '  early=$(pgrep -P "$(lock_line 1)" || true)',
  `  local others="FROM pg_stat_activity WHERE backend_type = 'client backend' AND (usename <> current_user OR client_addr IS NOT NULL)"`,
  '  until left=$(sql postgres "SELECT count(pg_terminate_backend(pid)) $others") && [[ $left == 0 ]] && ! entering $early; do',
  '    tries=$((tries + 1))',
  '    ((tries < 240)) || fail 1 "connections of others to PostgreSQL $major $name do not end"',
  '    sleep 0.25',
  '  done',
  '}',
];

/**
 * Lines that let in replication, also beside databases (`all,replication`); of several databases only that word stays. In
 * quotes it is the name of a database. Lines may go on behind a backslash.
 */
const replicationRules = String.raw`
/\\$/ { sub(/\\$/, ""); begun = begun $0; next }
{ $0 = begun $0; begun = ""; gsub(/,[ \t]+/, ",") }
/^[ \t]*#/ { next }
{ count = split($2, names, ","); for (i = 1; i <= count; i++) if (names[i] == "replication") { $2 = names[i]; print; break } }
`
  .replaceAll('\n', ' ')
  .trim();

export function fenceScript(profile: NodeProfile): Script {
  return {
    isGentle: false,
    lines: [
      ...serverInService(profile),
      ...applyRules,
      ...endOthers,
      'hba=$(hba_file)',
      `unfenced=$hba${unfencedSuffix}`,
      `fenced='${fencedLine}'`,
      '# It gets its name last: while it is not there, nothing is fenced.',
      'if [[ ! -e $unfenced ]]; then',
      '  if [[ $(head -n 1 "$hba") != "$fenced" ]]; then',
      '    as_database cp -a -- "$hba" "$unfenced.new"',
      '    as_database sync -- "$unfenced.new"',
      '  fi',
      `  rules=$(echo "$fenced"; echo "local all $database_user peer"; as_database awk ${shellQuote(replicationRules)} "$unfenced.new")`,
      '  replace_file "$hba" <<<"$rules"',
      'fi',
      'if is_running; then',
      '  apply_rules',
      '  echo "ending the connections of others"',
      '  end_others',
      'fi',
      '[[ -e $unfenced ]] || as_database mv -T -- "$unfenced.new" "$unfenced"',
      'as_database sync -- "$(dirname "$unfenced")"',
    ],
  };
}

/** `unfence_files`: of the server in use; also where fencing was ended halfway. What runs is not told. */
export const unfenceFiles = [
  'unfence_files() {',
  '  local hba unfenced',
  '  hba=$(hba_file)',
  `  unfenced=$hba${unfencedSuffix}`,
  `  if [[ ! -e $unfenced && -e $unfenced.new && $(head -n 1 "$hba") == '${fencedLine}' ]]; then unfenced=$unfenced.new; fi`,
  '  [[ ! -e $unfenced ]] || as_database mv -T -- "$unfenced" "$hba"',
  `  as_database rm -f -- "$hba${unfencedSuffix}.new"`,
  '  as_database sync -- "$(dirname "$hba")"',
  '}',
];

export function unfenceScript(profile: NodeProfile): Script {
  return {
    isGentle: false,
    lines: [
      ...serverInService(profile),
      ...applyRules,
      ...unfenceFiles,
      'hba=$(hba_file)',
      'unfence_files',
      'if is_running; then apply_rules; fi',
    ],
  };
}

/** Reserved at once, so that nothing is lost between the copy and its first connection. One that cannot serve is replaced. */
export function createSlotScript({ slot }: ActionOf<'createSlot'>, profile: NodeProfile): Script {
  const usable = "restart_lsn IS NOT NULL AND coalesce(wal_status, '') <> 'lost'";
  const name = literal(slot);
  return {
    isGentle: false,
    lines: [
      failFunction,
      ...databaseFunctions(profile),
      `found=$(sql postgres "SELECT concat_ws(' ', slot_type, CASE WHEN active THEN 'used' WHEN ${usable} THEN 'usable' ELSE 'useless' END) FROM pg_replication_slots WHERE slot_name = ${name}")`,
      'case $found in',
      '  "physical used" | "physical usable") ;;',
      `  logical*) fail ${jobExits.notInState} "the replication slot ${slot} is a logical one: it is not replaced" ;;`,
      '  *)',
      `    [[ -z $found ]] || sql postgres "SELECT pg_drop_replication_slot(${name})" >/dev/null`,
      `    sql postgres "SELECT pg_create_physical_replication_slot(${name}, true)" >/dev/null`,
      '    ;;',
      'esac',
    ],
  };
}
