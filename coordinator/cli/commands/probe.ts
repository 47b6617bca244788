// `probe`, `probes history` and `schedule`: how a cluster is night after night, and when Baton looks by itself.
import { randomUUID } from 'node:crypto';
import type { CheckDocument } from '../../../shared/documents.ts';
import { fail, ok } from '../../../shared/failures.ts';
import type {
  ProbeDocument,
  ProbesDocument,
  ScheduleChangedDocument,
  SchedulesDocument,
} from '../../../shared/probe-documents.ts';
import { minutes } from '../../../shared/units.ts';
import { exitCodes, exitOfVerdict } from '../exit-codes.ts';
import type { Shell } from '../shell.ts';
import { checkView } from '../view/check-view.ts';
import { probesView, probeView, schedulesView } from '../view/probe-view.ts';
import { commandWith, jsonOption, nameArgument } from './arguments.ts';

/** Looking at everything, and again at what did not pass. */
const probeTimeoutMs = minutes(15);

export function probeCommand(shell: Shell) {
  return commandWith(
    'probe',
    'Look at a whole cluster now, read-only, and keep what was found for its history: every check of `baton check`, and what is another than at the probe before.',
    ['baton probe lab', "baton probe lab --json | jq '.changes'"],
  )
    .argument('<CLUSTER>')
    .option(...jsonOption)
    .action(async (cluster, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const name = nameArgument('cluster', cluster);
        if (!name.ok) return name;
        if (io.canDraw) io.note('Looking at every node; what does not pass is looked at again …');
        const request = { cluster: name.value, requestId: randomUUID() };
        const taken = await client.call<ProbeDocument>('takeProbe', request, probeTimeoutMs);
        if (!taken.ok) return taken;
        const { verdict, checks } = taken.value;
        if (options.json) io.document(taken.value);
        else {
          const document: CheckDocument = { schema: 1, cluster: name.value, complete: true, verdict, checks };
          io.say(`${checkView(document, io.paint)}\n\n${probeView(taken.value, io.paint)}`);
        }
        return ok(exitOfVerdict(verdict));
      });
    });
}

export function probesCommand(shell: Shell) {
  const history = commandWith(
    'history',
    'How a cluster was at each probe, as a chart: every check that was ever bad, every figure that was measured, what changed last, and nights without a probe.',
    [
      'baton probes history lab',
      'baton probes history lab --last 90',
      "baton probes history lab --json | jq '.probes[-1].verdict'",
    ],
  )
    .argument('<CLUSTER>')
    .option('--last <COUNT>', 'the newest so many probes, at most 400', '60')
    .option(...jsonOption)
    .action(async (cluster, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const name = nameArgument('cluster', cluster);
        if (!name.ok) return name;
        const count = /^\d{1,3}$/.test(options.last) ? Number(options.last) : 0;
        if (count < 1 || count > 400)
          return fail('bad-input', `--last ${JSON.stringify(options.last)}: a number from 1 to 400`);
        const listed = await client.call<ProbesDocument>('listProbes', { cluster: name.value, count });
        if (!listed.ok) return listed;
        if (options.json) io.document(listed.value);
        else io.say(probesView(listed.value, io.paint));
        return ok(exitCodes.done);
      });
    });
  return commandWith('probes', 'What probes of a cluster have found over time.', [
    'baton probes history lab',
  ]).addCommand(history);
}

export function scheduleCommand(shell: Shell) {
  return commandWith(
    'schedule',
    'What the coordinator starts by itself: probes are added here, backups by the key `backup.schedule` of the cluster file. Schedules survive restarts and takeovers of coordinators.',
    [
      "baton schedule add lab --probe --cron '0 2 * * *' --timezone Asia/Kolkata",
      'baton schedule ls',
      'baton schedule rm lab --probe',
    ],
  )
    .addCommand(addCommand(shell))
    .addCommand(listCommand(shell))
    .addCommand(removeCommand(shell));
}

function addCommand(shell: Shell) {
  return commandWith(
    'add',
    'Have a cluster probed at each time of a schedule, once, whoever is restarted meanwhile. Changes, and times without a probe, are told by the key `notify` of the cluster file.',
    ["baton schedule add lab --probe --cron '0 2 * * *' --timezone Asia/Kolkata"],
  )
    .argument('<CLUSTER>')
    .requiredOption('--probe', 'a probe: the only thing that is scheduled here')
    .requiredOption('--cron <FIELDS>', 'minute, hour, day, month and weekday, in quotes')
    .requiredOption('--timezone <ZONE>', 'of these times, such as Asia/Kolkata or UTC')
    .option(...jsonOption)
    .action(async (cluster, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const name = nameArgument('cluster', cluster);
        if (!name.ok) return name;
        const { cron, timezone } = options;
        const added = await client.call<ScheduleChangedDocument>('addSchedule', {
          cluster: name.value,
          cron,
          timezone,
        });
        if (!added.ok) return added;
        if (options.json) io.document(added.value);
        else
          io.say(
            `${added.value.changed ? 'Scheduled' : 'Was scheduled already'}: probes of ${name.value} at ${cron} ${timezone}. See: baton schedule ls`,
          );
        return ok(exitCodes.done);
      });
    });
}

function listCommand(shell: Shell) {
  return commandWith('ls', 'List what starts by itself: when next, and when it did last.', [
    'baton schedule ls',
    "baton schedule ls --json | jq -r '.schedules[].nextAt'",
  ])
    .option(...jsonOption)
    .action(async (options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const listed = await client.call<SchedulesDocument>('listSchedules', {});
        if (!listed.ok) return listed;
        if (options.json) io.document(listed.value);
        else io.say(schedulesView(listed.value));
        return ok(exitCodes.done);
      });
    });
}

function removeCommand(shell: Shell) {
  return commandWith('rm', 'Remove a schedule of probes; the history stays.', ['baton schedule rm lab --probe'])
    .argument('<CLUSTER>')
    .requiredOption('--probe', 'the schedule of probes')
    .option(...jsonOption)
    .action(async (cluster, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const name = nameArgument('cluster', cluster);
        if (!name.ok) return name;
        const removed = await client.call<ScheduleChangedDocument>('removeSchedule', { cluster: name.value });
        if (!removed.ok) return removed;
        if (options.json) io.document(removed.value);
        else io.say(`Removed: ${name.value} is not probed by itself any more.`);
        return ok(exitCodes.done);
      });
    });
}
