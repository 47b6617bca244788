// The coordinator's process: reads the configuration, starts its parts in order, and stops them in reverse when told to.
import { readFile } from 'node:fs/promises';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { createLog } from '../../shared/log.ts';
import { startEmbeddedNats } from '../bus/embedded.ts';
import { parseCoordinatorConfig } from '../config/coordinator-config.ts';
import { readAuthority, statePaths } from './state-files.ts';
import { listenForStop } from './stop-signal.ts';

/** Runs the coordinator until SIGTERM or SIGINT; the failure says why it could not start or go on. */
export async function runCoordinator(configPath: string): Promise<Result<void>> {
  const log = createLog('coordinator');
  let text: string;
  try {
    text = await readFile(configPath, 'utf8');
  } catch (error) {
    return fail('bad-input', `${configPath} cannot be read: ${(error as Error).message}; was \`baton init\` run?`);
  }
  const config = parseCoordinatorConfig(text, configPath);
  if (!config.ok) return config;
  const authority = await readAuthority(config.value.stateDirectory);
  if (!authority.ok) return authority;

  const stop = listenForStop();
  try {
    const nats = await startEmbeddedNats({ storeDirectory: statePaths(config.value.stateDirectory).natsDirectory });
    if (!nats.ok) return nats;
    log.info('the bus is up', { url: nats.value.address.url });
    await new Promise((resolve) => stop.signal.addEventListener('abort', resolve, { once: true }));
    await nats.value.stop();
    return ok(undefined);
  } finally {
    stop.release();
  }
}
