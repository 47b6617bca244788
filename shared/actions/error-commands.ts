// The command lines by which lines that tell of errors are found. Pure.
import type { ActionOf } from './action.ts';
import type { Command } from './command.ts';
import { shellLine, shellQuote } from './shell-quote.ts';
import { showUnits } from './systemd-commands.ts';

/** Of one unit or many: more than an hour's flood of errors is no figure that anybody needs. */
export const journalLinesMax = 20_000;

export function errorCommands({
  errorLogs,
  mixedLogs,
  units,
  pattern,
  windowMs,
  sinceUnit,
}: ActionOf<'readErrors'>): Command[] {
  const seconds = Math.round(windowMs / 1000);
  return [
    ...(sinceUnit === undefined ? [] : [showUnits([sinceUnit])]),
    ...errorLogs.map(
      (log): Command => ({ by: 'agent', line: `${shellLine(['tail', '-n', '+1', log])}   # of the last ${seconds} s` }),
    ),
    ...mixedLogs.map(
      (log): Command => ({ by: 'agent', line: `grep -P ${shellQuote(pattern)} ${log}   # of the last ${seconds} s` }),
    ),
    ...(units.length === 0 ? [] : [{ by: 'program' as const, argv: journalWords(units, seconds) }]),
  ];
}

/** journalctl's entries of units as JSON, a line each, of the last seconds. */
export function journalWords(units: readonly string[], seconds: number): string[] {
  return [
    ...['journalctl', '--no-pager', '--quiet', '-o', 'json', '--output-fields=MESSAGE,PRIORITY'],
    ...[`--since=-${seconds}s`, '-n', String(journalLinesMax)],
    ...units.flatMap((unit) => ['-u', unit]),
  ];
}
