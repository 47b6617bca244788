// What `npm run faults` may be told, checked before anything is tried.
import { Command, InvalidArgumentError, Option } from 'commander';
import { faultClasses } from './classes.ts';
import { plants } from './planted/plants.ts';

export interface FaultsOptions {
  /** A number to begin at, or of one class a trial’s own seed. */
  seed: string;
  schedules: number;
  /** At how many boundaries of each kind; undefined: at a sample, or at all where `all` or a choice asks for them. */
  boundaries?: number;
  all: boolean;
  class?: string;
  plan?: string;
  at?: string;
  every: boolean;
  plant?: string;
  json: boolean;
  lab: boolean;
  kills: number;
  cuts: boolean;
}

/** Boundaries of each kind, unless told otherwise: with 10,000 schedules that is some minutes. */
export const sampleSize = 400;

const examples = `
Examples:
  $ npm run faults                                             10,000 schedules, a sample of the boundaries of all plans
  $ npm run faults -- --all                                    all boundaries
  $ npm run faults -- --every                                  every boundary, on every way through a plan
  $ npm run faults -- --schedules 500 --boundaries 100         a short look
  $ npm run faults -- --class schedules --seed 'upgrade#4711'  one trial again
  $ npm run faults -- --plant skip-the-tombstone               must fail: shows that the bug would be found
  $ BATON_LAB=faults npm run faults -- --lab --kills 100       real kills on real machines
  $ BATON_LAB=faults npm run faults -- --lab --kills 8 --cuts  and a minute without network, pair by pair (15 minutes)

Exit: 0 everything survived, 1 something broke, 2 wrong usage.
Fault classes: ${faultClasses.map(({ name }) => name).join(', ')}
Plants: ${plants.map(({ name }) => name).join(', ')}`;

/** The options, or ends the process: 0 after --help, 2 with a message where they are wrong. */
export function readOptions(args: readonly string[]): FaultsOptions {
  const command = new Command('npm run faults --')
    .description('Kills, cuts and repeats everything that Baton does, and has a judge look at what was left.')
    .option('--seed <SEED>', 'where schedules begin, or with --class the seed of one trial', '1')
    .option('--schedules <N>', 'how many schedules of several faults', wholeNumber, 10_000)
    .option(
      '--boundaries <N>',
      `at how many boundaries, of each kind of fault (default: ${sampleSize}, drawn by the seed; all with --all, --every, --plan, --class, --at or --plant)`,
      wholeNumber,
    )
    .option(
      '--all',
      'at all boundaries of the ways on which nothing fails: 60,000 of them, an hour on two cores',
      false,
    )
    .addOption(new Option('--class <NAME>', 'only this fault class').choices(faultClasses.map(({ name }) => name)))
    .option('--plan <NAME>', 'only this plan')
    .option('--at <WHAT>', 'only boundaries whose name begins with this, such as `request command`')
    .option(
      '--every',
      'every boundary: also those of the ways on which a step fails once and the operator retries, adopts or aborts, and each message of a reading, which leaves nothing behind (otherwise one of them, by turns)',
      false,
    )
    .addOption(new Option('--plant <NAME>', 'with this bug planted').choices(plants.map(({ name }) => name)))
    .option('--lab', 'in the lab that BATON_LAB names, instead of simulated', false)
    .option('--kills <N>', 'how many kills in the lab', wholeNumber, 100)
    .option('--cuts', 'in the lab, afterwards: a minute without network between each pair of machines', false)
    .option('--json', 'one JSON document on stdout (schema 1); the words go to stderr', false)
    .helpOption('-h, --help', 'this text')
    .addHelpText('after', examples)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
  command.parse([...args], { from: 'user' });
  const options = command.opts<FaultsOptions>();
  const wrong = whyWrong(options);
  if (wrong !== undefined) command.error(`error: ${wrong}`);
  return options;
}

/** Whether a seed is of one trial, not a number to begin at. */
export const isOwnSeed = (seed: string): boolean => !/^\d+$/.test(seed);

function whyWrong({ seed, class: faultClass, lab, cuts, plant }: FaultsOptions): string | undefined {
  if (isOwnSeed(seed) && faultClass === undefined && !lab)
    return `the seed ${seed} is of one trial: say its --class too`;
  if (cuts && !lab) return '--cuts goes with --lab: there is no network to cut on one machine';
  if (!lab) return undefined;
  const name = process.env.BATON_LAB ?? '';
  if (name === '' || name === 'lab')
    return 'BATON_LAB must name a lab other than `lab`: its machines are reset and its coordinator is killed';
  return plant === undefined ? undefined : 'bugs are planted into the simulated form only';
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) === 0)
    throw new InvalidArgumentError('It must be a whole number above 0.');
  return Number(text);
}
