// Arguments that several commands share, and the validation of what people type. It touches nothing.
import { Command } from '@commander-js/extra-typings';
import { fail, ok, type Result } from '../../../shared/failures.ts';
import { isName } from '../../../shared/names.ts';

/** A command whose --help ends with examples, one a line. */
export function commandWith(name: string, description: string, examples: string[]): Command {
  const text = examples.map((example) => `  $ ${example}`).join('\n');
  return new Command(name)
    .description(description)
    .summary(/^.*?[.?:](?= |$)/.exec(description)?.[0].slice(0, -1) ?? description)
    .helpCommand(false)
    .helpOption('-h, --help', 'this text')
    .addHelpText('after', text === '' ? '' : `\nExamples:\n${text}\n`);
}

export const jsonOption = ['--json', 'one JSON document on stdout (schema 1); the words go to stderr'] as const;

/** The name of a cluster or node as typed; `bad-input` when it can be none. */
export function nameArgument(what: 'cluster' | 'node', text: string): Result<string> {
  if (isName(text)) return ok(text);
  return fail('bad-input', `${JSON.stringify(text)} is no name of a ${what}: 1 to 31 of a-z, 0-9 and -, not first a -`);
}
