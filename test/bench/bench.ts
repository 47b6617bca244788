// `npm run bench`: figures that are measured on the lab's real machines, beside the raw tool in the same run. Prints them;
// only when asked does a figure over its limit fail.
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { describeFigures, isOver } from './beside.ts';
import { describeLimited, isBeyond } from './limits.ts';

const parts = ['check', 'upgrade', 'backup', 'rollback', 'db-upgrade', 'manifest'] as const;

const usage = `usage: npm run bench -- [PART…] [options]
parts:
  check                baton check over three nodes with 10,000 files; twelve of its checks beside Ansible, where that is
                       installed (apt-get install ansible-core)
  upgrade              what Baton adds to an upgrade beside installer, services, quiet period, backups, synchronization
  backup               a backup of files beside tar, and one of a database beside pg_dump, through a real agent
  rollback             a whole upgrade and its rollback: the time of each of its steps
  db-upgrade           how long the portal is down for baton db-upgrade, by copy and by link, beside pg_upgrade alone
  manifest             the list of a large folder's files beside find, and with contents beside sha256sum; needs no lab
options:
  --check              exit 1 when a figure is over its limit
  --rounds 3           how often each way is measured
  --files 5000         in the tree that is backed up
  --files-mb 600       its size; 0: none
  --database-mb 300    size of the database, about; 0: none
  --jobs 2             of pg_dump and pg_upgrade
  --manifest-files 1000000   in the folder that is listed
It brings up the lab named by BATON_LAB (bench), and leaves it up: scripts/lab down removes it.
Beside it: npm run bench:port, npm run bench:takeover.
exit: 0 measured, 1 over a limit with --check, 2 wrong usage
`;

function wrong(message: string): never {
  process.stderr.write(`${message}\n${usage}`);
  process.exit(2);
}

function readOptions() {
  const options = {
    check: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    files: { type: 'string', default: '5000' },
    'files-mb': { type: 'string', default: '600' },
    'database-mb': { type: 'string', default: '300' },
    jobs: { type: 'string', default: '2' },
    'manifest-files': { type: 'string', default: '1000000' },
    help: { type: 'boolean', short: 'h', default: false },
  } as const;
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const unknown = positionals.find((part) => !(parts as readonly string[]).includes(part));
    if (unknown !== undefined) wrong(`there is no part ${unknown}`);
    for (const name of ['rounds', 'files', 'files-mb', 'database-mb', 'jobs', 'manifest-files'] as const)
      if (!/^\d{1,8}$/.test(values[name])) wrong(`--${name} must be a whole number`);
    for (const name of ['rounds', 'files', 'jobs', 'manifest-files'] as const)
      if (Number(values[name]) === 0) wrong(`--${name} must not be 0`);
    return { ...values, parts: positionals };
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error));
  }
}

const values = readOptions();
if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}
process.env.BATON_LAB ??= 'bench';

// Which lab is meant is read when these are loaded.
const { mochaGlobalSetup: bootLab } = await import('../lab/boot.ts');
const { measureBackups } = await import('./backup.ts');
const { measureBesideAnsible, measureCheck } = await import('./check.ts');
const { measureUpgrade } = await import('./upgrade.ts');
const { measureDatabaseUpgrade } = await import('./db-upgrade.ts');
const { describeRollbacks, measureRollbacks } = await import('./rollback.ts');

const { measureManifest } = await import('./manifest.ts');

const isAsked = (part: string) => values.parts.length === 0 || values.parts.includes(part);
if (parts.some((part) => part !== 'manifest' && isAsked(part))) await bootLab();
const rounds = Number(values.rounds);
const database = { rounds, databaseMb: Number(values['database-mb']), jobs: Number(values.jobs) };
const limited = [
  ...(isAsked('check') ? [await measureCheck({ rounds, files: 10_000 })] : []),
  ...(isAsked('upgrade') ? await measureUpgrade(rounds) : []),
];
const besideAnsible = isAsked('check') ? await measureBesideAnsible(rounds) : undefined;
const measured = [
  ...(besideAnsible === undefined ? [] : [besideAnsible]),
  ...(isAsked('backup')
    ? await measureBackups({ ...database, files: Number(values.files), filesMb: Number(values['files-mb']) })
    : []),
  ...(isAsked('db-upgrade') ? await measureDatabaseUpgrade(database) : []),
];
if (limited.length > 0) process.stdout.write(`\n${describeLimited(limited)}\n`);
if (isAsked('manifest')) {
  const { figures, memory } = await measureManifest(Number(values['manifest-files']), rounds);
  measured.push(...figures);
  process.stdout.write(`\nmanifest: ${memory}\n`);
}
for (const figures of measured) process.stdout.write(`\n${describeFigures(figures)}\n`);
if (isAsked('rollback')) process.stdout.write(`\n${describeRollbacks(await measureRollbacks(rounds))}\n`);
process.stdout.write(
  `\n${availableParallelism()} cores, load ${loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')} (1, 5, 15 minutes): what else runs weighs on both, so they took turns\n`,
);
if (values.check && (measured.some(isOver) || limited.some(isBeyond))) process.exitCode = 1;
