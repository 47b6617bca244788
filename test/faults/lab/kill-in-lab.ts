// The lab form of `npm run faults`: upgrade after upgrade under kills, until there were enough of them.
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { mochaGlobalSetup as boot } from '../../lab/boot.ts';
import { lab } from '../../lab/lab.ts';
import { judge } from '../judge/judge.ts';
import { type Broken, type Summary, Tally } from '../table.ts';
import { upgradeUnderKills } from './upgrade-under-kills.ts';

const root = resolve(import.meta.dirname, '../../..');

/** The cuts are tests, for all that they look at; here they are carried out all of them. */
async function cutInLab(tell: (line: string) => void): Promise<boolean> {
  const mocha = join(root, 'node_modules/.bin/mocha');
  const ended = await execa(mocha, ['--timeout', '400000', 'test/lab/cuts.ts'], {
    cwd: root,
    reject: false,
    all: true,
  });
  tell(ended.all);
  return ended.exitCode === 0;
}

/** As many as leave the coordinator time to do something in between. */
const killsOfRun = 8;

export interface LabTrial {
  seed: string;
  kills: number;
  /** The network is cut between each pair of machines as well. */
  cuts: boolean;
}

export async function killInLab({ seed, kills, cuts }: LabTrial, tell: (line: string) => void): Promise<Summary> {
  const startedMs = performance.now();
  const isOurs = (await lab('status')).includes('not there');
  await boot();
  const classes = new Tally();
  const broken: Broken[] = [];
  let done = 0;
  for (let number = 1; done < kills; number += 1) {
    const own = `${seed}-${number}`;
    const repeat = `npm run faults -- --lab --seed '${seed}' --kills ${done + killsOfRun}`;
    try {
      const upgrade = await upgradeUnderKills(own, Math.min(killsOfRun, kills - done), tell);
      const violations = judge(upgrade.evidence);
      for (const { target } of upgrade.kills)
        classes.count(target === 'coordinator' ? 'coordinator killed' : 'agent killed', violations.length === 0);
      done += upgrade.kills.length;
      if (upgrade.kills.length === 0) throw new Error('the run ended before anything was killed');
      const [first] = violations;
      if (first !== undefined) {
        const invariants = [...new Set(violations.map(({ invariant }) => invariant))].sort();
        broken.push({ faultClass: 'lab', seed: own, invariants, message: first.message, repeat });
      }
      tell(`${done} of ${kills} kills, ${upgrade.run.id} ${upgrade.run.status}, ${violations.length} violations`);
    } catch (error) {
      broken.push({ faultClass: 'lab', seed: own, invariants: [], message: String(error), repeat });
      tell(`${own}: ${String(error)}`);
      if (broken.length >= 3) break;
    }
  }
  if (cuts) {
    const hasSurvived = await cutInLab(tell);
    classes.count('network cut', hasSurvived);
    const repeat = 'npm run faults -- --lab --kills 1 --cuts';
    const message = 'a test of test/lab/cuts.ts failed: see above';
    if (!hasSurvived) broken.push({ faultClass: 'network cut', seed, invariants: [], message, repeat });
  }
  if (isOurs) await lab('down', '--keep-image');
  return {
    schema: 1,
    seed: Number.parseInt(seed, 10) || 0,
    classes: classes.lines().map(({ name, ...counts }) => ({ faultClass: name, ...counts })),
    kinds: [],
    broken,
    elapsedMs: Math.round(performance.now() - startedMs),
  };
}
