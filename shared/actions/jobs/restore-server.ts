// restoreServer as a script: a new server is made of a run's backup beside the present data, reached by this script only, and
// compared with the backup before it takes the place. One that was restored by the run before stays: it may have been
// written to since.
import { sha256Hex } from '../../hash.ts';
import type { ActionOf } from '../action.ts';
import type { NodeProfile } from '../command.ts';
import { shellQuote } from '../shell-quote.ts';
import { jobExits } from './job.ts';
import { differences } from './restore-database.ts';
import { assign, forgetRestored, type Script } from './script.ts';
import { unfencedSuffix } from './server-configuration.ts';
import { replaceFunctions } from './server-replace.ts';
import { checkSums, enterPart } from './verify-backup.ts';

const mayBeRestored = (database: string, folder: string): string[] => [
  `[[ -x $bin/initdb ]] || fail ${jobExits.missing} "PostgreSQL $major is not installed on this node; nothing was changed"`,
  'their_major=$(number_in major)',
  'their_database=$(cat database)',
  `((major >= their_major)) || fail ${jobExits.notInState} "the backup is of PostgreSQL $their_major, which $major cannot read; nothing was changed"`,
  `[[ $their_database == ${shellQuote(database)} ]] || fail ${jobExits.notInState} "the backup is of $their_database, not of ${database}; nothing was changed"`,
  'echo "reading sums"',
  checkSums(folder),
  `"$bin/pg_restore" --list dump >/dev/null || fail ${jobExits.differs} "the dump cannot be read by PostgreSQL $major"`,
];

/** With the log that restoring writes; the present one stays. */
const refuseWithoutRoom = [
  'near=$(dirname "$place")',
  'while [[ ! -d $near ]]; do near=$(dirname "$near"); done',
  'size=$(number_in size)',
  'needed=$((size * 6 / 5 + 256 * 1024 * 1024))',
  'free=$(($(stat -f -c "%a * %S" -- "$near")))',
  `((free > needed)) || fail ${jobExits.noRoom} "restoring the server needs $needed bytes in $near, $free are free; nothing was changed"`,
];

/** With checksums unless the present one has none; encoding, locale and who provides it as its database had them. */
const makeServer = (profile: NodeProfile): string[] => [
  'echo "making a new server"',
  `properties=$("$bin/pg_restore" --create --schema-only --schema=baton-none --file=- dump | grep -m 1 '^CREATE DATABASE ' || true)`,
  `property() { sed -nE "s/.* $1 = '([^']*)'.*/\\1/p" <<<"$properties"; }`,
  'encoding=$(property ENCODING) locale=$(property LOCALE)',
  '[[ -n $locale ]] || locale=$(property LC_COLLATE)',
  'options=(--data-checksums)',
  '[[ $(control "Data page checksum version") != 0 ]] || options=()',
  `case $(sed -nE 's/.* LOCALE_PROVIDER = ([a-z]+).*/\\1/p' <<<"$properties") in`,
  '  icu) options+=(--locale-provider=icu "--icu-locale=$(property ICU_LOCALE)") ;;',
  '  builtin) options+=(--locale-provider=builtin "--builtin-locale=$(property BUILTIN_LOCALE)") ;;',
  'esac',
  'segment=$(control "Bytes per WAL segment")',
  '[[ ! $segment =~ ^[0-9]+$ ]] || options+=("--wal-segsize=$((segment / 1048576))")',
  `as_database "$bin/initdb" -D "$copy" -U "$database_user" --auth-local=peer --auth-host=scram-sha-256 "--encoding=\${encoding:-UTF8}" "--locale=\${locale:-C.UTF-8}" --no-sync \${options[@]+"\${options[@]}"} >/dev/null`,
  '(',
  '  data=$copy conf=$copy',
  '  start_privately fsync=off full_page_writes=off',
  "  trap '(stop_privately) || true' EXIT",
  '  private_server',
  '  echo "restoring roles"',
  `  grep -vE "^CREATE ROLE \\"?$database_user\\"?;|TABLESPACE " globals.sql | as_database ${shellQuote(profile.psql)} -X -q -w -v ON_ERROR_STOP=1 "\${server[@]}" -d postgres >/dev/null`,
];

