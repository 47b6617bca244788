// `run rollback`, `run finalize` and `plan rollback`: going back from a run, giving up the way forward again, and the dry
// run of it. What is restored is the coordinator's to say.
import { Option } from '@commander-js/extra-typings';
import type { RunDocument } from '../../../shared/documents.ts';
import { fail, ok, type Result } from '../../../shared/failures.ts';
import { databaseWays } from '../../plans/database-ways.ts';
import { asTold, carryOut, compile } from '../change.ts';
import type { OperatorClient } from '../client.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { runArgument } from '../run-end.ts';
import type { Shell } from '../shell.ts';
import { commandWith, jsonOption, nameArgument, withStartOptions } from './arguments.ts';
import { markdownOption, sayPlan } from './plan-output.ts';
import { identityOf, readRelease } from './release-file.ts';

const verbs = {
  rollback:
    'Go back to the state before a run: restore what its installers changed, services and observer as before. A run that stands is ended for it, cluster and suspension pass on. Shows the plan, what it costs, and asks; it is a run of its own, and its exit code 0 says that everything is as before.',
  finalize:
    'Give up what a run has kept for the way back: of a rollback the database that it set aside, with what was written after the backup; of a database upgrade the old servers; of a recovery the data that it replaced. Shows the plan and asks.',
} as const;

const installer = '/root/MotadataServiceOpsCommonUpgrade_V860';
const reinstallOption = [
  '--reinstall <FILE>',
  'the previous version’s installer, on this machine: it is run instead of restoring the application from the run’s backup',
] as const;
const sumOption = ['--sha256 <SUM>', 'refuse the installer unless this is its SHA-256'] as const;

const databaseOption = () =>
  new Option(
    '--database <WAY>',
    'restore: in any case, the present one is set aside; keep: not, only where its schema is the backup’s; left out: kept where nothing was written to it since the installer was about to start, else restored',
  ).choices(databaseWays);

const databaseOf = ({ database }: { database?: string | undefined }) => (database === undefined ? {} : { database });

export function rollbackCommand(shell: Shell) {
  return runCommand('rollback', [
    'baton run rollback latest',
    'baton run rollback latest --yes --change CHG-4711 --reason "not tonight"',
    `baton run rollback latest --reinstall ${installer}`,
  ])
    .option(...reinstallOption)
    .option(...sumOption)
    .addOption(databaseOption())
    .option('--snapshots', 'not carried out by Baton: says how machines are put back to their VM snapshots by hand')
    .action(async (text, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        if (options.snapshots) return byHand(text);
        const release = await previousRelease(io, options);
        if (!release.ok) return release;
        const of = await runOf(client, text);
        if (!of.ok) return of;
        return await carryOut(client, io, {
          plan: 'rollback',
          cluster: of.value.cluster,
          parameters: { of: of.value.id, ...databaseOf(options), ...release.value.parameters },
          after: of.value.id,
          ...release.value.upload,
          ...asTold(options),
        });
      });
    });
}

/** A machine that is put back has forgotten what its agent has carried out since: nobody but a person may trust it again. */
const byHand = (run: string): Result<never> =>
  fail(
    'bad-input',
    `VM snapshots are not restored by Baton, nothing was touched: a machine that is put back no longer knows what its agent has carried out since, and could do it again. By hand, with failover suspended: restore the snapshots baton-RUN of master and standby together, never of one alone; then for each of them baton node revoke NODE and baton node add NODE, and run the line that this prints on the node; then baton run abort ${run} where that run still stands, baton check CLUSTER, baton failover arm CLUSTER`,
  );

export function finalizeCommand(shell: Shell) {
  return runCommand('finalize', [
    'baton run finalize latest',
    'baton run finalize latest --yes --change CHG-4711 --reason "it stays"',
  ]).action(async (text, options) => {
    await shell.withCoordinator(options, async (client, io) => {
      const of = await runOf(client, text);
      if (!of.ok) return of;
      return await carryOut(client, io, {
        plan: 'finalize',
        cluster: of.value.cluster,
        parameters: { of: of.value.id },
        after: of.value.id,
        ...asTold(options),
      });
    });
  });
}

const runCommand = (verb: keyof typeof verbs, examples: string[]) =>
  withStartOptions(commandWith(verb, verbs[verb], examples).argument('<RUN>')).option(...jsonOption);

/** The installer that is named, as plans know it and as it is uploaded; nothing of both where none is. */
async function previousRelease(
  io: Io,
  { reinstall, sha256 }: { reinstall?: string | undefined; sha256?: string | undefined },
) {
  if (reinstall === undefined)
    return sha256 === undefined
      ? ok({ parameters: {}, upload: {} })
      : fail('bad-input', '--sha256 is of the installer that --reinstall names, and none is named');
  const release = await readRelease(io, reinstall, { sha256, option: '--reinstall' });
  if (!release.ok) return release;
  return ok({ parameters: { release: identityOf(release.value) }, upload: { release: release.value } });
}

export function planRollbackCommand(shell: Shell) {
  return commandWith(
    'rollback',
    'The dry run of `baton run rollback`: every step with its exact command lines, and what going back costs. Reads the nodes and the run, touches nothing; a run that stands goes on standing.',
    ['baton plan rollback lab --of latest', 'baton plan rollback lab --of upgrade-1a2b3c4d --markdown > plan.md'],
  )
    .argument('<CLUSTER>')
    .requiredOption('--of <RUN>', 'the run to go back from')
    .option(...reinstallOption)
    .option(...sumOption)
    .addOption(databaseOption())
    .option(...markdownOption)
    .option(...jsonOption)
    .action(async (cluster, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const name = nameArgument('cluster', cluster);
        if (!name.ok) return name;
        const release = await previousRelease(io, options);
        if (!release.ok) return release;
        const of = await runArgument(client, options.of);
        if (!of.ok) return of;
        const wanted = {
          plan: 'rollback' as const,
          cluster: name.value,
          parameters: { of: of.value, ...databaseOf(options), ...release.value.parameters },
        };
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
