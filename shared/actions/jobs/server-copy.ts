// copyServer as a script: asks the source first, copies beside the present data (pg_basebackup), then takes its place. A
// primary of its own begins a new timeline, so that nobody takes its log for that of the one it was copied from.
import { sha256Hex } from '../../hash.ts';
import type { ActionOf } from '../action.ts';
import type { NodeProfile } from '../command.ts';
import { shellQuote } from '../shell-quote.ts';
import { jobExits } from './job.ts';
import { assign, type Script } from './script.ts';
import { replaceFunctions } from './server-replace.ts';

/** No copy without a source: constraints.ts sees to that. */
type Copy = ActionOf<'copyServer'> & { source: NonNullable<ActionOf<'copyServer'>['source']> };

/** A parameter's value as libpq reads it. */
const quoted = (value: string): string => `'${value.replaceAll(/['\\]/g, '\\$&')}'`;

/** Connection parameters; the password is in the pass file, which libpq reads itself. */
function connection({ source, asStandby, applicationName }: Copy): string {
  return [
    `host=${source.address} port=${source.port} user=${quoted(source.user)} connect_timeout=10`,
    ...(source.passFile === '' ? [] : [`passfile=${quoted(source.passFile)}`]),
    ...(asStandby && applicationName !== '' ? [`application_name=${applicationName}`] : []),
    ...(source.options === '' ? [] : [source.options]),
  ].join(' ');
}

/** Whether it lets this node copy, is of the same major version, and has the slot; before anything is changed. */
function askSource({ source, slot, asStandby, major }: Copy, profile: NodeProfile): string[] {
  const ask = `as_database ${shellQuote(profile.psql)} -X -q -A -t -w -v ON_ERROR_STOP=1 -d "$source dbname=replication replication=true" -c "$1"`;
  const address = `${source.address} port ${source.port}`;
  return [
    `ask() { ${ask} 2>"$folder/refused" || fail ${jobExits.unreachable} "the server at ${address} does not let ${source.user} copy it; nothing was changed: $(head -n 1 "$folder/refused")"; }`,
    ...(source.passFile === ''
      ? []
      : [
          `as_database test -r ${shellQuote(source.passFile)} || fail ${jobExits.missing} ${shellQuote(`the pass file ${source.passFile} is not there for ${profile.databaseUser}; nothing was changed`)}`,
        ]),
    'ask "IDENTIFY_SYSTEM" >"$folder/identity"',
    'their_version=$(ask "SHOW server_version_num")',
    '# The other node’s word: reckoning with anything but a number would have this shell carry it out.',
    `[[ $their_version =~ ^[0-9]{5,7}$ ]] || fail ${jobExits.notInState} "${address} tells no version of PostgreSQL; nothing was changed"`,
    `[[ $((their_version / 10000)) == "$major" ]] || fail ${jobExits.notInState} "${address} has PostgreSQL $((their_version / 10000)), not $major; nothing was changed"`,
    // Older ones cannot be asked; there pg_basebackup is refused as soon as it begins.
    ...(asStandby && slot !== '' && major >= 15
      ? [
          `found=$(ask 'READ_REPLICATION_SLOT "${slot}"')`,
          `[[ $found == physical* ]] || fail ${jobExits.notInState} "there is no replication slot ${slot} on ${address}; nothing was changed"`,
        ]
      : []),
  ];
}

/** What it follows it is told by pg_basebackup itself: nothing but the source's parameters. */
function copy({ asStandby, slot }: Copy): string[] {
  const following = asStandby ? ` -R${slot === '' ? '' : ` -S ${slot}`}` : '';
  return [
    'echo "copying"',
    `if ! as_database env -u PGOPTIONS -u PGAPPNAME "$bin/pg_basebackup" -D "$copy" -X stream -c fast -P -w --no-clean -d "$source"${following} 2>&1 | tee "$folder/copying"; then`,
    '  free=$(($(stat -f -c "%a * %S" -- "$(dirname "$copy")")))',
    `  ((free > 16 * 1024 * 1024)) || fail ${jobExits.noRoom} "the copy does not fit into $(dirname "$copy"): what was there serves again"`,
    '  fail 1 "$(grep -m 1 error: "$folder/copying" || echo "pg_basebackup failed")"',
    'fi',
    '# What Baton knows of the source is not so of its copy.',
    'as_database find "$copy" -mindepth 1 -maxdepth 1 -name "baton-*" -delete',
    'keep_settings',
    ...(asStandby
      ? ['as_database rm -f -- "$copy/recovery.signal"', 'as_database touch "$copy/standby.signal"']
      : ['follow_nobody', 'as_database touch "$copy/standby.signal"']),
  ];
}

/** It follows from the moment on that it receives. */
const untilItStreams = ({ source }: Copy): string[] => [
  'tries=0',
  `until is_in_recovery && [[ $(sql postgres "SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming'") == 1 ]]; do`,
  '  tries=$((tries + 1))',
  '  if ((tries >= 300)); then',
  '    # Another attempt copies again.',
  '    as_database rm -f -- "$data/$mark"',
  `    fail ${jobExits.notInState} "PostgreSQL $major $name runs as a copy, but does not stream from ${source.address}: $(why | grep -E 'FATAL|ERROR' | tail -n 1)"`,
  '  fi',
  '  sleep 0.2',
  'done',
];

export function copyServerScript(given: ActionOf<'copyServer'>, profile: NodeProfile, folder: string): Script {
  const action = given as Copy;
  const { asStandby, keep } = action;
  const made = sha256Hex(JSON.stringify(action)).slice(0, 16);
  return {
    isGentle: false,
    lines: [
      ...replaceFunctions(profile, { ...action, made }),
      assign('folder', folder),
      assign('source', connection(action)),
      `[[ -x $bin/pg_basebackup ]] || fail ${jobExits.missing} "PostgreSQL $major is not installed on this node; nothing was changed"`,
      'may_be_replaced',
      'end_swap',
      'if is_made; then',
      '  echo "it was copied before"',
      'else',
      `  ! has_tablespaces || fail ${jobExits.notInState} "PostgreSQL $major $name has tablespaces, which a copy beside it cannot carry: move its data away by hand with what is in them, then it is made anew; nothing was changed"`,
      ...askSource(action, profile).map(indent),
      '  make_place',
      '  settings_here',
      ...copy(action).map(indent),
      '  replace_file "$copy/$mark" <<<"$made"',
      `  swap ${keep ? 1 : 0}`,
      'fi',
      'serve',
      ...(asStandby ? untilItStreams(action) : ['promote']),
      'forget_old',
      // A primary of its own may be written to from now on: another attempt must not copy over that.
      ...(asStandby ? ['as_database rm -f -- "$data/$mark"'] : []),
    ],
  };
}

const indent = (line: string): string => `  ${line}`;
