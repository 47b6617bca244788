// Makes one Node single executable of a TypeScript entry point: esbuild puts all modules into one, Node puts itself around
// it. Nothing may be loaded from files at run time, since the machine has none of them.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const run = promisify(execFile);

/** Packages in CommonJS ask for Node's own modules through `require`. */
const preamble = `
import { createRequire as $createRequire } from 'node:module';
import { pathToFileURL as $pathToFileURL } from 'node:url';
const $executableUrl = $pathToFileURL(process.execPath).href;
const require = $createRequire($executableUrl);
`;

/** Node without its debugging symbols (a fifth of its size), kept in `folder` for the next time. */
export function strippedNode(folder: string): string {
  const target = join(folder, `node-${process.version}-${process.arch}`);
  if (!existsSync(target)) {
    mkdirSync(folder, { recursive: true });
    const unfinished = `${target}.${process.pid}`;
    execFileSync('strip', ['--strip-unneeded', '-o', unfinished, realpathSync(process.execPath)]);
    renameSync(unfinished, target);
  }
  return target;
}

/** Writes the executable and answers with the folders of the npm packages in it. */
export async function buildExecutable(wanted: { entry: string; node: string; output: string }): Promise<string[]> {
  const script = `${wanted.output}.mjs`;
  const configuration = `${wanted.output}.json`;
  const bundled = await build({
    entryPoints: [wanted.entry],
    outfile: script,
    bundle: true,
    platform: 'node',
    target: 'node26',
    format: 'esm',
    banner: { js: preamble },
    // An executable has no import.meta; its entry point is the only module that asks whether it is the main one.
    define: { 'import.meta.url': '$executableUrl', 'import.meta.main': 'true' },
    metafile: true,
    logLevel: 'warning',
  });
  writeFileSync(
    configuration,
    JSON.stringify({
      main: script,
      mainFormat: 'module',
      executable: wanted.node,
      output: wanted.output,
      disableExperimentalSEAWarning: true,
      // NODE_OPTIONS is not for this program.
      execArgvExtension: 'none',
    }),
  );
  await run(process.execPath, ['--build-sea', configuration]);
  rmSync(script);
  rmSync(configuration);
  return packagesAmong(Object.keys(bundled.metafile.inputs));
}

/** Folders of the packages that the bundled modules come from, such as node_modules/winston. */
function packagesAmong(modules: string[]): string[] {
  const found = modules.map((module) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(module)?.[0]);
  return [...new Set(found.filter((folder) => folder !== undefined))];
}
