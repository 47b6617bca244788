// Records the journals of this version that are not there yet: `npm run journals -- [COURSE…]`. Never writes over one.
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson, sha256Hex } from '../../shared/hash.ts';
import { batonVersion } from '../../shared/version.ts';
import { type Course, courses } from './courses.ts';
import { foldedOf } from './folded.ts';

const root = import.meta.dirname;

function write(path: string, content: string): void {
  const file = join(root, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, content, { flag: 'wx' });
  appendFileSync(join(root, 'SHA256SUMS'), `${sha256Hex(content)}  ${path}\n`);
}

async function record({ name, tells, has, record: run }: Course): Promise<void> {
  const { lines, compiled } = await run();
  const events = lines.flatMap(({ event }) => (event === undefined ? [] : [event]));
  const missing = has.filter((pattern) => !events.some((event) => pattern.test(event)));
  if (missing.length > 0) throw new Error(`${name}: the run took another course, it lacks ${missing.join(' and ')}`);
  const plan = canonicalJson(compiled);
  const planPath = `plans/${sha256Hex(plan)}.json`;
  if (!existsSync(join(root, planPath))) write(planPath, plan);
  write(`${batonVersion}/${name}.jsonl`, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  write(`${batonVersion}/${name}.state.json`, canonicalJson({ tells, ...foldedOf(events, compiled) }));
  console.log(`recorded ${batonVersion}/${name}: ${events.length} events`);
}

const asked = process.argv.slice(2);
for (const course of courses)
  if (asked.length === 0 || asked.includes(course.name))
    if (existsSync(join(root, batonVersion, `${course.name}.jsonl`))) console.log(`${course.name} is there already`);
    else await record(course);
