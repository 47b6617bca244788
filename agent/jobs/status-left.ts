// Tells at once that a job has left its exit status; whoever waits looks by himself again as well, so that a word that gets
// lost costs time and nothing else.
import { watch } from 'node:fs';

export interface StatusLeft {
  /** Ends when the status was left since the last call; waits for ever where it was not. */
  soon(): Promise<void>;
  close(): void;
}

export function watchStatus(folder: string): StatusLeft {
  let isLeft = false;
  let tell: () => void = () => undefined;
  const onChange = (_event: string, name: string | null) => {
    if (name !== 'status') return;
    isLeft = true;
    tell();
  };
  const watcher = open(folder, onChange);
  return {
    soon: () =>
      new Promise((resolve) => {
        tell = () => {
          isLeft = false;
          resolve();
        };
        if (isLeft) tell();
      }),
    close: () => watcher?.close(),
  };
}

/** Undefined where the kernel has no watch left, or the folder is gone: then the looks alone must do. */
function open(folder: string, onChange: (event: string, name: string | null) => void) {
  try {
    const watcher = watch(folder, { persistent: false }, onChange);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
