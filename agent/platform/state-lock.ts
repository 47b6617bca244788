// One agent a state folder: a lock that the kernel lets go when its holder ends, however it ends.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const sqliteBusy = 5;

/** Takes the lock and answers with how to give it back; throws while another process has it. */
export function lockState(stateDirectory: string): () => void {
  // Node has no file locks of its own; SQLite's exclusive transaction is one.
  const lock = new DatabaseSync(join(stateDirectory, 'lock.sqlite'), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    if ((cause as { errcode?: number }).errcode !== sqliteBusy) throw cause;
    throw new Error(`another agent runs with ${stateDirectory}`, { cause });
  }
  return () => lock.close();
}
