// `npm run faults`: tries every boundary and thousands of schedules, and says what was survived. Figures are what was
// counted, nothing else.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { faultClasses } from './classes.ts';
import { type FaultsOptions, isOwnSeed, readOptions, sampleSize } from './options.ts';
import { plantOf } from './planted/plants.ts';
import { carryOutAll } from './pool.ts';
import { type Broken, brokenOf, isSurvived, type Summary, Tally, tableText } from './table.ts';
import { all, type Trial } from './trial.ts';
import type { Task } from './worker.ts';

const options = readOptions(process.argv.slice(2));
if (options.plant !== undefined && process.env.BATON_PLANT !== options.plant)
  process.exitCode = withPlant(options.plant);
else {
  const summary = options.lab ? await inTheLab(options) : await simulated(options);
  if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  (options.json ? process.stderr : process.stdout).write(`${tableText(summary)}\n`);
  process.exitCode = summary.broken.length > 0 ? 1 : 0;
}

/** The same in a process with the bug in it: boundaries are recorded where they are struck, and the bug may move them. */
function withPlant(plant: string): number {
  const register = join(import.meta.dirname, 'planted/register.ts');
  const { status } = spawnSync(
    process.execPath,
    ['--no-warnings', '--import', register, import.meta.filename, ...process.argv.slice(2)],
    { stdio: 'inherit', env: { ...process.env, BATON_PLANT: plant } },
  );
  return status ?? 1;
}

async function simulated(given: FaultsOptions): Promise<Summary> {
  const startedMs = performance.now();
  const tasks = await tasksOf(given);
  const classes = new Tally();
  const kinds = new Tally();
  const broken: Broken[] = [];
  const progress = startProgress(tasks.length);
  const wanted = given.plant === undefined ? undefined : plantOf(given.plant)?.invariant;
  await carryOutAll({
    tasks,
    ...(given.plant === undefined ? {} : { plant: given.plant }),
    hear(trial: Trial) {
      classes.count(trial.faultClass, isSurvived(trial));
      for (const kind of trial.kinds ?? []) kinds.count(kind, isSurvived(trial));
      if (!isSurvived(trial)) {
        const found = brokenOf(trial, given.plant);
        broken.push(found);
        // At once: whoever looks at it need not wait for the rest.
        if (given.plant === undefined)
          process.stderr.write(`broken: ${found.message.split('\n')[0]}\n  $ ${found.repeat}\n`);
      }
      progress.tell(broken.length);
      // A planted bug is proven by the first trial that finds it.
      return wanted === undefined || !trial.violations.some(({ invariant }) => invariant === wanted);
    },
  });
  progress.end();
  return {
    schema: 1,
    seed: Number.parseInt(given.seed, 10) || 0,
    classes: classes.lines().map(({ name, ...counts }) => ({ faultClass: name, ...counts })),
    kinds: kinds.lines().map(({ name, ...counts }) => ({ kind: name, ...counts })),
    broken,
    elapsedMs: Math.round(performance.now() - startedMs),
  };
}

/** All trials, those of the classes mixed, so that a class that fails shows early. */
async function tasksOf(given: FaultsOptions): Promise<Task[]> {
  const chosen = faultClasses.filter(({ name }) => given.class === undefined || given.class === name);
  if (given.class !== undefined && isOwnSeed(given.seed)) return [{ faultClass: given.class, seed: given.seed }];
  const lists = await Promise.all(
    chosen.map(async ({ name, seeds }): Promise<Task[]> => {
      const count = name === 'schedules' ? given.schedules : boundariesOf(given);
      const { plan, at, boundaries } = given;
      // A sample is drawn from all of them.
      const every = given.every || [boundaries, at, given.plant].some((one) => one !== undefined);
      const where = { every, ...(plan === undefined ? {} : { plan }), ...(at === undefined ? {} : { at }) };
      return (await seeds({ seed: Number(given.seed), count, ...where })).map((seed) => ({ faultClass: name, seed }));
    }),
  );
  const placed = lists.flatMap((list) => list.map((task, at) => ({ task, place: (at + 0.5) / list.length })));
  return placed.sort((a, b) => a.place - b.place).map(({ task }) => task);
}

/** Where somebody asks for some of them, all of those are meant. */
function boundariesOf({ boundaries, every, plan, at, plant, class: chosen, ...given }: FaultsOptions): number {
  const asksFor = given.all || every || [plan, at, plant, chosen].some((one) => one !== undefined);
  return boundaries ?? (asksFor ? all : sampleSize);
}

function startProgress(count: number) {
  const isTerminal = process.stderr.isTTY;
  let done = 0;
  let toldMs = performance.now();
  const say = (broken: number): void => {
    const text = `${done} of ${count} tried, ${broken} broken`;
    process.stderr.write(isTerminal ? `\r${text}` : `${text}\n`);
  };
  return {
    tell(broken: number): void {
      done += 1;
      if (performance.now() - toldMs < (isTerminal ? 200 : 10_000)) return;
      toldMs = performance.now();
      say(broken);
    },
    end(): void {
      if (isTerminal) process.stderr.write('\r\u001b[K');
    },
  };
}

async function inTheLab({ seed, kills, cuts }: FaultsOptions): Promise<Summary> {
  // Which lab it is, is settled when this is loaded.
  const { killInLab } = await import('./lab/kill-in-lab.ts');
  return await killInLab({ seed, kills, cuts }, (line) => process.stderr.write(`${line}\n`));
}
