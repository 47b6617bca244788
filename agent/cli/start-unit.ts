// After joining, the daemon's unit is started, where there is one.
import { runProgram } from '../platform/run-program.ts';

const unit = 'baton-agent.service';
const timeoutMs = 30_000;

/** Starts the daemon anew and says in one line how that went. */
export async function startUnit(run = runProgram): Promise<string> {
  const ran = await run(['systemctl', 'restart', unit], { timeoutMs });
  if (ran.exitCode === 0) return `started ${unit}`;
  return `start the agent yourself: systemctl start ${unit} failed: ${ran.stderr || ran.startError || ran.exitCode}`;
}

/** As startUnit where the daemon is down; undefined where it is up, or systemd doesn't say. */
export async function startUnitIfDown(run = runProgram): Promise<string | undefined> {
  const ran = await run(['systemctl', 'show', '--property=ActiveState', '--value', unit], { timeoutMs });
  return ran.exitCode === 0 && ['inactive', 'failed'].includes(ran.stdout) ? await startUnit(run) : undefined;
}
