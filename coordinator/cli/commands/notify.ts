// `notify`: whether those whom the cluster file names are reached.
import { ok } from '../../../shared/failures.ts';
import type { NoticeTestDocument } from '../../../shared/notify-documents.ts';
import { formatDuration } from '../../../shared/units.ts';
import { readingTimeoutMs } from '../client.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Shell } from '../shell.ts';
import { clean } from '../view/text.ts';
import { commandWith, jsonOption, nameArgument } from './arguments.ts';

export function notifyCommand(shell: Shell) {
  return commandWith('notify', 'See whether e-mail and webhook of a cluster reach somebody.', [
    'baton notify test lab',
  ]).addCommand(testCommand(shell));
}

function testCommand(shell: Shell) {
  return commandWith(
    'test',
    'Send a notice now by each channel of the cluster file’s key `notify:`, once, and say what the servers answered. Ends with 1 when one did not take it.',
    ['baton notify test lab', 'baton notify test lab --json'],
  )
    .argument('<CLUSTER>')
    .option(...jsonOption)
    .action(async (cluster, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const name = nameArgument('cluster', cluster);
        if (!name.ok) return name;
        const answer = await client.call<NoticeTestDocument>('testNotice', { cluster: name.value }, readingTimeoutMs);
        if (!answer.ok) return answer;
        if (options.json) io.document(answer.value);
        else
          for (const { channel, to, taken, message, elapsedMs } of answer.value.channels)
            io.say(
              taken
                ? `${io.paint('green', 'taken')}   ${channel} to ${clean(to)} in ${formatDuration(elapsedMs)}`
                : `${io.paint('red', 'failed')}  ${channel} to ${clean(to)}: ${clean(message)}`,
            );
        return ok(answer.value.channels.every(({ taken }) => taken) ? exitCodes.done : exitCodes.failed);
      });
    });
}
