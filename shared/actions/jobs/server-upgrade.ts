// Scripts that stop, start, give back and remove a PostgreSQL server; which file writes the other ones of an upgrade.
import type { ActionOf } from '../action.ts';
import type { NodeProfile } from '../command.ts';
import { shellQuote } from '../shell-quote.ts';
import { jobExits } from './job.ts';
import { learnTemplate, serverScript, undoMaking } from './making-server.ts';
import { checkServerUpgradeScript, upgradeServerScript } from './pg-upgrade.ts';
import type { Script } from './script.ts';
import { recordServerScript } from './server-facts.ts';
import { spentMark, startedMark, upgradedMark } from './server-places.ts';

export type UpgradeKind =
  | 'recordServer'
  | 'checkServerUpgrade'
  | 'stopServer'
  | 'upgradeServer'
  | 'startServer'
  | 'returnServer'
  | 'analyzeServer'
  | 'dropServer';

export function upgradeScript(action: ActionOf<UpgradeKind>, profile: NodeProfile, folder: string): Script {
  switch (action.kind) {
    case 'recordServer':
      return recordServerScript(action, profile);
    case 'checkServerUpgrade':
      return checkServerUpgradeScript(action, profile, folder);
    case 'upgradeServer':
      return upgradeServerScript(action, profile, folder);
    case 'stopServer':
      return stopServerScript(action, profile);
    case 'startServer':
      return startServerScript(action, profile);
    case 'returnServer':
      return returnServerScript(action, profile);
    case 'analyzeServer':
      return analyzeServerScript(action, profile);
    case 'dropServer':
      return dropServerScript(action, profile);
  }
}

const use = ({ major, name }: { major: number; name: string }): string => `use_server ${major} ${shellQuote(name)}`;

const mustBeThere = `has_server || fail ${jobExits.missing} "there is no PostgreSQL $major $name on this node"`;

const refuseSpent = `! is_spent || fail ${jobExits.notInState} "PostgreSQL $major $name is spent: its files are shared by a newer server that was started since; the way back is a restore from the standby's server or from the run's backup"`;

function stopServerScript(action: ActionOf<'stopServer'>, profile: NodeProfile): Script {
  return {
    isGentle: false,
    lines: [
      ...serverScript(profile),
      ...learnTemplate,
      use(action),
      mustBeThere,
      'if is_running && ! is_standby; then learn_template; fi',
      '[[ $(boot_of) != auto ]] || set_boot manual',
      'stop_server',
      '# What was killed before recovers, so that its control file tells all that it has.',
      'if [[ $(control "Database cluster state") == "in production" ]] && ! is_standby; then',
      '  start_privately',
      '  stop_privately',
      'fi',
    ],
  };
}

function startServerScript(action: ActionOf<'startServer'>, profile: NodeProfile): Script {
  return {
    isGentle: false,
    lines: [
      ...serverScript(profile),
      use(action),
      mustBeThere,
      refuseSpent,
      `[[ ! -e $state/making-$major-$name ]] || fail ${jobExits.notInState} "PostgreSQL $major $name is half made: its upgrade did not come to its end"`,
      `[[ -e $data/global/pg_control ]] || fail ${jobExits.notInState} "PostgreSQL $major $name has no control file: a newer server was made of its files"`,
      'take_port',
      '# From here on it counts as started, and what it shares its files with as spent.',
      'marks=()',
      `if [[ -e $data/${upgradedMark} && ! -e $data/${startedMark} ]]; then`,
      `  if [[ $(mark_value ${upgradedMark} mode) == link ]]; then`,
      `    spent=$(use_server "$(mark_value ${upgradedMark} from)" "$name"; if has_server; then echo "$data/${spentMark}"; fi)`,
      '    [[ -z $spent ]] || marks+=("$spent")',
      '  fi',
      `  marks+=("$data/${startedMark}")`,
      `  for mark in "\${marks[@]}"; do replace_file "$mark" <<<"$major $name"; done`,
      'fi',
      'set_boot auto',
      'if is_running && [[ $(running_port) != "$service_port" ]]; then stop_server; fi',
      'echo "starting PostgreSQL $major $name"',
      'if ! (start_server); then',
      '  # One that has not come to write anything was not started.',
      `  if ((\${#marks[@]})) && ! has_run; then as_database rm -f -- "\${marks[@]}"; fi`,
      '  exit 1',
      'fi',
      ...(action.analyze
        ? [
            `if [[ $(sql postgres "SELECT pg_is_in_recovery()") == f ]]; then`,
            '  echo "coarse statistics"',
            `  ${vacuumdb('-c default_statistics_target=1')} --jobs="$(nproc)"`,
            'fi',
          ]
        : []),
    ],
  };
}

