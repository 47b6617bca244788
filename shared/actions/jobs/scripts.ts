// Which file writes the script of which job, and the command lines that start a job.
import { unitOfKey } from '../../key.ts';
import type { ActionOf } from '../action.ts';
import type { Command, CommandContext, NodeProfile, OwnWork } from '../command.ts';
import { shellQuote } from '../shell-quote.ts';
import { startUnit } from '../systemd-commands.ts';
import { backUpDatabaseScript } from './back-up-database.ts';
import { backUpFilesScript } from './back-up-files.ts';
import { haScript } from './ha-script.ts';
import type { JobAction } from './job.ts';
import { mergeFilesScript } from './merge-files.ts';
import { dropDatabaseScript, restoreDatabaseScript, returnDatabaseScript } from './restore-database.ts';
import { restoreFilesScript } from './restore-files.ts';
import { restoreServerScript } from './restore-server.ts';
import type { Script } from './script.ts';
import { dropAsidesScript } from './server-asides.ts';
import { copyServerScript } from './server-copy.ts';
import { createSlotScript, fenceScript, unfenceScript } from './server-fence.ts';
import { upgradeScript } from './server-upgrade.ts';
import { setValuesScript } from './set-values.ts';
import { verifyBackupScript } from './verify-backup.ts';

/** In the folder of a job that prunes: names of backups, one a line. */
export const outdatedFile = 'outdated';

export type ScriptAction = Exclude<JobAction, { kind: 'runInstaller' | 'runHook' }>;

/** Where the transient unit of a key leaves output.log and status. */
export function outputFolder(profile: NodeProfile, key: CommandContext['key']): string {
  return `${profile.outputDirectory}/${unitOfKey(key).replace(/\.service$/, '')}`;
}

/** The script that carries out a job. */
export function scriptOf(action: ScriptAction, profile: NodeProfile, folder: string): string {
  const { lines } = of(action, profile, folder);
  // What its programs say is read; an HA script’s own words are its authors’ affair.
  return `${[...(action.kind === 'runHaScript' ? [] : ['export LC_ALL=C.UTF-8']), ...lines].join('\n')}\n`;
}

/** The script written into the job's folder, then started as a unit. */
export function scriptCommands(action: ScriptAction, profile: NodeProfile, context: CommandContext): Command[] {
  const folder = outputFolder(profile, context.key);
  const file = `${folder}/job.sh`;
  const write: OwnWork = {
    by: 'agent',
    line: `cat >${shellQuote(file)} <<'JOB'\n${scriptOf(action, profile, folder)}JOB`,
  };
  const unit = { folder, workingDirectory: '/', isGentle: of(action, profile, folder).isGentle };
  return [write, startUnit(['/bin/bash', '-euo', 'pipefail', file], unit, context)];
}

/** Which ones go is decided by the agent just before it starts, and written beside the script. */
function pruneBackupsScript({ directory, keep, pins }: ActionOf<'pruneBackups'>, folder: string): Script {
  return {
    isGentle: true,
    lines: [
      `# ${outdatedFile}: what was not finished and what is beyond the newest ${keep}, but for ${pins.join(', ')}, and the last one of an upgrade.`,
      'while read -r name; do',
      `  backup=${shellQuote(directory)}/$name`,
      '  [[ -d $backup ]] || continue',
      '  echo "removing $backup"',
      '  # Without their manifests its parts are complete no more, also where it ends before all of them are gone.',
      '  find "$backup" -mindepth 2 -maxdepth 2 -name manifest.json -delete',
      '  sync -f -- "$backup"',
      '  rm -rf -- "$backup"',
      `done <${shellQuote(`${folder}/${outdatedFile}`)}`,
    ],
  };
}

function of(action: ScriptAction, profile: NodeProfile, folder: string): Script {
  switch (action.kind) {
    case 'backUpFiles':
      return backUpFilesScript(action, profile, folder);
    case 'backUpDatabase':
      return backUpDatabaseScript(action, profile);
    case 'verifyBackup':
      return verifyBackupScript(action, profile, folder);
    case 'pruneBackups':
      return pruneBackupsScript(action, folder);
    case 'restoreFiles':
      return restoreFilesScript(action, profile, folder);
    case 'restoreDatabase':
      return restoreDatabaseScript(action, profile, folder);
    case 'returnDatabase':
      return returnDatabaseScript(action, profile);
    case 'dropDatabase':
      return dropDatabaseScript(action, profile);
    case 'recordServer':
    case 'checkServerUpgrade':
    case 'stopServer':
    case 'upgradeServer':
    case 'startServer':
    case 'returnServer':
    case 'analyzeServer':
    case 'dropServer':
      return upgradeScript(action, profile, folder);
    case 'fenceServer':
      return fenceScript(profile);
    case 'unfenceServer':
      return unfenceScript(profile);
    case 'createSlot':
      return createSlotScript(action, profile);
    case 'copyServer':
      return copyServerScript(action, profile, folder);
    case 'restoreServer':
      return restoreServerScript(action, profile, folder);
    case 'dropAsides':
      return dropAsidesScript(action, profile);
    case 'setValues':
      return setValuesScript(action);
    case 'mergeFiles':
      return mergeFilesScript(action, folder);
    case 'runHaScript':
      return haScript(action, profile);
  }
}
