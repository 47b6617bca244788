// backUpFiles as a script: one archive for each tree, its sum taken of what is written, in a folder that only gets its name
// once it is whole. Memory stays bounded: everything streams.
import type { ActionOf } from '../action.ts';
import type { NodeProfile } from '../command.ts';
import { shellLine, shellQuote } from '../shell-quote.ts';
import { jobExits } from './job.ts';
import { backupFolder, partFolder } from './places.ts';
import { assign, failFunction, list, makeFolders, type Script, syncAll } from './script.ts';

/** How archives are written and unpacked, so that nothing about a file is lost: owners by number, links, holes, ACLs. */
export const tarWords = (profile: NodeProfile): string =>
  `--numeric-owner --acls --xattrs --xattrs-include='*'${profile.platform === 'rhel' ? ' --selinux' : ''}`;

export function backUpFilesScript(action: ActionOf<'backUpFiles'>, profile: NodeProfile, folder: string): Script {
  return {
    isGentle: true,
    lines: [
      failFunction,
      assign('partial', `${partFolder(action)}.partial`),
      list('paths', action.paths),
      list('excludes', action.excludes),
      'for path in "${paths[@]}"; do',
      `  [[ -e $path ]] || fail ${jobExits.missing} "there is no $path on this node"`,
      'done',
      ...(action.part === 'application' ? refuseEmpty(action) : []),
      ...refuseMounts,
      makeFolders(backupFolder(action)),
      'rm -rf -- "$partial"',
      `mkdir -m 0700 -- "$partial" || fail ${jobExits.unwritable} "$partial cannot be made"`,
      'cd "$partial"',
      measureLine(action, folder),
      'number=0',
      'for path in "${paths[@]}"; do',
      '  number=$((number + 1)) archive=tree-$number.tar',
      '  # Where it really lies: of a link nothing but the link would be archived.',
      '  real=$(realpath -- "$path")',
      '  [[ -d $real ]] && where=$real what=. || where=$(dirname "$real") what=./$(basename "$real")',
      '  without=()',
      '  for exclude in "${excludes[@]}"; do',
      '    [[ $exclude == "$path"/* ]] && without+=("--exclude=.${exclude#"$path"}")',
      '  done',
      '  echo "backing up $path"',
      '  : >"$archive"',
      `  tar --create --file="$partial/$archive" --format=posix --pax-option=delete=atime,delete=ctime --one-file-system --sparse --blocking-factor=128 ${tarWords(profile)} \\`,
      '    --directory "$where" --anchored --no-wildcards "${without[@]}" -- "$what" \\',
      `    2> >(tee -a ${shellQuote(`${folder}/warnings`)} >&2) &`,
      '  tar=$!',
      '  # Summed from the file itself, close behind tar: neither waits for the other. What is there once tar has ended is read last.',
      '  ( { while kill -0 "$tar" 2>/dev/null; do cat; sleep 0.03; done; cat; } <"$archive" | sha256sum >sum ) &',
      '  summing=$!',
      '  ended=0',
      '  wait "$tar" || ended=$?',
      '  # 1: a file changed while it was read, which is told beside the backup.',
      '  ((ended <= 1)) || fail 1 "tar ended with $ended over $path into $partial/$archive"',
      '  sync -- "$archive"',
      `  wait "$summing" || fail ${jobExits.unwritable} "$archive could not be summed in $partial"`,
      '  read -r hash _ <sum',
      '  echo "$hash  $archive" >>SHA256SUMS',
      '  echo "$path" >>paths',
      '  echo "$real" >>real-paths',
      'done',
      'wait',
      'rm sum',
      ': >excludes',
      'for exclude in "${excludes[@]}"; do echo "$exclude" >>excludes; done',
      list('units', action.units),
      ': >units',
      'for unit in "${units[@]}"; do echo "$unit $(systemctl show --property=UnitFileState --value -- "$unit")" >>units; done',
      'sha256sum paths real-paths excludes units >>SHA256SUMS',
      syncAll('partial'),
    ],
  };
}

/** An application that is empty because something is not mounted would pass for a backup, and restoring it delete all. */
function refuseEmpty({ paths, excludes }: ActionOf<'backUpFiles'>): string[] {
  return paths.map((path) => {
    const words = shellLine(findFiles([path], excludes, ['-print', '-quit']));
    return `[[ -n $(${words}) ]] || fail ${jobExits.missing} ${shellQuote(`there is no file in ${path}; is something not mounted?`)}`;
  });
}

/** What is mounted below a tree is not archived with it. */
const refuseMounts = [
  'while read -r _ _ _ _ mount _; do',
  '  mount=$(printf %b "$mount")',
  '  for path in "${paths[@]}"; do',
  '    real=$(realpath -- "$path") left_out=no',
  '    [[ $mount == "$real"/* ]] || continue',
  '    for exclude in "${excludes[@]}"; do',
  '      [[ $exclude != "$path"/* || $mount/ != "$real${exclude#"$path"}"/* ]] || left_out=yes',
  '    done',
  '    [[ $left_out == yes || $(stat -c %d -- "$mount") == "$(stat -c %d -- "$real")" ]] || \\',
  `      fail ${jobExits.notInState} "$mount is a file system of its own below $path and would be missing in the backup: leave it out of it, or back it up by itself"`,
  '  done',
  'done </proc/self/mountinfo',
];

/** What there is to do, for whoever watches; beside the work, so that nobody waits for it. */
function measureLine(action: ActionOf<'backUpFiles'>, folder: string): string {
  const words = findSizes(action.paths, action.excludes).map(shellQuote).join(' ');
  return `{ ${words} | ${sumUp} >${shellQuote(`${folder}/expected`)} || true; } &`;
}

/** Prints the size of each file of the trees. */
export const findSizes = (paths: readonly string[], excludes: readonly string[]): string[] =>
  findFiles(paths, excludes, ['-printf', '%s\\n']);

function findFiles(paths: readonly string[], excludes: readonly string[], act: readonly string[]): string[] {
  const pruned = excludes.flatMap((path) => ['-path', path, '-prune', '-o']);
  return ['find', '-H', ...paths, '-ignore_readdir_race', '-xdev', ...pruned, '-type', 'f', ...act];
}

/** Bytes and files of what findSizes prints. */
export const sumUp = `awk '{ bytes += $1 } END { printf "%.0f %d\\n", bytes, NR }'`;
