#!/usr/bin/env node
// `baton-agent`: the command line on the node, and the daemon that systemd starts. Exit: 0 done, 1 failed, 2 wrong usage
// or bad input, 4 coordinator out of reach.
import { Command, CommanderError } from '@commander-js/extra-typings';
import { systemClock } from '../shared/clock.ts';
import type { Failure } from '../shared/failures.ts';
import { createLog } from '../shared/log.ts';
import { batonVersion } from '../shared/version.ts';
import { startAgent } from './agent.ts';
import { startUnit, startUnitIfDown } from './cli/start-unit.ts';
import { printStatus, readStatus } from './cli/status.ts';
import { readIdentity } from './enrol/identity-files.ts';
import { join } from './enrol/join.ts';
import { ledgerOf } from './ledger/ledger.ts';
import { ledgerPath, openLedgerFile } from './ledger/ledger-file.ts';
import { defaultPolicyFile } from './policy/load-policy.ts';

const defaultState = '/var/lib/baton-agent';

const program = new Command('baton-agent')
  .description("Baton's agent: carries out typed actions on this node, within its policy")
  .option('--state <directory>', 'where the agent keeps its state', defaultState)
  .option('--policy <file>', 'what the agent may do', defaultPolicyFile)
  .exitOverride();

program
  .command('join')
  .description('join with the line that `baton node add` prints')
  .requiredOption('--coordinator <host:port,…>', 'coordinators, separated by commas')
  .requiredOption('--name <name>', "this node's name")
  .requiredOption('--token <token>', 'single-use token')
  .requiredOption('--pin <sha256:hex>', 'fingerprint of the authority')
  .option('--force', 'join anew, also where this node has joined', false)
  .option('--no-start', 'do not start the daemon afterwards')
  .action(async ({ coordinator, name, token, pin, force, start }) => {
    const { state } = program.opts();
    const mayStart = start && state === defaultState;
    const known = readIdentity(state);
    // A join that was cut off after its last word was written leaves an agent that nobody starts before the next boot.
    if (known?.name === name && !force && mayStart) {
      const started = await startUnitIfDown();
      if (started !== undefined) return console.log(`this node has joined as ${name} already; ${started}`);
    }
    const joined = await join({ coordinators: coordinator.split(','), name, token, pin, force }, state);
    if (!joined.ok) return fail(joined.failure);
    console.log(`joined as ${joined.value.name} (${joined.value.role})`);
    if (mayStart) console.log(await startUnit());
  });

program
  .command('run')
  .description('the daemon; started by systemd')
  .action(async () => {
    const { state, policy } = program.opts();
    const log = createLog('agent');
    const agent = await startAgent({ stateDirectory: state, policyFile: policy, log });
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.once(signal, () => {
        log.info('stopping', { signal });
        void agent.stop().then(() => process.exit(0));
      });
  });

program
  .command('status')
  .description('what this node knows, without a coordinator')
  .option('--json', 'one JSON document', false)
  .action(async ({ json }) => {
    const { state, policy } = program.opts();
    const status = await readStatus(state, policy);
    if (!status.ok) {
      console.error(`baton-agent: ${status.failure.message}`);
      process.exitCode = 1;
      return;
    }
    console.log(json ? JSON.stringify(status.value, null, 2) : printStatus(status.value));
  });

program
  .command('hold')
  .description('refuse new actions on this node; what runs goes on')
  .option('--release', 'accept actions again', false)
  .action(({ release }) => {
    const file = openLedgerFile(ledgerPath(program.opts().state));
    ledgerOf(file).setHold(release ? undefined : systemClock.nowMs());
    file.close();
    console.log(release ? 'actions are accepted again' : 'on hold: new actions are refused until `hold --release`');
  });

program
  .command('version')
  .description("the agent's version")
  .action(() => console.log(batonVersion));

function fail(failure: Failure): void {
  console.error(`baton-agent: ${failure.message}`);
  const usage: Failure['code'][] = ['bad-input', 'conflict', 'unauthorized'];
  const isAway = failure.code === 'unreachable' || failure.code === 'timeout';
  process.exitCode = isAway ? 4 : usage.includes(failure.code) ? 2 : 1;
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    console.error(`baton-agent: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
