// Where `baton-agent status` reads whether this agent is connected. Not part of the ledger: it may be lost.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const schema = z.object({
  pid: z.number(),
  /** Tells this process from a later one with the same number. */
  processStart: z.string(),
  coordinator: z.string().optional(),
  connectedSinceMs: z.number().optional(),
  lostSinceMs: z.number().optional(),
  reason: z.string().optional(),
});

export type ConnectionState = Omit<z.infer<typeof schema>, 'pid' | 'processStart'>;

const fileIn = (stateDirectory: string): string => join(stateDirectory, 'connection.json');

export function writeConnection(stateDirectory: string, state: ConnectionState): void {
  const unfinished = `${fileIn(stateDirectory)}.new`;
  writeFileSync(unfinished, JSON.stringify({ pid: process.pid, processStart: processStart(process.pid), ...state }), {
    mode: 0o600,
  });
  renameSync(unfinished, fileIn(stateDirectory));
}

/** How the running agent stands; undefined when none runs. */
export function readConnection(stateDirectory: string): (ConnectionState & { pid: number }) | undefined {
  try {
    const { processStart: started, ...state } = schema.parse(JSON.parse(readFileSync(fileIn(stateDirectory), 'utf8')));
    return started === processStart(state.pid) ? (state as ConnectionState & { pid: number }) : undefined;
  } catch {
    return undefined;
  }
}

/** When a process started, in the kernel's ticks; empty when there is none. */
function processStart(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
