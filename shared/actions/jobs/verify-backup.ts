// verifyBackup as a script: every sum read again from the disk, and every archive listed to its end.
import type { ActionOf } from '../action.ts';
import type { NodeProfile } from '../command.ts';
import { shellQuote } from '../shell-quote.ts';
import { jobExits } from './job.ts';
import { partFolder } from './places.ts';
import { assign, databaseFunctions, failFunction, type Script } from './script.ts';
import { trialRestore } from './trial-restore.ts';

/** Compares every sum; the names of files that differ are in `differing`. In the part's folder. */
export const checkSums = (folder: string): string =>
  `sha256sum --check --strict --quiet SHA256SUMS >${shellQuote(`${folder}/differing`)} || fail ${jobExits.differs} "files differ from what was backed up"`;

/** Changes into a part that is whole. */
export const enterPart = (at: { directory: string; backup: string; part: string }): string[] => [
  assign('part', partFolder(at)),
  `cd "$part" || fail ${jobExits.missing} "there is no backup $part"`,
];

export function verifyBackupScript(action: ActionOf<'verifyBackup'>, profile: NodeProfile, folder: string): Script {
  const list =
    action.part === 'database'
      ? [
          ...databaseFunctions(profile),
          'find_programs "$(cat major)"',
          `"$bin/pg_restore" --list dump >/dev/null || fail ${jobExits.differs} "the dump cannot be listed"`,
          `tar --list --file=settings.tar >/dev/null || fail ${jobExits.differs} "settings.tar cannot be listed"`,
          ...(action.trialRestore ? trialRestore(profile, folder) : []),
        ]
      : [
          'for archive in tree-*.tar; do',
          `  tar --list --file="$archive" >/dev/null || fail ${jobExits.differs} "$archive cannot be listed"`,
          'done',
        ];
  return {
    isGentle: true,
    lines: [
      failFunction,
      ...enterPart(action),
      'rm -f verified.json',
      'echo "reading sums"',
      checkSums(folder),
      'echo "listing"',
      ...list,
    ],
  };
}
