// Which backups on a node go: the agent decides by this when it removes some, and afterwards is held against it. Pure.
import type { AnswerOf } from './actions/action.ts';

type Part = Pick<AnswerOf<'readBackups'>['parts'][number], 'backup' | 'part' | 'complete' | 'madeAtMs'> & {
  verifiedAtMs?: number | undefined;
};

export interface KeepRule {
  /** So many whole and verified ones stay, the newest. */
  keep: number;
  /** Never go. */
  pins: readonly string[];
  /** Without one of these a backup is not whole, here. */
  parts: readonly string[];
}

/** Of runs that change a cluster so that somebody may want to go back. */
const isOfUpgrade = (backup: string): boolean => /^(?:db-)?upgrade-/.test(backup);

/**
 * Names, the oldest first: what was never finished, and whole ones that are older than all that are kept. Of upgrades the
 * newest whole one stays, verified or not: it is what a rollback needs.
 */
export function outdatedBackups(present: readonly Part[], { keep, pins, parts }: KeepRule): string[] {
  const names = [...new Set(present.map(({ backup }) => backup))];
  const ownOf = (backup: string) => present.filter((part) => part.backup === backup);
  const madeAtMs = (backup: string) => Math.max(...ownOf(backup).map((part) => part.madeAtMs));
  const newestFirst = names.toSorted((a, b) => madeAtMs(b) - madeAtMs(a) || b.localeCompare(a));
  const holds = (backup: string, is: (part: Part) => boolean) =>
    parts.every((name) => ownOf(backup).some((one) => one.part === name && is(one)));
  const whole = newestFirst.filter((backup) => holds(backup, ({ complete }) => complete));
  const verified = whole.filter((backup) => holds(backup, (one) => one.complete && one.verifiedAtMs !== undefined));
  // What was not read again counts as none, but nothing that is newer than what is kept goes.
  const last = verified[keep - 1];
  const kept = new Set([...pins, ...(last === undefined ? whole : whole.slice(0, whole.indexOf(last) + 1))]);
  const toGoBackTo = whole.find(isOfUpgrade);
  if (toGoBackTo !== undefined) kept.add(toGoBackTo);
  return newestFirst.filter((backup) => !kept.has(backup)).toReversed();
}
