// Draws the parts of ARCHITECTURE.md that follow from the code, between their markers, and the table of the guides'
// sentences. `--check` only says whether they are up to date. A part is added by a function below and a pair of markers.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkCatalogue } from '../coordinator/checks/catalogue.ts';
import { exitOfFailure } from '../coordinator/cli/exit-codes.ts';
import { type Transition, transitions } from '../coordinator/sequencer/transitions.ts';
import { actionClasses } from '../shared/actions/action.ts';
import { type FailureCode, failure, failureCodes } from '../shared/failures.ts';
import { guideCoverage } from './guide-coverage.ts';

const parts: Record<string, () => string> = {
  transitions: () =>
    table(
      ['what happens', 'from', 'to', 'as people read it'],
      Object.entries<Transition>(transitions).map(([name, { from, to, sentence }]) => [
        `\`${name}\``,
        from.length === everyStatus ? 'any' : from.join(', '),
        to === 'same' ? '(stays)' : to,
        sentence,
      ]),
    ),
  checks: () =>
    table(
      ['check', 'what it looks at', 'when it fails', 'guide'],
      [...checkCatalogue.values()].map(({ id, title, severity, section }) => [
        `\`${id}\``,
        title,
        severity === 'blocking' ? 'blocks' : 'warns',
        section,
      ]),
    ),
  actions: () =>
    table(
      ['class', 'actions'],
      ['read', 'idempotent', 'once'].map((wanted) => [
        wanted,
        Object.entries(actionClasses)
          .filter(([, actionClass]) => actionClass === wanted)
          .map(([kind]) => `\`${kind}\``)
          .join(' '),
      ]),
    ),
  failures: () =>
    table(
      ['code', 'what it means', 'exit'],
      Object.entries(failureCodes).map(([code, meaning]) => [
        `\`${code}\``,
        meaning,
        String(exitOfFailure(failure(code as FailureCode, ''))),
      ]),
    ),
};

const everyStatus = Math.max(...Object.values<Transition>(transitions).map(({ from }) => from.length));

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** The document with every part drawn anew; throws when it lacks the markers of one. */
export function withGeneratedParts(document: string): string {
  return Object.entries(parts).reduce((text, [name, draw]) => {
    const markers = new RegExp(`(<!-- generated: ${name} -->\n).*?(<!-- end: ${name} -->)`, 's');
    if (!markers.test(text)) throw new Error(`ARCHITECTURE.md has no place for the part "${name}"`);
    return text.replace(markers, (_all, begin: string, end: string) => `${begin}\n${draw()}\n\n${end}`);
  }, document);
}

if (import.meta.main) {
  const root = dirname(import.meta.dirname);
  const drawn: Record<string, (before: string) => string> = {
    'ARCHITECTURE.md': withGeneratedParts,
    'docs/guide-coverage.md': guideCoverage,
  };
  for (const [name, draw] of Object.entries(drawn)) {
    const file = join(root, name);
    const before = readFileSync(file, { encoding: 'utf8', flag: 'a+' });
    const after = draw(before);
    if (after === before) continue;
    if (process.argv.includes('--check')) {
      console.error(`docs: ${name} is out of date; run npm run docs`);
      process.exitCode = 1;
    } else writeFileSync(file, after);
  }
}
