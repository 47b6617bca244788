// `npm run rollbacks`: upgrades in the lab that fail at each of their steps, and a rollback from each. Exit 1 when afterwards
// anything differs from before.
import { Command, Option } from 'commander';
import { mochaGlobalSetup as boot } from '../lab/boot.ts';
import { lab } from '../lab/lab.ts';
import { startAfresh } from '../lab/scenario.ts';
import { failings } from './failings.ts';
import { databaseFailings } from './failings-database.ts';
import { goBack } from './go-back.ts';
import { type Picture, takePicture } from './picture.ts';
import { isSame, type Line, rowOf, spentText, tableText, toldOf } from './table.ts';

const command = new Command('npm run rollbacks --')
  .description('Fails an upgrade at each of its steps, goes back, and compares the cluster with what it was before.')
  .addOption(
    new Option('--plan <PLAN>', 'which upgrade is made to fail').choices(['upgrade', 'db-upgrade']).default('upgrade'),
  )
  .option('--mode <MODE>', 'of the database upgrade, only those by copy or by link')
  .option('--at <STEP...>', 'only steps whose names begin so, in this order')
  .option('--from <ROW>', 'only this row and those after it, by the number that is printed with each', Number, 1)
  .option('--json', 'one JSON document on stdout (schema 1); the words go to stderr', false)
  .addHelpText(
    'after',
    `
Examples:
  $ BATON_LAB=rollbacks npm run rollbacks                         all of them (about an hour)
  $ BATON_LAB=rollbacks npm run rollbacks -- --at master.install verify
  $ BATON_LAB=rollbacks npm run rollbacks -- --plan db-upgrade --mode link
  $ BATON_LAB=rollbacks npm run rollbacks -- --plan db-upgrade --mode link --from 4

Each row is told on stderr as soon as it is done, with its number: of the same choice, --from goes on there once this was
cut off, in the lab that is still up.
The cluster is reset once, and again after a rollback that left something different: otherwise one goes on from the other.
Exit: 0 nothing differs, 1 something does, 2 wrong usage.`,
  )
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
command.parse();
const { at, json, plan, mode, from } = command.opts<{
  at?: string[];
  json: boolean;
  plan: string;
  mode?: string;
  from: number;
}>();
const all = plan === 'upgrade' ? failings : databaseFailings;
const wanted = all.filter(({ database }) => mode === undefined || database?.mode === mode);
const chosen = (at ?? ['']).flatMap((beginning) => wanted.filter(({ step }) => step.startsWith(beginning)));
if (!Number.isInteger(from) || from < 1 || (from > chosen.length && chosen.length > 0))
  command.error(`error: --from takes the number of a row, 1 to ${chosen.length}`);
if ((process.env.BATON_LAB ?? 'lab') === 'lab')
  command.error('error: BATON_LAB must name a lab other than `lab`: its machines are reset');
if (chosen.length === 0) command.error(`error: no step begins with ${at?.join(' or ')}`);

const say = (text: string) => (json ? process.stderr : process.stdout).write(`${text}\n`);
const startedMs = performance.now();
const isOurs = (await lab('status')).includes('not there');
await boot();
const lines: Line[] = [];
let before: Picture | undefined;
for (const [row, failing] of chosen.entries()) {
  if (row + 1 < from) continue;
  const rowMs = performance.now();
  let afreshMs = 0;
  let line: Line;
  try {
    if (before === undefined) {
      await startAfresh();
      before = await takePicture();
      afreshMs = performance.now() - rowMs;
    }
    line = await goBack(failing, before);
  } catch (error) {
    line = { failing, broken: String(error) };
  }
  lines.push(line);
  const spent = spentText(line, performance.now() - rowMs, afreshMs);
  process.stderr.write(`${row + 1} of ${chosen.length} · ${rowOf(line).join(' · ')} · ${spent}\n`);
  if (!isSame(line)) process.stderr.write(`${toldOf(line).join('\n')}\n`);
  if (!isSame(line)) before = undefined;
}
if (isOurs) await lab('down', '--keep-image');
const elapsedMs = Math.round(performance.now() - startedMs);
if (json) process.stdout.write(`${JSON.stringify({ schema: 1, rollbacks: lines, elapsedMs })}\n`);
say(tableText(lines, elapsedMs));
process.exitCode = lines.every(isSame) ? 0 : 1;
