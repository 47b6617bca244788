// mergeFiles as a script, and the comparison that readMissingFiles makes with the same words: what another node has below a
// folder is brought here. Nothing here is removed, and nothing that is newer here is replaced.
import type { ActionOf } from '../action.ts';
import { shellLine, shellQuote } from '../shell-quote.ts';
import { jobExits } from './job.ts';
import { assign, failFunction, type Script } from './script.ts';

const ssh = 'ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=10 -o ServerAliveCountMax=6';

/** rsync from the other node; one line for each thing that differs: `what bytes name`. */
export function mergeWords({ root, from }: { root: string; from: string }, more: readonly string[] = []): string[] {
  const host = from.includes(':') ? `[${from}]` : from;
  return [
    ...[
      'rsync',
      ...more,
      '-aHAX',
      '--numeric-ids',
      '--update',
      '--omit-dir-times',
      '--one-file-system',
      '--no-devices',
      '--no-specials',
      '--chmod=Fug-s',
      // Of what else is said of a file only what its owner could say: no capabilities, no labels of another machine.
      '--filter=-x! user.*',
      '--protect-args',
    ],
    ...['--out-format=%i %l %n', '-e', ssh, '--', `root@${host}:${root}/`, `${root}/`],
  ];
}

/** Files, links and hard links whose content comes from there; `+` says that there is none here. */
export const differingFile = /^(?:>f|cL|hf)(\S+) (\d+) (.*)$/;

/** A million lines are as little trouble as one. */
const sumUp = (file: string): string =>
  [
    'awk',
    shellQuote(
      [
        '/^(>f|cL|hf)/ { files++; bytes += $2; if (files % 1000 == 0) printf "%d files, %d bytes\\n", files, bytes >"/dev/stderr" }',
        'END { printf "%d %.0f\\n", files, bytes }',
      ].join(' '),
    ),
    `>${shellQuote(file)}`,
  ].join(' ');

export function mergeFilesScript(action: ActionOf<'mergeFiles'>, folder: string): Script {
  const rsync = (...more: string[]) => shellLine(mergeWords(action, more));
  return {
    isGentle: false,
    lines: [
      failFunction,
      assign('root', action.root),
      assign('from', action.from),
      `command -v rsync >/dev/null || fail ${jobExits.missing} 'rsync is not installed on this node'`,
      `[[ -d $root ]] || fail ${jobExits.missing} "there is no folder $root"`,
      `${ssh} -- "root@$from" true || fail ${jobExits.unreachable} "ssh does not reach root@$from: that needs root's key, and its host's in known_hosts"`,
      'echo "comparing $root with that of $from"',
      `${rsync('-n')} | ${sumUp(`${folder}/missing`)}`,
      `read -r files bytes <${shellQuote(`${folder}/missing`)}`,
      'free=$(($(stat -f -c "%a * %S" -- "$root")))',
      `((free > bytes)) || fail ${jobExits.noRoom} "$files files of $from need $bytes bytes in $root, $free are free; nothing was brought"`,
      'echo "bringing $files files, $bytes bytes"',
      `${rsync()} | ${sumUp(`${folder}/merged`)}`,
      'sync -f -- "$root"',
    ],
  };
}
