// Makes one Node single executable of a TypeScript entry point: esbuild puts all modules into one, Node puts itself around
// it. Nothing may be loaded from files at run time, since the machine has none of them.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const run = promisify(execFile);

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

/** Writes the executable and answers with the names of the npm packages in it. */
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
    // Packages in CommonJS ask for Node's own modules through `require`.
    banner: { js: "import { createRequire as $createRequire } from 'node:module';\nconst require = $createRequire(process.execPath);" },
    // An executable has no import.meta.
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
  return packagesIn(Object.keys(bundled.metafile.inputs), basename(wanted.entry));
}
