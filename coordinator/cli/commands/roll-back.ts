// `run rollback`, `run finalize` and `plan rollback`: going back from a run, giving up the way forward again, and the dry
// run of it. What is restored is the coordinator's to say.
import type { RunDocument } from '../../../shared/documents.ts';
import { ok, type Result } from '../../../shared/failures.ts';
import { asTold, carryOut, compile } from '../change.ts';
import type { OperatorClient } from '../client.ts';
import { exitCodes } from '../exit-codes.ts';
import { runArgument } from '../run-end.ts';
import type { Shell } from '../shell.ts';
import { commandWith, jsonOption, nameArgument } from './arguments.ts';
import { markdownOption, sayPlan } from './plan-output.ts';

const verbs = {
  rollback:
    'Go back to the state before a run: restore what its installers changed, services and observer as before. A run that stands is ended for it, cluster and suspension pass on. Shows the plan, what it costs, and asks; it is a run of its own, and its exit code 0 says that everything is as before.',
  finalize:
    'Give up what a rollback has kept: drops the database that it set aside, with what was written after the backup. Shows the plan and asks.',
} as const;

export function rollbackCommand(shell: Shell, verb: keyof typeof verbs) {
  return commandWith(verb, verbs[verb], [
    `baton run ${verb} latest`,
    `baton run ${verb} latest --yes --change CHG-4711 --reason "not tonight"`,
  ])
    .argument('<RUN>')
    .option('--yes', 'do not ask; needed without a terminal')
    .option('--detach', 'return as soon as the run has started')
    .option('--change <ID>', 'number of the change request, for the journal')
    .option('--reason <TEXT>', 'why, for the journal')
    .option(...jsonOption)
    .action(async (text, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const of = await runOf(client, text);
        if (!of.ok) return of;
        return await carryOut(client, io, {
          plan: verb,
          cluster: of.value.cluster,
          parameters: { of: of.value.id },
          after: of.value.id,
          ...asTold(options),
        });
      });
    });
}

export function planRollbackCommand(shell: Shell) {
  return commandWith(
    'rollback',
    'The dry run of `baton run rollback`: every step with its exact command lines, and what going back costs. Reads the nodes and the run, touches nothing; a run that stands goes on standing.',
    ['baton plan rollback lab --of latest', 'baton plan rollback lab --of upgrade-1a2b3c4d --markdown > plan.md'],
  )
    .argument('<CLUSTER>')
    .requiredOption('--of <RUN>', 'the run to go back from')
    .option(...markdownOption)
    .option(...jsonOption)
    .action(async (cluster, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const name = nameArgument('cluster', cluster);
        if (!name.ok) return name;
        const of = await runArgument(client, options.of);
        if (!of.ok) return of;
        const wanted = { plan: 'rollback' as const, cluster: name.value, parameters: { of: of.value } };
        const plan = await compile(client, wanted, 'look');
        if (!plan.ok) return plan;
        sayPlan(io, plan.value, options);
        return ok(exitCodes.done);
      });
    });
}

async function runOf(client: OperatorClient, text: string): Promise<Result<RunDocument>> {
  const run = await runArgument(client, text);
  return run.ok ? await client.call<RunDocument>('showRun', { run: run.value }) : run;
}
