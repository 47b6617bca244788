#!/usr/bin/env node
// The `baton` program. Only this: the right Node, then the command line.
import module from 'node:module';
import { userInfo } from 'node:os';
import { join } from 'node:path';

const major = Number(process.versions.node.split('.')[0]);
if (major < 26) {
  process.stderr.write(
    `baton needs Node 26, this is ${process.versions.node}: run it as \`npx baton\` in its folder, or install the bundle.\n`,
  );
  process.exitCode = 2;
} else {
  // Half of the time until a command does something goes into compiling its sources. Kept in the user's own folder, whatever
  // HOME says, since what lies there is executed.
  try {
    module.enableCompileCache(join(userInfo().homedir, '.cache', 'baton'));
  } catch {
    // A user without an entry among the machine's users has no folder.
  }
  void import('./cli/program.ts').then(({ main }) => main(process.argv.slice(2)));
}
