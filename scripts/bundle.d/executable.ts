// Makes one Node single executable of a TypeScript entry point: esbuild puts all modules into one, Node puts itself around
// it. Nothing may be loaded from files at run time, since the machine has none of them.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { heapFlags } from './heap-flags.ts';

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

interface Wanted {
  /** The project. */
  root: string;
  /** Below it. */
  entry: string;
  node: string;
  /** The executable; its folder is for the parts too. */
  output: string;
}

/** Writes the executable, the same bytes each time, and answers with the folders of the npm packages in it. */
export async function buildExecutable(wanted: Wanted): Promise<string[]> {
  // Names without folders: they go into the executable.
  const script = `${basename(wanted.output)}.mjs`;
  const configuration = `${basename(wanted.output)}.json`;
  const folder = dirname(wanted.output);
  const bundled = await build({
    entryPoints: [wanted.entry],
    absWorkingDir: wanted.root,
    outfile: join(folder, script),
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
    join(folder, configuration),
    JSON.stringify({
      main: script,
      mainFormat: 'module',
      executable: wanted.node,
      output: basename(wanted.output),
      disableExperimentalSEAWarning: true,
      execArgv: heapFlags,
      // NODE_OPTIONS is not for this program.
      execArgvExtension: 'none',
    }),
  );
  await run(process.execPath, ['--build-sea', configuration], { cwd: folder });
  // Node's own library of atomics is on few machines; it lies beside the program in the tar, in lib/baton when installed.
  // Only now: --build-sea damages what patchelf has changed.
  await run('patchelf', ['--set-rpath', '$ORIGIN:$ORIGIN/../lib/baton', wanted.output]);
  for (const part of [script, configuration]) rmSync(join(folder, part));
  return packagesAmong(Object.keys(bundled.metafile.inputs));
}

/** Folders of the packages that the bundled modules come from, such as node_modules/winston. */
function packagesAmong(modules: string[]): string[] {
  const found = modules.map((module) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(module)?.[0]);
  return [...new Set(found.filter((folder) => folder !== undefined))];
}

/** This machine's libatomic.so.1, which Node needs and which few machines have. */
export function atomicsLibrary(): string {
  const known = execFileSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' });
  const path = /libatomic\.so\.1 \(libc6,[^)]*(?:x86-64|AArch64)[^)]*\) => (\S+)/.exec(known)?.[1];
  if (path === undefined) throw new Error('libatomic.so.1 is not installed; run scripts/setup');
  return realpathSync(path);
}
