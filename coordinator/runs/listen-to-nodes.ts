// What agents say by themselves, handed to the run that it is about. Of runs that nobody works on here, agents are told what
// is over. It decides nothing.
import type { Clock } from '../../shared/clock.ts';
import type { Key } from '../../shared/key.ts';
import type { Log } from '../../shared/log.ts';
import { createBuckets } from '../access/bucket.ts';
import type { NodePresence } from '../checks/check.ts';
import type { GuardedJournal } from './guarded-journal.ts';
import { progressOf } from './node-progress.ts';
import type { ProgressFeed } from './progress.ts';
import type { Runner } from './runner.ts';
import { type TellParts, tellOver, tellWhatIsOver } from './tell-over.ts';

/** Of outcomes of runs that nobody works on, from one node. */
const strangersRate = { perSecond: 1, burst: 20 };

interface ListenParts extends TellParts {
  journal: GuardedJournal;
  progress: ProgressFeed;
  clock: Clock;
  log: Log;
}

/** Listens until what it gives is called. `care` looks after what goes on longer. */
export function listenToNodes(
  parts: ListenParts,
  runners: ReadonlyMap<string, Runner>,
  care: (what: string, task: Promise<void>) => void,
): () => void {
  const { journal, fleet, clock, log } = parts;
  const strangers = createBuckets(strangersRate, clock);

  /** An outcome of a run that nobody works on: of one that has ended, the agent may forget everything. */
  const settleStranger = async (node: string, key: Key): Promise<void> => {
    // A journal is much to read, and anything can be said of runs: agents say it again.
    if (!strangers.of(node).take()) return;
    await tellOver(parts, node, key.run);
  };

  /** Also runs that nobody works on, and those of which there is no journal at all. */
  const examine = async ({ node, connected }: NodePresence): Promise<void> => {
    const compared = await journal.examine([node]);
    const examined = compared.ok && connected ? await tellWhatIsOver(parts, node) : compared;
    if (!examined.ok) log.warn('what an agent holds could not be compared', { node, reason: examined.failure.message });
  };

  const unlisten = [
    fleet.onOutcome((node, key, outcome) => {
      const runner = runners.get(key.run);
      if (runner !== undefined) runner.hear(node, key, outcome);
      else void settleStranger(node, key);
    }),
    fleet.onProgress((node, said) => {
      const { run } = said.key;
      const state = runners.get(run)?.state();
      const progress = state && progressOf(state, node, said, clock.nowMs());
      if (progress !== undefined) parts.progress.tell(run, progress);
    }),
    fleet.onPresence((presence) => {
      care('heads', examine(presence));
      for (const runner of runners.values()) runner.look(presence);
    }),
  ];
  return () => {
    for (const stop of unlisten) stop();
  };
}
