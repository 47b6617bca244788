// `recover` and `plan recover`: the guide's cluster recovery, from whatever is found. What is found and what is kept is the
// coordinator's to say; which side counts where nobody can tell is the operator's.
import { ok } from '../../../shared/failures.ts';
import { asTold, carryOut, compile } from '../change.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Shell } from '../shell.ts';
import { commandWith, jsonOption, nameArgument, withStartOptions } from './arguments.ts';
import { markdownOption, sayPlan } from './plan-output.ts';

const primaryOption = [
  '--primary <NODE>',
  'keep what this node’s database has; needed where nobody can tell which side is newer',
] as const;
const applicationOption = [
  '--application-from <RUN>',
  'restore the application of both nodes from the backup of this run',
] as const;
const databaseOption = [
  '--database-from <RUN>',
  'restore the database from the backup of this run; what is there is set aside',
] as const;

interface Options {
  primary?: string | undefined;
  applicationFrom?: string | undefined;
  databaseFrom?: string | undefined;
}

const parametersOf = ({ primary, applicationFrom, databaseFrom }: Options) => ({
  ...(primary !== undefined && { primary }),
  ...(applicationFrom !== undefined && { applicationFrom }),
  ...(databaseFrom !== undefined && { databaseFrom }),
});

export function recoverCommand(shell: Shell) {
  return withStartOptions(
    commandWith(
      'recover',
      'Bring an unstable cluster back to its assigned roles, from whatever is found: services stopped, the newer side of the database kept, the other one set aside and made its standby, files brought together, services in order, observer last. Shows the plan, what is found and what it costs, and asks. A run that stands is ended for it.',
      [
        'baton recover lab',
        'baton recover lab --primary n2 --reason "both were primary for ten minutes; n2 has the tickets"',
        'baton recover lab --database-from upgrade-1a2b3c4d --application-from upgrade-1a2b3c4d',
      ],
    )
      .argument('<CLUSTER>')
      .option(...primaryOption)
      .option(...applicationOption)
      .option(...databaseOption),
  )
    .option(...jsonOption)
    .action(async (cluster, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const name = nameArgument('cluster', cluster);
        if (!name.ok) return name;
        return await carryOut(client, io, {
          plan: 'recover',
          cluster: name.value,
          parameters: parametersOf(options),
          takesOver: true,
          ...asTold(options),
        });
      });
    });
}

export function planRecoverCommand(shell: Shell) {
  return commandWith(
    'recover',
    'The dry run of `baton recover`: what is found on both nodes, which side is kept, and every step with its exact command lines. Reads the nodes, touches nothing; a run that stands goes on standing.',
    ['baton plan recover lab', 'baton plan recover lab --primary n2 --markdown > plan.md'],
  )
    .argument('<CLUSTER>')
    .option(...primaryOption)
    .option(...applicationOption)
    .option(...databaseOption)
    .option(...markdownOption)
    .option(...jsonOption)
    .action(async (cluster, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const name = nameArgument('cluster', cluster);
        if (!name.ok) return name;
        const wanted = { plan: 'recover' as const, cluster: name.value, parameters: parametersOf(options) };
        const plan = await compile(client, wanted, 'look');
        if (!plan.ok) return plan;
        sayPlan(io, plan.value, options);
        return ok(exitCodes.done);
      });
    });
}
