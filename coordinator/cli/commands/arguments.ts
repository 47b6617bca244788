// Arguments that several commands share, and the validation of what people type. It touches nothing.
import { Command, Option, type OptionValues } from '@commander-js/extra-typings';
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

export const atOption = [
  '--at <TIME>',
  'start it then: 02:00 or 2026-11-28T02:00 in the time zone of the cluster’s window, or with an offset',
] as const;

export const jsonOption = ['--json', 'one JSON document on stdout (schema 1); the words go to stderr'] as const;

/** What every command that starts a run takes; told to the coordinator by asTold. */
export const withStartOptions = <Arguments extends unknown[], Options extends OptionValues, All extends OptionValues>(
  command: Command<Arguments, Options, All>,
) =>
  command
    .option('--yes', 'do not ask; needed without a terminal')
    .option('--detach', 'return as soon as the run has started')
    .option('--change <ID>', 'number of the change request, for the journal')
    .option('--reason <TEXT>', 'why, for the journal');

export const acceptOption = () =>
  new Option(
    '--accept <CHECK=REASON>',
    'go on although this check of the preflight fails; the reason is journaled and reported. May be given several times; never for one primary, sums or room',
  ).argParser((text: string, before: string[] = []) => [...before, text]);

/** Reasons by check from `CHECK=REASON`; whether a check may be accepted is the coordinator’s to say. */
export function acceptArgument(texts: string[] = []): Result<{ accept?: Record<string, string> }> {
  const accept = new Map<string, string>();
  for (const text of texts) {
    const [, check, reason] = /^([a-z0-9-]+)=(.*)$/s.exec(text) ?? [];
    if (check === undefined || reason === undefined)
      return fail(
        'bad-input',
        `--accept ${JSON.stringify(text)}: must be CHECK=REASON; baton check shows the names of checks`,
      );
    if (reason.trim() === '') return fail('bad-input', `--accept ${check}: a reason must follow the =`);
    if (accept.has(check)) return fail('bad-input', `--accept ${check} is given twice`);
    accept.set(check, reason.trim());
  }
  return ok(accept.size === 0 ? {} : { accept: Object.fromEntries(accept) });
}

/** The name of a cluster, node or operator as typed; `bad-input` when it can be none. */
export function nameArgument(what: 'cluster' | 'node' | 'operator', text: string): Result<string> {
  if (isName(text)) return ok(text);
  return fail(
    'bad-input',
    `${JSON.stringify(text)} is no name of ${what === 'operator' ? 'an' : 'a'} ${what}: 1 to 31 of a-z, 0-9 and -, not first a -`,
  );
}
