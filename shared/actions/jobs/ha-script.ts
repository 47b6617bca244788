// runHaScript as a script: as the guide has it, `sh NAME` in the HA software's folder, by that folder's owner.
import type { ActionOf } from '../action.ts';
import type { NodeProfile } from '../command.ts';
import { shellQuote } from '../shell-quote.ts';
import type { Script } from './script.ts';

export function haScript(action: ActionOf<'runHaScript'>, profile: NodeProfile): Script {
  return {
    isGentle: false,
    lines: [
      `cd -- ${shellQuote(profile.haDirectory)}`,
      'owner=$(stat -c %U .)',
      'home=$(getent passwd "$owner" | cut -d: -f6)',
      // Its exit status is the job's, whatever that means to its authors.
      `exec runuser -u "$owner" -- env HOME="$home" USER="$owner" LOGNAME="$owner" sh ${shellQuote(action.script)}`,
    ],
  };
}
