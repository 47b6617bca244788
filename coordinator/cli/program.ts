// The tree of commands and the help that a new user finds his way with. Wrong usage ends with 2.
import { Command, CommanderError } from '@commander-js/extra-typings';
import { batonVersion } from '../../shared/version.ts';
import { defaultAddress } from './address.ts';
import { auditCommand } from './commands/audit.ts';
import { backupCommand } from './commands/backup.ts';
import { checkCommand } from './commands/check.ts';
import { clusterCommand } from './commands/cluster.ts';
import { dbUpgradeCommand } from './commands/db-upgrade.ts';
import { failoverCommand } from './commands/failover.ts';
import { nodeCommand } from './commands/node.ts';
import { notifyCommand } from './commands/notify.ts';
import { operatorCommand } from './commands/operator.ts';
import { probeCommand, probesCommand, scheduleCommand } from './commands/probe.ts';
import { recoverCommand } from './commands/recover.ts';
import { reportCommand } from './commands/report.ts';
import { runCommand } from './commands/run.ts';
import { authorityCommand, coordinatorCommand, initCommand, versionCommand } from './commands/setup.ts';
import { planCommand, stageCommand, upgradeCommand } from './commands/upgrade.ts';
import { exitCodes } from './exit-codes.ts';
import { processShell } from './shell.ts';

const description =
  'Upgrades a high-availability ServiceOps cluster (master, standby, observer) by one command, in the order of the vendor’s guide, with failover suspended meanwhile and armed again at the end.';

const firstSteps = `
The first time, on the machine of the coordinator (not master or standby), as root:
  1. baton init --listen THIS-MACHINE:7450          authority, configuration
  2. baton coordinator                              the daemon (or: systemctl enable --now baton-coordinator)
  3. baton node add n1 --role master                prints the line to run on n1; the same for n2 (standby), n3 (observer)
  4. baton cluster template --machines 3 > lab.yaml then edit it
     baton cluster apply lab.yaml
  5. baton check lab                                is the cluster healthy and ready?
  6. baton operator add alice --role operator --output alice.pem     for each person: nobody has to be root

Each upgrade:
  baton plan upgrade lab --installer FILE --to 8.7.0    every step with its exact commands; touches nothing
  baton upgrade lab --installer FILE --to 8.7.0         shows the plan, asks, upgrades, shows progress
  baton run watch latest                                back to the view after Ctrl-C
  baton report latest --format html --output report.html

Every night, by itself:
  baton schedule add lab --probe --cron '0 2 * * *' --timezone Asia/Kolkata
  baton probes history lab                              how the cluster was, as a chart

PostgreSQL itself, where the release wants a newer one:
  baton plan db-upgrade lab --to 17                     then the same without plan

Exit codes: 0 done and verified · 1 the run failed, or a check fails or is unknown · 2 wrong usage or bad input,
nothing touched · 3 waits for an operator · 4 coordinator or a joined node out of reach · 130 left by Ctrl-C.
Environment: BATON_ADDRESS, BATON_IDENTITY, NO_COLOR, BATON_DEBUG=1.
baton COMMAND --help explains a command, with examples.
`;

/** The whole command; actions set the process's exit code. */
export function createProgram(): Command {
  const program = new Command('baton')
    .description(description)
    .version(batonVersion, '-V, --version', 'print this command’s version')
    .helpOption('-h, --help', 'this text')
    .helpCommand(false)
    .option(
      '--address <ADDRESS>',
      `the coordinator: unix:/path or host:port (BATON_ADDRESS; default ${defaultAddress})`,
    )
    .option(
      '--identity <FILE>',
      'who you are, as `baton operator add` wrote it (BATON_IDENTITY; default ~/.config/baton/identity.pem, or root’s)',
    )
    .option('--cert <FILE>', 'instead of --identity: certificate (BATON_CERT)')
    .option('--key <FILE>', 'and its key (BATON_KEY)')
    .option('--ca <FILE>', 'and the coordinator’s authority (BATON_CA)')
    .addHelpText('after', firstSteps);
  const shell = processShell(() => program.opts());
  const groups: [string, Command[]][] = [
    [
      'First-time setup:',
      [
        initCommand(shell),
        coordinatorCommand(shell),
        nodeCommand(shell),
        clusterCommand(shell),
        operatorCommand(shell),
        authorityCommand(shell),
      ] as unknown as Command[],
    ],
    [
      'Upgrade:',
      [
        checkCommand(shell),
        backupCommand(shell),
        planCommand(shell),
        stageCommand(shell),
        upgradeCommand(shell),
        dbUpgradeCommand(shell),
      ] as unknown as Command[],
    ],
    [
      'Afterwards, and when it stands still:',
      [runCommand(shell), recoverCommand(shell), reportCommand(shell), failoverCommand(shell)] as unknown as Command[],
    ],
    ['Every night:', [probeCommand(shell), probesCommand(shell), scheduleCommand(shell)] as unknown as Command[]],
    ['Other:', [auditCommand(shell), notifyCommand(shell), versionCommand(shell)] as unknown as Command[]],
  ];
  for (const [heading, commands] of groups)
    for (const command of commands) program.addCommand(command.helpGroup(heading));
  refuseWithTwo(program as unknown as Command);
  return program as unknown as Command;
}

/** Commander's own exits: help is fine, everything else is wrong usage. */
function refuseWithTwo(command: Command): void {
  command.exitOverride();
  command.showHelpAfterError(`(${pathOf(command)} --help explains it)`);
  for (const child of command.commands) refuseWithTwo(child as Command);
}

function pathOf(command: Command): string {
  const parent = command.parent as Command | null;
  return parent ? `${pathOf(parent)} ${command.name()}` : command.name();
}

/** Carries out a command line; the exit code is the process's. */
export async function main(words: string[]): Promise<void> {
  // A reader that goes away (`| head`) is no error; whoever writes on is told by the stream.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  try {
    await createProgram().parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.badInput;
  }
}
