// After joining, the daemon's unit is started, where there is one.
import { runProgram } from '../platform/run-program.ts';

const unit = 'baton-agent.service';

/** Starts the daemon anew and says in one line how that went. */
export async function startUnit(): Promise<string> {
  const ran = await runProgram(['systemctl', 'restart', unit], { timeoutMs: 30_000 });
  if (ran.exitCode === 0) return `started ${unit}`;
  return `start the agent yourself: systemctl start ${unit} failed: ${ran.stderr || ran.startError || ran.exitCode}`;
}
