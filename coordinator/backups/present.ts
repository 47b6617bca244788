// What lies on the nodes, put together to backups: which are whole, which are verified, which go by the rule of the
// cluster file. Pure.
import type { AnswerOf } from '../../shared/actions/action.ts';
import type { PartName } from '../../shared/actions/jobs/places.ts';
import type { BackupDocument, BackupPartDocument } from '../../shared/backup-documents.ts';
import type { BackupTask } from './parts.ts';

/** A part as it lies on a node, finished or not. */
export interface PresentPart {
  node: string;
  /** The run that took it. */
  backup: string;
  part: string;
  isComplete: boolean;
  sizeBytes: number;
  takenAtMs: number;
  /** 0 where it was never done. */
  verifiedAtMs: number;
  restoredAtMs: number;
  /** What did not stop it, such as files that changed while they were read. */
  warnings: string[];
}

/** The parts as a node told them. */
export const partsIn = (node: string, { parts }: Pick<AnswerOf<'readBackups'>, 'parts'>): PresentPart[] =>
  parts.map((part) => ({
    node,
    backup: part.backup,
    part: part.part,
    isComplete: part.complete,
    sizeBytes: part.bytes,
    takenAtMs: part.madeAtMs,
    verifiedAtMs: part.verifiedAtMs ?? 0,
    restoredAtMs: part.trialRestored ? (part.verifiedAtMs ?? 0) : 0,
    warnings: part.warnings,
  }));

export interface PresentBackup {
  backup: string;
  takenAtMs: number;
  parts: PresentPart[];
}

/** The backups that the parts belong to, newest first. */
export function backupsIn(parts: PresentPart[]): PresentBackup[] {
  const found = new Map<string, PresentPart[]>();
  for (const part of parts) found.set(part.backup, [...(found.get(part.backup) ?? []), part]);
  return [...found]
    .map(([backup, own]) => ({
      backup,
      takenAtMs: Math.max(...own.map(({ takenAtMs }) => takenAtMs)),
      parts: own.toSorted((a, b) => order(a).localeCompare(order(b))),
    }))
    .toSorted((a, b) => b.takenAtMs - a.takenAtMs || b.backup.localeCompare(a.backup));
}

const order = ({ node, part }: PresentPart): string => `${node} ${part}`;

/** What `backup ls` shows of one. `asked`: the parts that the cluster file asks for; `unread`: nodes that did not answer. */
export function describeBackup(present: PresentBackup, asked: BackupTask[], unread: string[]): BackupDocument {
  const { backup, takenAtMs, parts } = present;
  const whole = parts.filter(({ isComplete }) => isComplete);
  const absent = asked.filter(({ node, part }) => !whole.some((one) => one.node === node && one.part === part));
  const missing = absent.filter(({ node }) => !unread.includes(node)).map(({ node, part }) => `${node} ${part}`);
  const isIncomplete = missing.length > 0 || whole.length < parts.length;
  return {
    id: backup,
    takenAt: iso(takenAtMs),
    state: isIncomplete
      ? 'incomplete'
      : absent.length > 0
        ? 'unknown'
        : whole.every(({ verifiedAtMs }) => verifiedAtMs > 0)
          ? 'verified'
          : 'complete',
    sizeBytes: parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    parts: parts.map(describePart),
    missing,
  };
}

function describePart(part: PresentPart): BackupPartDocument {
  const { node, part: name, isComplete, sizeBytes, takenAtMs, verifiedAtMs, restoredAtMs } = part;
  return {
    node,
    part: name,
    complete: isComplete,
    sizeBytes,
    takenAt: iso(takenAtMs),
    ...(verifiedAtMs > 0 && { verifiedAt: iso(verifiedAtMs) }),
    ...(restoredAtMs > 0 && { restoredAt: iso(restoredAtMs) }),
  };
}

const iso = (timeMs: number): string => new Date(timeMs).toISOString();

/** Without these there is nothing to go back to: what lacks one was begun and not finished. */
const indispensable: PartName[] = ['application', 'database'];

/** Of runs that change a cluster so that somebody may want to go back. */
const isOfUpgrade = (backup: string): boolean => /^(?:db-)?upgrade-/.test(backup);

/**
 * The backups that go once another one is taken and verified: what was never finished, and whole ones beyond the `keep`
 * newest, the coming one counted. The newest one of an upgrade stays unless the coming one is an upgrade's: it is what a
 * rollback needs.
 */
export function outdated(parts: PresentPart[], keep: number, comingIsOfUpgrade: boolean): PresentBackup[] {
  const backups = backupsIn(parts);
  const whole = backups.filter(({ parts: own }) =>
    indispensable.every((part) => own.some((one) => one.part === part && one.isComplete)),
  );
  const kept = new Set(whole.slice(0, keep - 1));
  const toGoBackTo = comingIsOfUpgrade ? undefined : whole.find(({ backup }) => isOfUpgrade(backup));
  if (toGoBackTo !== undefined) kept.add(toGoBackTo);
  return backups.filter((backup) => !kept.has(backup));
}
