// `run`: looking at runs. What an operator decides about one is in run-decision.ts, its journal in run-journal.ts.
import type { RunDocument, RunsDocument } from '../../../shared/documents.ts';
import { ok } from '../../../shared/failures.ts';
import { exitCodes } from '../exit-codes.ts';
import { followToEnd, runArgument } from '../run-end.ts';
import type { Shell } from '../shell.ts';
import { runsView } from '../view/fleet-view.ts';
import { runView } from '../view/recap.ts';
import { commandWith, jsonOption, nameArgument } from './arguments.ts';
import { finalizeCommand, rollbackCommand } from './roll-back.ts';
import { decisionCommands } from './run-decision.ts';
import { exportCommand, logsCommand, verifyCommand } from './run-journal.ts';

export function runCommand(shell: Shell) {
  const command = commandWith('run', 'Look at runs and decide about one that stands still. RUN is an id or `latest`.', [
    'baton run ls',
    'baton run watch latest',
    'baton run retry latest',
    'baton run abort latest --reason "not tonight"',
    'baton run rollback latest',
  ]).helpGroup('Runs:');
  for (const part of [
    listCommand(shell),
    showCommand(shell),
    watchCommand(shell),
    logsCommand(shell),
    ...decisionCommands(shell),
    rollbackCommand(shell),
    finalizeCommand(shell),
    exportCommand(shell),
    verifyCommand(shell),
  ])
    command.addCommand(part);
  return command;
}

function listCommand(shell: Shell) {
  return commandWith('ls', 'List runs, the newest first.', ['baton run ls --cluster lab', 'baton run ls --json'])
    .option('--cluster <CLUSTER>', 'only those of this cluster')
    .option(...jsonOption)
    .action(async (options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const name = options.cluster === undefined ? undefined : nameArgument('cluster', options.cluster);
        if (name && !name.ok) return name;
        const answer = await client.call<RunsDocument>('listRuns', name ? { cluster: name.value } : {});
        if (!answer.ok) return answer;
        if (options.json) io.document(answer.value);
        else io.say(runsView(answer.value));
        return ok(exitCodes.done);
      });
    });
}

function showCommand(shell: Shell) {
  return commandWith(
    'show',
    'Show a run as it is now: its steps, and when it stands still what happened, what runs and what is down, and what can be done.',
    ['baton run show latest', 'baton run show latest --json | jq -r .status'],
  )
    .argument('<RUN>')
    .option(...jsonOption)
    .action(async (text, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const run = await runArgument(client, text);
        if (!run.ok) return run;
        const answer = await client.call<RunDocument>('showRun', { run: run.value });
        if (!answer.ok) return answer;
        if (options.json) io.document(answer.value);
        else io.say(runView(answer.value, io.paint));
        return ok(exitCodes.done);
      });
    });
}

function watchCommand(shell: Shell) {
  return commandWith(
    'watch',
    'Follow a run until it ends or stands still; the exit code tells how. Ctrl-C only leaves the view (130).',
    ['baton run watch latest'],
  )
    .argument('<RUN>')
    .option(...jsonOption)
    .action(async (text, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const run = await runArgument(client, text);
        if (!run.ok) return run;
        return await followToEnd(client, io, run.value, 'start');
      });
    });
}
