// setValues as a script, and what both it and readValues take for a setting. The file is replaced as a whole, by its own
// owner: as root only where nobody but root could lead it elsewhere.
import type { ActionOf } from '../action.ts';
import { shellLine, shellQuote } from '../shell-quote.ts';
import { jobExits } from './job.ts';
import { assign, failFunction, type Script } from './script.ts';

/** Every line of NAME=VALUE as people write them: also behind `export`, in quotes, and with a comment after it. */
const replaceValues = String.raw`
BEGIN {
  count = split(wanted, pairs, " ")
  for (i = 1; i <= count; i++) {
    at = index(pairs[i], "=")
    names[i] = substr(pairs[i], 1, at - 1)
    values[names[i]] = substr(pairs[i], at + 1)
  }
}
match($0, /^[ \t]*(export[ \t]+)?[A-Za-z_][A-Za-z0-9_.-]*[ \t]*=[ \t]*/) {
  head = substr($0, 1, RLENGTH)
  tail = substr($0, RLENGTH + 1)
  name = head
  sub(/[ \t]*=[ \t]*$/, "", name)
  sub(/^[ \t]*(export[ \t]+)?/, "", name)
  if (name in values) {
    quote = substr(tail, 1, 1)
    end = quote == "\"" || quote == "\047" ? index(substr(tail, 2), quote) : 0
    if (end == 0) quote = ""
    rest = ""
    if (end > 0) rest = substr(tail, end + 2)
    else if (match(tail, /[ \t]+#.*$|[ \t\r]+$/)) rest = substr(tail, RSTART)
    print head quote values[name] quote rest
    there[name] = 1
    next
  }
}
{ print }
END { for (i = 1; i <= count; i++) if (!(names[i] in there)) print names[i] "=" values[names[i]] }
`.trim();

/** Of the same owner all along, or root's alone: else somebody could put a link where root writes. */
const findOwner = [
  'owner=$(stat -c %U -- "$path")',
  'others() { [[ $(stat -c %u -- "$1") != 0 || -n $(find "$1" -maxdepth 0 -perm /022) ]]; }',
  'if [[ $owner == root ]]; then',
  '  at=$(realpath -- "$folder")',
  '  while :; do',
  `    if others "$at"; then fail ${jobExits.notInState} "$path is root's, but not $at alone: it is not changed"; fi`,
  '    [[ $at != / ]] || break',
  '    at=$(dirname -- "$at")',
  '  done',
  'else',
  `  [[ $(stat -c %U -- "$folder") == "$owner" ]] || fail ${jobExits.notInState} "$path is $owner's, $folder is not: it is not changed"`,
  'fi',
];

export function setValuesScript(action: ActionOf<'setValues'>): Script {
  const wanted = action.values.map(({ name, value }) => `${name}=${value}`).join(' ');
  return {
    isGentle: false,
    lines: [
      failFunction,
      assign('path', action.path),
      'folder=$(dirname -- "$path")',
      `[[ -e $path ]] || fail ${jobExits.missing} "$path is not there"`,
      `[[ -f $path && ! -L $path ]] || fail ${jobExits.notInState} "$path is no plain file: it is not changed"`,
      ...findOwner,
      'cd -P -- "$folder"',
      `runuser -u "$owner" -- bash -euo pipefail -s -- "$(basename -- "$path")" ${shellQuote(wanted)} <<'AS_OWNER'`,
      'file=$1 wanted=$2 new=.$1.baton-new',
      `trap 'rm -f -- "$new"' EXIT`,
      'rm -f -- "$new"',
      'cp -a --attributes-only -- "$file" "$new"',
      'attributes() { stat -c %U:%G:%a -- "$1"; }',
      `[[ $(attributes "$new") == "$(attributes "$file")" ]] || { echo "owner, group and mode of $file cannot be kept: it is not changed" >&2; exit ${jobExits.notInState}; }`,
      `awk -v wanted="$wanted" ${shellQuote(replaceValues)} <"$file" >"$new"`,
      'if ! cmp -s -- "$new" "$file"; then',
      '  sync -- "$new"',
      '  mv -T -- "$new" "$file"',
      '  sync -- .',
      'fi',
      'AS_OWNER',
    ],
  };
}

/** Values of a file's text by name; the last one counts, as it does for sh. */
export function valuesIn(text: string, names: readonly string[]): { name: string; value: string }[] {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, name = '', tail = ''] =
      /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*(.*)$/.exec(line) ?? [];
    if (!names.includes(name)) continue;
    const quoted = /^(["'])(.*?)\1/.exec(tail);
    found.set(name, quoted?.[2] ?? tail.replace(/(?:^|[ \t]+)#.*$/, '').trimEnd());
  }
  return names.flatMap((name) => {
    const value = found.get(name);
    return value === undefined ? [] : [{ name, value }];
  });
}

/** What a person would type to see them. */
export const readValuesLine = ({ path, names }: ActionOf<'readValues'>): string =>
  shellLine([
    'grep',
    '-E',
    `^[[:space:]]*(export +)?(${names.map((name) => name.replaceAll('.', '\\.')).join('|')}) *=`,
    path,
  ]);
