// `upgrade`, `stage` and `plan upgrade`: the main job, its first part ahead of the window, and its dry run.
import type { Command } from '@commander-js/extra-typings';
import { ok } from '../../../shared/failures.ts';
import { asTold, carryOut, compile } from '../change.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Io } from '../io.ts';
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
import { planBackupCommand } from './backup.ts';
import { planDbUpgradeCommand } from './db-upgrade.ts';
import { markdownOption, sayPlan } from './plan-output.ts';
import { planRecoverCommand } from './recover.ts';
import { identityOf, readRelease, versionArgument } from './release-file.ts';
import { planRollbackCommand } from './roll-back.ts';

const installer = '/root/MotadataServiceOpsCommonUpgrade_V870';
const installerOption = ['--installer <FILE>', 'the vendor’s common installer, on this machine'] as const;
const sumOption = ['--sha256 <SUM>', 'refuse the installer unless this is its SHA-256'] as const;
const toOption = ['--to <VERSION>', 'the version to end with, such as 8.7.0'] as const;

export function upgradeCommand(shell: Shell) {
  return withStartOptions(
    commandWith(
      'upgrade',
      'Upgrade the application on master and standby in the order of the guide, failover suspended meanwhile. Shows the plan, the predicted outage and suspension time, and asks. Ctrl-C only leaves the view.',
      [
        `baton upgrade lab --installer ${installer} --to 8.7.0`,
        `baton upgrade lab --installer ${installer} --to 8.7.0 --yes --detach --change CHG-4711 --reason "quarterly"`,
        `baton upgrade lab --installer ${installer} --to 8.7.0 --accept files-equal="a copy is under way, CHG-4711"`,
      ],
    )
      .argument('<CLUSTER>')
      .requiredOption(...installerOption)
      .requiredOption(...toOption)
      .option(...sumOption)
      .option(...atOption)
      .addOption(acceptOption()),
  )
    .option(...jsonOption)
    .action(async (cluster, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const wanted = await wantedUpgrade(io, cluster, options);
        if (!wanted.ok) return wanted;
        return await carryOut(client, io, {
          ...wanted.value,
          ...asTold(options),
        });
      });
    });
}

export function stageCommand(shell: Shell) {
  return commandWith(
    'stage',
    'Copy the installer to both nodes and compare its sum there, ahead of the maintenance window. No service is touched; a later upgrade finds it in place.',
    [`baton stage lab --installer ${installer} --sha256 "$(cut -d' ' -f1 ${installer}.sha256)"`],
  )
    .argument('<CLUSTER>')
    .requiredOption(...installerOption)
    .option(...sumOption)
    .option('--yes', 'do not ask; needed without a terminal')
    .option('--detach', 'return as soon as the run has started')
    .option(...jsonOption)
    .action(async (cluster, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const name = nameArgument('cluster', cluster);
        if (!name.ok) return name;
        const release = await readRelease(io, options.installer, { sha256: options.sha256 });
        if (!release.ok) return release;
        return await carryOut(client, io, {
          plan: 'stage',
          cluster: name.value,
          parameters: { release: identityOf(release.value) },
          release: release.value,
          ...asTold(options),
        });
      });
    });
}

export function planCommand(shell: Shell): Command {
  const upgrade = commandWith(
    'upgrade',
    'The dry run of `baton upgrade`: every step with its exact command lines, conditions, limits and way back. Reads the nodes, touches nothing, uploads nothing.',
    [
      `baton plan upgrade lab --installer ${installer} --to 8.7.0`,
      `baton plan upgrade lab --installer ${installer} --to 8.7.0 --markdown > plan.md`,
    ],
  )
    .argument('<CLUSTER>')
    .requiredOption(...installerOption)
    .requiredOption(...toOption)
    .option(...sumOption)
    .addOption(acceptOption())
    .option(...markdownOption)
    .option(...jsonOption)
    .action(async (cluster, options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const wanted = await wantedUpgrade(io, cluster, options);
        if (!wanted.ok) return wanted;
        const plan = await compile(client, wanted.value, 'look');
        if (!plan.ok) return plan;
        sayPlan(io, plan.value, options);
        return ok(exitCodes.done);
      });
    });
  return commandWith('plan', 'Print what a command would do, without doing it.', [
    'baton plan upgrade --help',
    'baton plan db-upgrade --help',
    'baton plan rollback --help',
  ])
    .addCommand(upgrade)
    .addCommand(planDbUpgradeCommand(shell))
    .addCommand(planBackupCommand(shell))
    .addCommand(planRollbackCommand(shell))
    .addCommand(planRecoverCommand(shell)) as unknown as Command;
}

interface UpgradeOptions {
  installer: string;
  to: string;
  sha256?: string | undefined;
  accept?: string[] | undefined;
}

async function wantedUpgrade(io: Io, cluster: string, options: UpgradeOptions) {
  const name = nameArgument('cluster', cluster);
  if (!name.ok) return name;
  const version = versionArgument(options.to);
  if (!version.ok) return version;
  const accept = acceptArgument(options.accept);
  if (!accept.ok) return accept;
  const release = await readRelease(io, options.installer, { sha256: options.sha256, version: version.value });
  if (!release.ok) return release;
  return ok({
    plan: 'upgrade' as const,
    cluster: name.value,
    parameters: { toVersion: version.value, release: identityOf(release.value), ...accept.value },
    release: release.value,
  });
}
