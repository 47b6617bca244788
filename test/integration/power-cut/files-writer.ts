// Writes the coordinator's files until it is killed, and says on stdout what must be there from then on: a line of JSON with
// path and SHA-256. Argument: a folder that is not there yet.
import { readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../../../coordinator/bus/store.ts';
import { initCoordinator } from '../../../coordinator/daemon/init.ts';
import { statePaths } from '../../../coordinator/daemon/state-files.ts';
import { openReleaseStore, type ReleaseRecord } from '../../../coordinator/releases/release-store.ts';
import { writeDurably } from '../../../shared/durable-file.ts';
import { sha256Hex } from '../../../shared/hash.ts';
import { must } from '../bus/test-bus.ts';

const [folder = ''] = process.argv.slice(2);
const state = join(folder, 'var', 'lib', 'baton');
const etc = join(folder, 'etc', 'baton');
const say = (path: string): void => {
  writeSync(1, `${JSON.stringify({ path, sha256: sha256Hex(readFileSync(path)) })}\n`);
};

const configPath = join(etc, 'coordinator.yaml');
must(
  await initCoordinator({
    configPath,
    stateDirectory: state,
    socketPath: join(folder, 'operator.sock'),
    listen: '127.0.0.1:7450',
  }),
);
const paths = statePaths(state);
for (const made of [paths.authorityDirectory, paths.operatorDirectory])
  for (const name of readdirSync(made)) say(join(made, name));
say(configPath);

/** The table of releases is in the journal's store, whose durability is tested there. */
const records = { put: async () => ({ ok: true, value: 1 }) } as unknown as Store<ReleaseRecord>;
const releases = must(await openReleaseStore(paths.releasesDirectory, records, 1024 ** 3));
for (let round = 1; ; round += 1) {
  const content = Buffer.alloc(200_000, `release ${round}`);
  const sha256 = sha256Hex(content);
  const data = (async function* () {
    yield content;
  })();
  must(await releases.add({ name: `r-${round}.bin`, sha256, sizeBytes: content.length, data }));
  say(join(paths.releasesDirectory, sha256));
  // The old content or the new one, so each version has a name of its own.
  const file = join(etc, `file-${round}`);
  await writeDurably(file, 'the old content');
  await writeDurably(file, `content ${round}`);
  say(file);
}
