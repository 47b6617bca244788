// `init`, `coordinator` and `version`: first-time setup, the daemon, and who answers.
import { resolve } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
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
    'Set a coordinator up on this machine: its state directory, its certificate authority, the identity of root (an admin) and coordinator.yaml. Overwrites nothing.',
    [
      'baton init --listen 10.77.0.1:7450',
      'baton init --listen 0.0.0.0:7450 --advertise baton.example.org:7450 --nats-server /opt/baton/nats-server',
      'baton init --listen 10.77.0.2:7450 --authority-from ./c2 --nats-url tls://nats1:4222,tls://nats2:4222,tls://nats3:4222 --nats-credentials /etc/baton/nats.creds',
    ],
  )
    .requiredOption('--listen <HOST:PORT>', 'where agents and operators from afar connect; nodes must reach it')
    .option('--advertise <HOST:PORT>', 'what join lines name instead; needed where --listen is 0.0.0.0')
    .option(...configOption)
    .option('--state <DIRECTORY>', 'journal, authority, stored installers', '/var/lib/baton')
    .option('--socket <PATH>', 'the operator’s socket', '/run/baton/operator.sock')
    .option('--nats-server <PROGRAM>', 'nats-server 2.10 or newer; the one on $PATH unless given')
    .option('--nats-url <URLS>', 'an external NATS cluster instead, so that a second coordinator can take over')
    .option('--nats-credentials <FILE>', 'credentials of the NATS user')
    .option('--nats-ca <FILE>', 'authority of the NATS servers')
    .option(
      '--authority-from <FOLDER>',
      'take the authority of another coordinator: a copy of its state’s authority/, or what `baton authority issue` wrote',
    )
    .option('--operator <NAME>', 'name of the first operator, root on this machine', 'admin')
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
          ...(options.natsUrl === undefined
            ? {}
            : {
                nats: {
                  url: options.natsUrl,
                  ...(options.natsCredentials === undefined
                    ? {}
                    : { credentialsFile: resolve(options.natsCredentials) }),
                  ...(options.natsCa === undefined ? {} : { authorityFile: resolve(options.natsCa) }),
                },
              }),
          ...(options.authorityFrom === undefined ? {} : { authorityFrom: resolve(options.authorityFrom) }),
          operator: options.operator,
        });
        if (!done.ok) return done;
        const { configPath, identity, pin, mayEnrol } = done.value;
        if (options.json) io.document({ schema: 1, configPath, identity, pin, mayEnrol });
        else
          io.say(
            [
              `Configuration          ${configPath}`,
              `Authority              ${pin}`,
              ...(identity === '' ? [] : [`Identity of root       ${identity} (an admin; others: baton operator add)`]),
              ...(mayEnrol
                ? []
                : ['Without the authority’s key: nodes and operators are added at the coordinator that has it.']),
              '',
              `Next: baton coordinator --config ${configPath}`,
              '      (installed from the bundle: systemctl enable --now baton-coordinator)',
            ].join('\n'),
          );
        return ok(exitCodes.done);
      });
    });
}

export function authorityCommand(shell: Shell): Command {
  const issue = commandWith(
    'issue',
    'Write what another coordinator needs to serve this installation’s agents, without the authority’s key: copy the folder there and give it to `baton init --authority-from`. Valid for a year. To be run where the key is, as who may read it.',
    ['baton authority issue --host 10.77.0.2 --output ./c2'],
  )
    .requiredOption('--host <HOST>', 'address or name of that coordinator')
    .requiredOption('--output <FOLDER>', 'a folder that is not there yet; it will hold a private key')
    .option('--state <DIRECTORY>', 'state of this coordinator', '/var/lib/baton')
    .option(...jsonOption)
    .action(async (options) => {
      await shell.locally(options, async (io) => {
        const { issueForCoordinator } = await import('../../daemon/authority.ts');
        const folder = resolve(options.output);
        const issued = await issueForCoordinator(resolve(options.state), [options.host], folder);
        if (!issued.ok) return issued;
        if (options.json) io.document({ schema: 1, folder });
        else io.say(`${folder} has the certificate of the coordinator at ${options.host} and its key.`);
        return ok(exitCodes.done);
      });
    });
  return commandWith('authority', 'What a further coordinator needs from this one.', [
    'baton authority issue --help',
  ]).addCommand(issue) as unknown as Command;
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
