// `db-upgrade` and `plan db-upgrade`: PostgreSQL of both nodes to another major version, and the dry run of it.
import { type Command, Option } from '@commander-js/extra-typings';
import { fail, ok, type Result } from '../../../shared/failures.ts';
import { asTold, carryOut, compile } from '../change.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Shell } from '../shell.ts';
import {
  acceptArgument,
  acceptOption,
  atOption,
  commandWith,
  jsonOption,
  nameArgument,
  withStartOptions,
} from './arguments.ts';
import { markdownOption, sayPlan } from './plan-output.ts';

const toOption = ['--to <MAJOR>', 'the major version of PostgreSQL to end with, such as 17'] as const;
const modeOption = () =>
  new Option(
    '--mode <MODE>',
    'copy: the old server stays whole beside the new one; link: faster and without room, but going back is a restore once the new one was started',
  )
    .choices(['copy', 'link'] as const)
    .default('copy' as const);
const standbyOption = () =>
  new Option(
    '--standby <WAY>',
    'promote: as the guide says, the standby becomes a temporary master that no client may reach, and is upgraded; rebuild: it is only stopped, and made anew from the upgraded master',
  )
    .choices(['promote', 'rebuild'] as const)
    .default('promote' as const);

export function dbUpgradeCommand(shell: Shell) {
  return withStartOptions(
    commandWith(
      'db-upgrade',
      'Upgrade PostgreSQL on master and standby to another major version in the order of the guide, failover suspended meanwhile, and set replication up again. The packages of the new version must be installed on both. Shows the plan, the predicted outage and suspension time, and asks. The old servers are kept, stopped, until `baton run finalize`.',
      [
        'baton db-upgrade lab --to 17',
        'baton db-upgrade lab --to 17 --mode link --standby rebuild --yes --detach --change CHG-4711',
        'baton run finalize latest          # weeks later: the old servers are removed',
      ],
    )
      .argument('<CLUSTER>')
      .requiredOption(...toOption)
      .addOption(modeOption())
      .addOption(standbyOption())
      .option(...atOption)
      .addOption(acceptOption()),
  )
    .option(...jsonOption)
    .action(async (cluster, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const wanted = wantedDatabase(cluster, options);
        if (!wanted.ok) return wanted;
        return await carryOut(client, io, { ...wanted.value, ...asTold(options) });
      });
    });
}

export function planDbUpgradeCommand(shell: Shell): Command {
  return commandWith(
    'db-upgrade',
    'The dry run of `baton db-upgrade`: every step with its exact command lines, conditions, limits and way back. Reads the nodes, touches nothing.',
    ['baton plan db-upgrade lab --to 17', 'baton plan db-upgrade lab --to 17 --mode link --markdown > plan.md'],
  )
    .argument('<CLUSTER>')
    .requiredOption(...toOption)
    .addOption(modeOption())
    .addOption(standbyOption())
    .addOption(acceptOption())
    .option(...markdownOption)
    .option(...jsonOption)
    .action(async (cluster, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const wanted = wantedDatabase(cluster, options);
        if (!wanted.ok) return wanted;
        const plan = await compile(client, wanted.value, 'look');
        if (!plan.ok) return plan;
        sayPlan(io, plan.value, options);
        return ok(exitCodes.done);
      });
    }) as unknown as Command;
}

function wantedDatabase(
  cluster: string,
  options: { to: string; mode: 'copy' | 'link'; standby: 'promote' | 'rebuild'; accept?: string[] | undefined },
) {
  const { to, mode, standby } = options;
  const name = nameArgument('cluster', cluster);
  if (!name.ok) return name;
  const major = majorArgument(to);
  if (!major.ok) return major;
  const accept = acceptArgument(options.accept);
  if (!accept.ok) return accept;
  const parameters = { to: major.value, mode, standby, ...accept.value };
  return ok({ plan: 'db-upgrade' as const, cluster: name.value, parameters });
}

/** A major version as typed: PostgreSQL has counted them as one number since 10. */
function majorArgument(text: string): Result<number> {
  if (/^[1-9]\d$/.test(text)) return ok(Number(text));
  return fail('bad-input', `--to ${JSON.stringify(text)}: must be a major version of PostgreSQL, such as 17`);
}
