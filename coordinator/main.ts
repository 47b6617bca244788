#!/usr/bin/env node
// The `baton` program. Only this: the right Node, then the command line.
const major = Number(process.versions.node.split('.')[0]);
if (major < 26) {
  process.stderr.write(
    `baton needs Node 26, this is ${process.versions.node}: run it as \`npx baton\` in its folder, or install the bundle.\n`,
  );
  process.exitCode = 2;
} else {
  void import('./cli/program.ts').then(({ main }) => main(process.argv.slice(2)));
}
