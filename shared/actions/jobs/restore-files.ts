// restoreFiles as a script: nothing is changed before all sums were read and all archives are unpacked. Repeated after a
// kill anywhere it ends the same.
import type { ActionOf } from '../action.ts';
import type { NodeProfile } from '../command.ts';
import { shellQuote } from '../shell-quote.ts';
import { tarWords } from './back-up-files.ts';
import { jobExits } from './job.ts';
import { failFunction, forgetRestored, list, type Script } from './script.ts';
import { checkSums, enterPart } from './verify-backup.ts';

export function restoreFilesScript(action: ActionOf<'restoreFiles'>, profile: NodeProfile, folder: string): Script {
  return {
    isGentle: false,
    lines: [
      failFunction,
      `command -v rsync >/dev/null || fail ${jobExits.missing} 'rsync is not installed on this node'`,
      ...enterPart(action),
      list('also_excluded', action.excludes),
      'echo "reading sums"',
      checkSums(folder),
      'mapfile -t paths <paths',
      'mapfile -t real_paths <real-paths',
      '# Whoever may write above a tree must not lead what is written and deleted as root to another place.',
      'lie_in_place() {',
      '  for index in "${!paths[@]}"; do',
      `    [[ $(realpath -m -- "\${paths[index]}") == "\${real_paths[index]}" ]] || fail ${jobExits.notInState} "\${paths[index]} leads elsewhere than to \${real_paths[index]}, of which the backup is; nothing was changed"`,
      '  done',
      '}',
      'lie_in_place',
      'mapfile -t excludes <excludes',
      'excludes+=("${also_excluded[@]}")',
      'unpacked=$part.unpacked',
      'rm -rf -- "$unpacked"',
      `mkdir -m 0700 -- "$unpacked" || fail ${jobExits.unwritable} "$unpacked cannot be made"`,
      'for index in "${!paths[@]}"; do',
      '  number=$((index + 1))',
      '  echo "unpacking ${paths[index]}"',
      '  mkdir -- "$unpacked/$number"',
      `  tar --extract --file="tree-$number.tar" --same-owner --same-permissions ${tarWords(profile)} --directory "$unpacked/$number"`,
      'done',
      '',
      'lie_in_place',
      ...treeFunctions,
      '# What is left out, or is a file system of its own, must not be touched, whatever else is wrong.',
      'for index in "${!paths[@]}"; do',
      '  tree "$index"',
      '  [[ -e $real ]] || continue',
      `  differing | { grep '^[*]deleting' || true; } >${shellQuote(`${folder}/deletions`)}`,
      '  while IFS= read -r line; do',
      '    gone=${line#*|}',
      '    for untouched in "${kept[@]}"; do',
      `      [[ \${gone%/}/ != "$untouched"/* ]] || fail ${jobExits.notInState} "restoring $path would delete $path/$gone, which the backup leaves out; nothing was changed"`,
      '    done',
      `  done <${shellQuote(`${folder}/deletions`)}`,
      'done',
      '# From here on the trees are changed.',
      forgetRestored,
      'for index in "${!paths[@]}"; do',
      '  tree "$index"',
      '  echo "restoring $path"',
      '  mkdir -p -- "$(dirname "$real")"',
      '  rsync "${same[@]}" --checksum "${without[@]}" -- "$from" "$to"',
      `  differing >${shellQuote(`${folder}/left`)}`,
      `  [[ ! -s ${shellQuote(`${folder}/left`)} ]] || fail ${jobExits.notInState} "$path still differs from its backup; is something writing there? $(head -n 3 ${shellQuote(`${folder}/left`)} | tr '\\n' ' ')"`,
      '  sync -f -- "$real"',
      'done',
      ...startAtBootAsBefore,
      ...(action.part === 'configuration' ? readAgain : []),
      'rm -rf -- "$unpacked"',
    ],
  };
}

/**
 * `tree INDEX` sets what belongs to one tree: `from`, `to`, what is left out of it (`without`, as rsync takes it), and
 * what must not be touched below it (`kept`). `differing` tells what rsync would change in it.
 */
const treeFunctions = [
  'same=(-aHAX --numeric-ids --modify-window=-1 --sparse --one-file-system --delete)',
  'tree() {',
  '  number=$(($1 + 1)) path=${paths[$1]} real=${real_paths[$1]} without=() kept=()',
  '  for exclude in "${excludes[@]}"; do',
  '    [[ $exclude == "$path"/* ]] || continue',
  '    without+=("--exclude=${exclude#"$path"}")',
  '    kept+=("${exclude#"$path"/}")',
  '  done',
  '  while read -r _ _ _ _ mount _; do',
  '    mount=$(printf %b "$mount")',
  '    [[ $mount != "$real"/* ]] || kept+=("${mount#"$real"/}")',
  '  done </proc/self/mountinfo',
  '  from=$unpacked/$number/ to=$real/',
  '  # Of a single file its archive holds nothing but that file.',
  '  if [[ $(tar --list --file="tree-$number.tar" | head -n 1) != ./ ]]; then from=$unpacked/$number/$(basename "$real") to=$real; fi',
  '}',
  `differing() { rsync "\${same[@]}" -n --out-format='%i|%n' "\${without[@]}" -- "$from" "$to"; }`,
];

/** An installer may have enabled units, also where they must not start at boot. */
const startAtBootAsBefore = [
  'state_of() { systemctl show --property=UnitFileState --value -- "$1"; }',
  'if [[ -s units ]]; then',
  '  systemctl daemon-reload',
  '  while read -r unit was; do',
  '    [[ $(state_of "$unit") != "$was" ]] || continue',
  '    echo "$unit was $was"',
  '    case $was in',
  '      enabled) systemctl unmask --quiet -- "$unit" && systemctl enable --quiet -- "$unit" ;;',
  '      disabled) systemctl unmask --quiet -- "$unit" && systemctl disable --quiet -- "$unit" ;;',
  '      masked) systemctl mask --quiet -- "$unit" ;;',
  '      *) continue ;;',
  '    esac',
  `    [[ $(state_of "$unit") == "$was" ]] || fail ${jobExits.notInState} "$unit is $(state_of "$unit") instead of $was"`,
  '  done <units',
  'fi',
];

/** What stands before the application goes on with what it has read once, until it is told. */
const readAgain = [
  'systemctl daemon-reload',
  'for service in nginx haproxy; do',
  '  for path in "${paths[@]}"; do',
  '    if [[ $path/ == "/etc/$service"/* ]]; then',
  '      echo "$service reads its configuration again"',
  '      systemctl try-reload-or-restart -- "$service"',
  '      break',
  '    fi',
  '  done',
  'done',
];
