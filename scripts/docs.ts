// Draws the parts of ARCHITECTURE.md that follow from the code, between their markers. `--check` only says whether they are
// up to date. A part is added by a function below and a pair of markers in the document.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkCatalogue } from '../coordinator/checks/catalogue.ts';
import { exitOfFailure } from '../coordinator/cli/exit-codes.ts';
import { type Transition, transitions } from '../coordinator/sequencer/transitions.ts';
import { actionClasses } from '../shared/actions/action.ts';
import { type FailureCode, failure, failureCodes } from '../shared/failures.ts';

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
  const file = join(dirname(import.meta.dirname), 'ARCHITECTURE.md');
  const before = readFileSync(file, 'utf8');
  const after = withGeneratedParts(before);
  if (process.argv.includes('--check')) {
    if (after !== before) {
      console.error('docs: ARCHITECTURE.md is out of date; run npm run docs');
      process.exitCode = 1;
    }
  } else {
    writeFileSync(file, after);
  }
}
