// `backup`: taking one now, what lies on the nodes, and reading one again to see that it can be restored.
import type { BackupsDocument } from '../../../shared/backup-documents.ts';
import { fail, ok, type Result } from '../../../shared/failures.ts';
import { asTold, carryOut, compile } from '../change.ts';
import { type OperatorClient, readingTimeoutMs } from '../client.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Shell } from '../shell.ts';
import { backupsView } from '../view/backup-view.ts';
import { atOption, commandWith, jsonOption, nameArgument, withStartOptions } from './arguments.ts';
import { markdownOption, sayPlan } from './plan-output.ts';

export function backupCommand(shell: Shell) {
  return commandWith(
    'backup',
    'Take backups of a cluster, list them, and verify that they can be restored. What is backed up and where to says the key `backup:` of the cluster file; upgrades take one by themselves.',
    ['baton backup take lab', 'baton backup ls lab', 'baton backup verify lab latest --trial-restore'],
  )
    .addCommand(takeCommand(shell))
    .addCommand(listCommand(shell))
    .addCommand(verifyCommand(shell));
}

function takeCommand(shell: Shell) {
  return withStartOptions(
    commandWith(
      'take',
      'Back up application, files, database and configuration onto the nodes, and verify what was written. Services go on. Older backups go by the rule of the cluster file.',
      ['baton backup take lab', 'baton backup take lab --yes --detach --reason "before the audit"'],
    )
      .argument('<CLUSTER>')
      .option('--snapshots', 'also VM snapshots, as before an upgrade')
      .option(...atOption),
  )
    .option(...jsonOption)
    .action(async (cluster, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const name = nameArgument('cluster', cluster);
        if (!name.ok) return name;
        return await carryOut(client, io, {
          plan: 'backup',
          cluster: name.value,
          parameters: { snapshots: options.snapshots === true },
          ...asTold(options),
        });
      });
    });
}

/** `plan backup`. */
export function planBackupCommand(shell: Shell) {
  return commandWith(
    'backup',
    'The dry run of `baton backup take`: every part with its exact command lines, and which older backups it removes. Reads the nodes, touches nothing.',
    ['baton plan backup lab', 'baton plan backup lab --markdown > plan.md'],
  )
    .argument('<CLUSTER>')
    .option('--snapshots', 'also VM snapshots, as before an upgrade')
    .option(...markdownOption)
    .option(...jsonOption)
    .action(async (cluster, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const name = nameArgument('cluster', cluster);
        if (!name.ok) return name;
        const parameters = { snapshots: options.snapshots === true };
        const plan = await compile(client, { plan: 'backup', cluster: name.value, parameters }, 'look');
        if (!plan.ok) return plan;
        sayPlan(io, plan.value, options);
        return ok(exitCodes.done);
      });
    });
}

function listCommand(shell: Shell) {
  return commandWith(
    'ls',
    'List what lies on the nodes, the newest first: whole or not, verified or not, and when the schedule asks for the next. Ends with 4 when a node cannot be asked.',
    ['baton backup ls lab', "baton backup ls lab --json | jq -r '.backups[0].id'"],
  )
    .argument('<CLUSTER>')
    .option(...jsonOption)
    .action(async (cluster, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const answer = await listBackups(client, cluster);
        if (!answer.ok) return answer;
        if (options.json) io.document(answer.value);
        else io.say(backupsView(answer.value, io.paint));
        const isUnread = answer.value.nodes.some(({ failure }) => failure !== undefined);
        return ok(isUnread ? exitCodes.outOfReach : exitCodes.done);
      });
    });
}

function verifyCommand(shell: Shell) {
  return commandWith(
    'verify',
    'Read a backup again from the disks: checksums, lists of contents, and with --trial-restore the database restored into a scratch cluster and its rows counted. Changes nothing but the note that it was verified. BACKUP is an id of `backup ls` or `latest`.',
    ['baton backup verify lab', 'baton backup verify lab upgrade-1a2b3c4d --trial-restore'],
  )
    .argument('<CLUSTER>')
    .argument('[BACKUP]', 'its id, or `latest`', 'latest')
    .option('--trial-restore', 'restore the database into a scratch cluster on its node, and remove that again')
    .option('--detach', 'return as soon as the run has started')
    .option('--reason <TEXT>', 'why, for the journal')
    .option(...jsonOption)
    .action(async (cluster, backup, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const wanted = await backupArgument(client, cluster, backup);
        if (!wanted.ok) return wanted;
        return await carryOut(client, io, {
          plan: 'backup-verify',
          cluster,
          parameters: { backup: wanted.value, trialRestore: options.trialRestore === true },
          // It only reads: there is nothing that a yes would be given to.
          ...asTold({ ...options, yes: true }),
        });
      });
    });
}

async function listBackups(client: OperatorClient, cluster: string): Promise<Result<BackupsDocument>> {
  const name = nameArgument('cluster', cluster);
  if (!name.ok) return name;
  return await client.call<BackupsDocument>('listBackups', { cluster: name.value }, readingTimeoutMs);
}

const backupPattern = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** The id behind what was typed; the coordinator knows whether it is there. */
async function backupArgument(client: OperatorClient, cluster: string, text: string): Promise<Result<string>> {
  if (!backupPattern.test(text))
    return fail('bad-input', `${JSON.stringify(text)} is no backup; see: baton backup ls ${cluster}`);
  if (text !== 'latest') return ok(text);
  const all = await listBackups(client, cluster);
  if (!all.ok) return all;
  const newest = all.value.backups[0];
  return newest ? ok(newest.id) : fail('not-found', `there is no backup of cluster ${cluster} yet`);
}
