// `failover`: whether the observer is armed, and suspending or arming it without an upgrade around.
import type { FailoverDocument } from '../../../shared/documents.ts';
import { ok } from '../../../shared/failures.ts';
import { asTold, carryOut } from '../change.ts';
import { readingTimeoutMs } from '../client.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Shell } from '../shell.ts';
import { failoverLine } from '../view/fleet-view.ts';
import { commandWith, jsonOption, nameArgument } from './arguments.ts';

export function failoverCommand(shell: Shell) {
  return commandWith('failover', 'Show, suspend or arm the automatic failover of a cluster, without an upgrade.', [
    'baton failover show lab',
    'baton failover suspend lab',
    'baton failover arm lab --yes',
  ])
    .addCommand(showCommand(shell))
    .addCommand(
      changeCommand(
        shell,
        'suspend',
        'Stop and mask the observer, so that nothing fails over, over reboots too. An alarm comes at the deadline of the cluster file (limits.suspension).',
      ),
    )
    .addCommand(
      changeCommand(shell, 'arm', 'Start the observer again, once the portal answers and replication streams.'),
    );
}

function showCommand(shell: Shell) {
  return commandWith(
    'show',
    'Say whether failover is armed, or since when and by which run it is suspended. Ends with 4 when the observer cannot be asked.',
    ['baton failover show lab --json'],
  )
    .argument('<CLUSTER>')
    .option(...jsonOption)
    .action(async (cluster, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const name = nameArgument('cluster', cluster);
        if (!name.ok) return name;
        const answer = await client.call<FailoverDocument>('showFailover', { cluster: name.value }, readingTimeoutMs);
        if (!answer.ok) return answer;
        if (options.json) io.document(answer.value);
        else io.say(failoverLine(answer.value, io.paint));
        // Unknown is what the coordinator says when the observer's node could not be asked.
        return ok(answer.value.state === 'unknown' ? exitCodes.outOfReach : exitCodes.done);
      });
    });
}

function changeCommand(shell: Shell, verb: 'suspend' | 'arm', description: string) {
  return commandWith(verb, description, [`baton failover ${verb} lab`, `baton failover ${verb} lab --yes`])
    .argument('<CLUSTER>')
    .option('--yes', 'do not ask; needed without a terminal')
    .option('--detach', 'return as soon as the run has started')
    .option('--reason <TEXT>', 'why, for the journal')
    .option(...jsonOption)
    .action(async (cluster, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const name = nameArgument('cluster', cluster);
        if (!name.ok) return name;
        return await carryOut(client, io, {
          plan: `failover-${verb}`,
          cluster: name.value,
          parameters: {},
          ...asTold(options),
        });
      });
    });
}