const fillServer = (action: ActionOf<'restoreServer'>, folder: string): string[] => [
  '  echo "restoring $their_database"',
  `  as_database "$bin/pg_restore" "\${server[@]}" -w --create --exit-on-error --no-tablespaces --jobs=${action.jobs} --dbname=postgres "$part/dump"`,
  '  echo "analyzing"',
  `  as_database "$bin/vacuumdb" "\${server[@]}" -w --quiet --analyze-only --jobs=${action.jobs} --dbname="$their_database"`,
  '  echo "counting rows"',
  `  sql "$their_database" "$(cat count.sql)" >${shellQuote(`${folder}/rows.json`)}`,
  `  ${differences(folder)}`,
  `  [[ -z $differs ]] || fail ${jobExits.notInState} "$their_database was restored beside what is there, but $differs; nothing was replaced"`,
  ')',
  '! (data=$copy; is_running) || fail 1 "the new server does not stop"',
  'as_database "$bin/initdb" --sync-only -D "$copy" >/dev/null',
];

/** Those of the backup where it is of this version, without what it followed; else this node's. */
const settingsOfBackup = (folder: string): string[] => [
  `settings=${shellQuote(`${folder}/settings`)}`,
  'rm -rf -- "$settings"',
  'mkdir -m 0700 -- "$settings"',
  'tar --extract --file=settings.tar --directory "$settings"',
  `theirs=$(find "$settings" -name postgresql.conf -printf '%h\\n' | head -n 1)`,
  '[[ $conf == "$data" ]] || as_database rm -f -- "$copy"/{postgresql,pg_hba,pg_ident}.conf',
  'if [[ $their_major == "$major" && -n $theirs ]]; then',
  '  to=$copy',
  '  if [[ $conf != "$data" ]]; then',
  '    to=$conf',
  '    # What was there is kept with the data that it belongs to.',
  '    if [[ -d $conf && -d $place && ! -e $place/baton-settings && ! -e $aside ]]; then as_database cp -a -- "$conf" "$place/baton-settings"; fi',
  '    # Root makes nothing in a folder of the database’s user, who could have put a link there.',
  '    as_database mkdir -p -- "$conf"',
  `    as_database rm -rf -- "$conf/conf.d" "$(hba_file)${unfencedSuffix}"`,
  '    [[ -e $conf/start.conf ]] || replace_file "$conf/start.conf" <<<manual',
  '  fi',
  '  tar --create --file=- --directory "$theirs" --exclude=./start.conf . | as_database tar --extract --file=- --directory "$to" --same-permissions --overwrite',
  'else',
  '  settings_here',
  '  keep_settings',
  'fi',
  `auto=$(find "$settings" -name postgresql.auto.conf -type f | head -n 1)`,
  'if [[ -n $auto && $their_major == "$major" ]]; then replace_file "$copy/postgresql.auto.conf" <"$auto"; fi',
  'follow_nobody',
];

export function restoreServerScript(action: ActionOf<'restoreServer'>, profile: NodeProfile, folder: string): Script {
  const made = sha256Hex(JSON.stringify(action)).slice(0, 16);
  return {
    isGentle: false,
    lines: [
      ...replaceFunctions(profile, { ...action, made }),
      ...enterPart({ ...action, part: 'database' }),
      assign('folder', folder),
      ...mayBeRestored(action.database, folder),
      'may_be_replaced',
      'end_swap',
      'if is_made; then',
      '  echo "it was restored before and stays: what may have been written since is not dropped"',
      'else',
      ...refuseWithoutRoom.map(indent),
      `  ${forgetRestored}`,
      '  make_place',
      ...makeServer(profile).map(indent),
      ...fillServer(action, folder).map(indent),
      ...settingsOfBackup(folder).map(indent),
      '  replace_file "$copy/$mark" <<<"$made"',
      '  swap 1',
      'fi',
      'serve',
      'promote',
      'echo "counting rows of what is there now"',
      `sql "$their_database" "$(cat count.sql)" >${shellQuote(`${folder}/rows.json`)}`,
      'forget_old',
    ],
  };
}

const indent = (line: string): string => `  ${line}`;
