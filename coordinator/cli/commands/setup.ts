// `init`, `coordinator` and `version`: first-time setup, the daemon, and who answers.
import { resolve } from 'node:path';
import type { VersionDocument } from '../../../shared/documents.ts';
import { ok } from '../../../shared/failures.ts';
import { batonVersion } from '../../../shared/version.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Shell } from '../shell.ts';
import { clean } from '../view/text.ts';
import { commandWith, jsonOption } from './arguments.ts';

const configOption = ['--config <FILE>', 'the coordinator’s configuration', '/etc/baton/coordinator.yaml'] as const;

export function initCommand(shell: Shell) {
  return commandWith(
    'init',
    'Set a coordinator up on this machine: its state directory, its certificate authority, the first operator’s certificate and coordinator.yaml. Overwrites nothing.',
    [
      'baton init --listen 10.77.0.1:7450',
      'baton init --listen 0.0.0.0:7450 --advertise baton.example.org:7450 --nats-server /opt/baton/nats-server',
    ],
  )
    .requiredOption('--listen <HOST:PORT>', 'where agents and operators from afar connect; nodes must reach it')
    .option('--advertise <HOST:PORT>', 'what join lines name instead; needed where --listen is 0.0.0.0')
    .option(...configOption)
    .option('--state <DIRECTORY>', 'journal, authority, stored installers', '/var/lib/baton')
    .option('--socket <PATH>', 'the operator’s socket', '/run/baton/operator.sock')
    .option('--nats-server <PROGRAM>', 'nats-server 2.10 or newer; the one on $PATH unless given')
    .option('--operator <NAME>', 'name in the first operator’s certificate', 'admin')
    .option(...jsonOption)
    .action(async (options) => {
      await shell.locally(options, async (io) => {
        const { initCoordinator } = await import('../../daemon/init.ts');
        const done = await initCoordinator({
          configPath: resolve(options.config),
          stateDirectory: resolve(options.state),
          socketPath: resolve(options.socket),
          listen: options.listen,
          ...(options.advertise === undefined ? {} : { advertise: options.advertise }),
          ...(options.natsServer === undefined ? {} : { natsProgram: resolve(options.natsServer) }),
          operator: options.operator,
        });
        if (!done.ok) return done;
        const { configPath, operatorDirectory, pin } = done.value;
        if (options.json) io.document({ schema: 1, configPath, operatorDirectory, pin });
        else
          io.say(
            [
              `Configuration          ${configPath}`,
              `Authority              ${pin}`,
              `Operator's certificate ${operatorDirectory} (for a baton command on another machine)`,
              '',
              `Next: baton coordinator --config ${configPath}`,
              '      (installed from the bundle: systemctl enable --now baton-coordinator)',
            ].join('\n'),
          );
        return ok(exitCodes.done);
      });
    });
}

export function coordinatorCommand(shell: Shell) {
  return commandWith('coordinator', 'Run the coordinator in the foreground until SIGTERM; its log goes to stderr.', [
    'baton coordinator',
    'systemctl enable --now baton-coordinator',
  ])
    .option(...configOption)
    .action(async (options) => {
      await shell.asDaemon(async () => {
        const { runCoordinator } = await import('../../daemon/run.ts');
        return await runCoordinator(resolve(options.config));
      });
    });
}

export function versionCommand(shell: Shell) {
  return commandWith('version', 'Print the versions of this command and of the coordinator that answers.', [
    'baton version',
    'baton version --json',
  ])
    .option(...jsonOption)
    .action(async (options) => {
      await shell.withCoordinator(options, async (client, io) => {
        const answer = await client.call<VersionDocument>('getVersion', {});
        // The command's own version is known without anybody; who asks for both learns why the other is missing.
        if (!answer.ok && !options.json) io.say(`baton ${batonVersion}`);
        if (!answer.ok) return answer;
        const { coordinator, version, epoch } = answer.value;
        if (options.json) io.document({ ...answer.value, client: batonVersion });
        else
          io.say(
            `baton ${batonVersion}\ncoordinator ${clean(coordinator)} ${clean(version)}, epoch ${epoch}, at ${client.address}`,
          );
        return ok(exitCodes.done);
      });
    });
}
