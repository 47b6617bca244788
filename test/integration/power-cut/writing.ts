// A process that writes until it is killed and acknowledges on stdout, a line of JSON for each thing that must be there.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

export interface Writing<Row> {
  process: ChildProcess;
  ended: Promise<unknown>;
  /** What it has acknowledged; complete once it has ended. */
  rows(): Row[];
}

/** Starts one of the writers of this folder. */
export function startWriter<Row>(name: string, ...given: string[]): Writing<Row> {
  const child = spawn(process.execPath, [join(import.meta.dirname, name), ...given], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  return {
    process: child,
    ended: new Promise((resolve) => child.once('close', resolve)),
    // A line that was cut off acknowledges nothing.
    rows: () =>
      said
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Row),
  };
}
