// runHaScript as a script: as the guide has it, `sh NAME` in the HA software's folder, by that folder's owner.
import type { ActionOf } from '../action.ts';
import type { NodeProfile } from '../command.ts';
import { shellQuote } from '../shell-quote.ts';
import { jobExits } from './job.ts';
import { assign, failFunction, type Script } from './script.ts';

export function haScript(action: ActionOf<'runHaScript'>, profile: NodeProfile): Script {
  return {
    isGentle: false,
    lines: [
      failFunction,
      assign('script', action.script),
      `cd -P -- ${shellQuote(profile.haDirectory)}`,
      'owner=$(stat -c %U .)',
      '# Of this very folder: what its name led to a moment ago may have been another one.',
      'strange=(-perm /022 -o ! -user root)',
      '[[ $owner == root ]] || strange=(-perm /002)',
      `[[ -z $(find -L . ./"$script" -maxdepth 0 \\( "\${strange[@]}" \\)) ]] || fail ${jobExits.notInState} "others than $owner may write to $PWD or its $script: it is not run"`,
      'home=$(getent passwd "$owner" | cut -d: -f6)',
      // Its exit status is the job's, whatever that means to its authors.
      `exec runuser -u "$owner" -- env HOME="$home" USER="$owner" LOGNAME="$owner" sh "$script"`,
    ],
  };
}