/** Of all databases; options for its sessions beside those that let them take their time. */
const vacuumdb = (options: string): string =>
  `as_database env PGOPTIONS="-c statement_timeout=0 -c lock_timeout=0 ${options}" "$bin/vacuumdb" "\${server[@]}" -w --quiet --all --analyze-only`;

function returnServerScript(action: ActionOf<'returnServer'>, profile: NodeProfile): Script {
  return {
    isGentle: false,
    lines: [
      ...serverScript(profile),
      ...undoMaking,
      `from=${action.from} to=${action.to} name=${shellQuote(action.name)}`,
      'use_server "$from" "$name"',
      mustBeThere,
      refuseSpent,
      'use_server "$to" "$name"',
      `if [[ -e $data/${upgradedMark} && $(mark_value ${upgradedMark} from) == "$from" ]]; then`,
      '  if was_started; then',
      '    echo "stopping PostgreSQL $to $name, which is kept"',
      '    set_boot manual',
      '    stop_server',
      '    set_boot disabled',
      '  else',
      '    echo "removing PostgreSQL $to $name, which was never started"',
      '    undo_making',
      '  fi',
      `elif [[ -e $state/making-$to-$name ]]; then`,
      '  undo_making',
      'fi',
      'use_server "$from" "$name"',
      'return_control',
      'take_port',
      'set_boot auto',
      'if is_running && [[ $(running_port) != "$service_port" ]]; then stop_server; fi',
      'echo "starting PostgreSQL $from $name"',
      'start_server',
    ],
  };
}

function analyzeServerScript(action: ActionOf<'analyzeServer'>, profile: NodeProfile): Script {
  return {
    isGentle: true,
    lines: [
      ...serverScript(profile),
      use(action),
      mustBeThere,
      `is_running && [[ $(running_port) == "$service_port" ]] || fail ${jobExits.notInState} "PostgreSQL $major $name does not run at port $service_port"`,
      `[[ $(sql postgres "SELECT pg_is_in_recovery()") == f ]] || fail ${jobExits.notInState} "PostgreSQL $major $name is a standby, whose statistics are its primary's"`,
      `${vacuumdb('')} --jobs=${action.jobs}`,
    ],
  };
}

function dropServerScript(action: ActionOf<'dropServer'>, profile: NodeProfile): Script {
  return {
    isGentle: true,
    lines: [
      ...serverScript(profile),
      use(action),
      '# One that is half removed may have lost what says that it is none of those that stay.',
      'dropping=$state/dropping-$major-$name',
      'if has_server && [[ ! -e $dropping ]]; then',
      `  ! is_running || fail ${jobExits.notInState} "PostgreSQL $major $name is running; nothing was removed"`,
      `  [[ $(setting_of port 5432) != "$service_port" ]] || fail ${jobExits.notInState} "PostgreSQL $major $name is the one in service, at port $service_port; nothing was removed"`,
      '  # Whose files it shares and has written stays spent, also when nobody can see why any more.',
      `  if [[ $(mark_value ${upgradedMark} mode) == link ]] && was_started; then`,
      `    spent=$(use_server "$(mark_value ${upgradedMark} from)" "$name"; if has_server && [[ ! -e $data/global/pg_control ]]; then echo "$data/${spentMark}"; fi)`,
      '    [[ -z $spent ]] || replace_file "$spent" <<<"$major $name"',
      '  fi',
      'fi',
      'if has_server || [[ -d $data ]]; then',
      '  echo drop >"$dropping"',
      '  sync "$dropping" "$state"',
      '  remove_server',
      'fi',
      '# What copies and restores have left beside it.',
      'for left in "$data".baton-copy "$data".baton-old "$data".baton-aside-*; do',
      '  [[ ! -e $left ]] || as_database rm -rf -- "$left"',
      'done',
      '[[ $conf == "$data" ]] || as_database rmdir -- "$(dirname "$data")" 2>/dev/null || true',
      'rm -f "$state/making-$major-$name" "$state/template-$major-$name"-* "$dropping"',
    ],
  };
}
