// Draws docs/guide-coverage.md: each sentence of the guides that asks for something, and what of Baton carries it out, with
// the file and the test of it. What is named here and is not there is found by the test of this page.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Means } from './guide-coverage-means.ts';
import { coverage } from './guide-coverage-rows.ts';

const root = dirname(import.meta.dirname);
const text = (file: string): string => readFileSync(join(root, file), 'utf8');

export const guides = [
  { title: 'Upgrade Guide for High Availability (HA) Deployment', file: 'docs/guides/ha-upgrade.txt' },
  { title: 'Installation Guide for Patroni-Based HA Deployment', file: 'docs/guides/patroni.txt' },
] as const;

export interface Sentence {
  section: string;
  bullet: string;
}

/** The sentences of a guide's outline: a line that begins with # is a section, one that begins with - asks for something. */
export function sentencesOf(outline: string): Sentence[] {
  let section = '';
  return outline.split('\n').flatMap((line) => {
    if (line.startsWith('# ')) section = line.slice(2);
    return line.startsWith('- ') ? [{ section, bullet: line.slice(2) }] : [];
  });
}

/** Where something is, and the test that would fail without it. */
export interface Place {
  file: string;
  test: string;
}

const checkCases = readdirSync(join(root, 'test/unit/checks'))
  .filter((name) => name.endsWith('.ts'))
  .sort();

/** The place of what a row names; of a check both follow from its id. */
export function placeOf(means: Means): Place {
  if (means.is !== 'check') return { file: means.file, test: means.test };
  if (means.test !== undefined) return { file: `coordinator/checks/${means.id}.ts`, test: means.test };
  const file = `coordinator/checks/${means.id}.ts`;
  const from = `coordinator/checks/${means.id}.ts'`;
  const tested = checkCases.find((name) => text(`test/unit/checks/${name}`).includes(from));
  return { file, test: tested === undefined ? '' : `test/unit/checks/${tested}` };
}

/** What is wrong with a row's place: a file that is not there, or that knows nothing of what the row names. */
export function faultsOf(means: Means): string[] {
  const { file, test } = placeOf(means);
  const missing = [file, test].filter((one) => one === '' || !existsSync(join(root, one)));
  if (missing.length > 0) return missing.map((one) => `${means.id}: there is no file ${JSON.stringify(one)}`);
  const faults: string[] = [];
  if (means.is !== 'check') {
    if (!names(text(file), means.id)) faults.push(`${means.id}: ${file} does not have it`);
    const inTest = means.inTest ?? means.id;
    if (!text(test).includes(inTest)) faults.push(`${means.id}: ${test} does not have ${JSON.stringify(inTest)}`);
  }
  return faults;
}

/** Whether a source names an item, also by a template such as `${role}.install`. */
function names(source: string, id: string): boolean {
  if (source.includes(id)) return true;
  const templates = [...source.matchAll(/`([a-z.-]*\$\{[a-zA-Z]+\}[a-z.${}A-Z-]*)`/g)].map((match) => match[1] ?? '');
  return templates.some((template) => {
    const pattern = template.replaceAll('.', '\\.').replaceAll(/\$\{[a-zA-Z]+\}/g, '[a-z0-9-]+');
    return new RegExp(`^${pattern}$`).test(id);
  });
}

/** The whole page. */
export function guideCoverage(): string {
  const parts = guides.map(({ title, file }) => {
    const rows = sentencesOf(text(file)).map((sentence) => {
      const means = coverage[`${sentence.section} | ${sentence.bullet}`] ?? [];
      const cell = (draw: (one: Means) => string) => means.map(draw).join('<br>');
      return [
        sentence.section,
        sentence.bullet,
        means.length === 0 ? 'open' : cell((one) => `${one.is} \`${one.id}\`${one.note ? `: ${one.note}` : ''}`),
        cell((one) => link(placeOf(one).file)),
        cell((one) => link(placeOf(one).test)),
      ];
    });
    const open = rows.filter((row) => row[2] === 'open').length;
    return [
      `## ${title}`,
      `${rows.length} sentences, ${rows.length - open} carried out, ${open} open.`,
      table(['section', 'the guide says', 'by', 'file', 'test'], rows),
    ].join('\n\n');
  });
  return `${[
    '# The guides, sentence by sentence',
    'Drawn by `npm run docs` from the outlines in `docs/guides` and `scripts/guide-coverage-rows.ts`. A check, gate, step or approval is carried out by a run, a command or a schedule beside it; advice is given where it is named, since only people can follow it.',
    ...parts,
  ].join('\n\n')}\n`;
}

const link = (file: string): string => `[${file}](../${file})`;

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
