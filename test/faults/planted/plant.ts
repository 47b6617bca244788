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
  /** What the product does then. */
  says: string;
  /** What the judge must call broken. */
  invariant: Violation['invariant'];
  /** The fault class of the fast form that finds it soonest; absent: any of them may. */
  faultClass?: string;
  /** Tests that must fail then, for what the fast form cannot show: a file and the names in it. */
  provedBy?: { file: string; names: string };
}

/** The source with the bug in it; throws when its place does not stand there exactly once. */
export function plantIn(source: string, plant: Plant): string {
  const places = source.split(plant.find).length - 1;
  if (places !== 1)
    throw new Error(`plant ${plant.name}: its place stands ${places} times in ${plant.file}, not once: ${plant.find}`);
  return source.replace(plant.find, () => plant.replace);
}
