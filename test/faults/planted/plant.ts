// A planted bug: one change of the product’s source, made when the module is loaded. It proves that the fault tests would
// find such a bug; a plant whose place is gone or stands twice is an error, so plants cannot rot.
import type { Violation } from '../judge/evidence.ts';

export interface Plant {
  name: string;
  /** From the root of the project. */
  file: string;
  /** Stands in the file exactly once. */
  find: string;
  replace: string;
  /** A second place, where one alone would not show: another line of defence. */
  also?: { file: string; find: string; replace: string };
  /** What the product does then. */
  says: string;
  /** What the judge must call broken. */
  invariant: Violation['invariant'];
  /** Where the fast form finds it soon: its own options, as typed. */
  shows?: { class: string; plan?: string; at?: string; boundaries?: number; schedules?: number };
  /** Tests that must fail then, for what the fast form cannot show: a file and the names in it. */
  provedBy?: { file: string; names: string };
}

/** What is changed where. */
export const editsOf = ({ name, file, find, replace, also }: Plant): Edit[] =>
  [{ file, find, replace }, ...(also === undefined ? [] : [also])].map((edit) => ({ name, ...edit }));

export interface Edit {
  name: string;
  file: string;
  find: string;
  replace: string;
}

/** The source with the bug in it; throws when its place does not stand there exactly once. */
export function plantIn(source: string, { name, file, find, replace }: Edit): string {
  const places = source.split(find).length - 1;
  if (places !== 1) throw new Error(`plant ${name}: its place stands ${places} times in ${file}, not once: ${find}`);
  return source.replace(find, () => replace);
}
