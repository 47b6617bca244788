// A process that carries out trials which it is sent, one after the other, and tells each. A trial that throws is told as
// one that came to no end: whoever asked must hear of it.
import { faultClasses } from './classes.ts';
import type { Trial } from './trial.ts';

/** What a worker is sent. */
export interface Task {
  faultClass: string;
  seed: string;
}

process.on('message', ({ faultClass, seed }: Task) => {
  void carryOut(faultClass, seed).then((trial) => process.send?.(trial));
});
process.on('disconnect', () => process.exit());

async function carryOut(faultClass: string, seed: string): Promise<Trial> {
  try {
    const found = faultClasses.find(({ name }) => name === faultClass);
    if (found === undefined) throw new Error(`there is no fault class ${faultClass}`);
    return await found.trial(seed);
  } catch (error) {
    return {
      faultClass,
      seed,
      violations: [],
      stuck: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}
