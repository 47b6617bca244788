// One upgrade in the lab during which coordinator and agents are killed with -9, each time around another event of the
// journal; restarted, and taken to its end by an operator who only ever says `retry`.
import { endpointOf } from '../../../coordinator/cli/address.ts';
import { connectOperator, type OperatorClient } from '../../../coordinator/cli/client.ts';
import { followLimits, followRun } from '../../../coordinator/cli/follow.ts';
import type { RunDocument, WatchDocument } from '../../../shared/documents.ts';
import { baton, lab, labAddress, onNode, setInstaller, waitFor } from '../../lab/lab.ts';
import { showRun, startAfresh, startUpgrade } from '../../lab/scenario.ts';
import type { Evidence, JournalHead } from '../judge/evidence.ts';
import { type Random, randomOf } from '../sim/random.ts';
import { factsNow, labEvidence, nodes } from './lab-evidence.ts';
import { watchLedgers } from './node-records.ts';

export interface Kill {
  target: string;
  /** Around which event, and how long after it was seen. */
  event: string;
  afterMs: number;
}

export interface KilledUpgrade {
  run: RunDocument;
  kills: Kill[];
  /** What the operator had to say. */
  said: string[];
  evidence: Evidence;
}

/** From the first change of the cluster on, of an upgrade that nothing befalls; takeovers add some. */
const eventsOfUpgrade = 85;
const firstChange = 'suspend-failover';
const afterMsMax = 400;
const retriesMax = 8;
/** A coordinator that was killed is started anew at once. */
const patienceMs = 90_000;

/** Runs an upgrade under so many kills, spread over its events; the seed chooses events, targets and offsets. */
export async function upgradeUnderKills(
  seed: string,
  killsWanted: number,
  tell: (line: string) => void = () => undefined,
): Promise<KilledUpgrade> {
  await startAfresh();
  await setInstaller(['n1', 'n2'], { DURATION_S: 2 });
  const facts = await factsNow();
  const ledgers = await watchLedgers(nodes);
  const acknowledged: JournalHead[] = [];
  const said: string[] = [];

  const run = await startUpgrade();
  const killer = startKiller(randomOf(seed), killsWanted, async (kill) => {
    tell(`${run}: ${kill.target} killed ${kill.afterMs} ms after ${kill.event}`);
    // What the coordinator says of the journal now must be in it in the end.
    const { head } = await waitFor('the coordinator answers', async () => {
      const shown = await baton('run', 'show', run, '--json');
      return shown.exitCode !== 4 && (JSON.parse(shown.stdout) as RunDocument);
    });
    acknowledged.push({ run, ...head });
  });
  const client = connectHere();
  try {
    for (;;) {
      const listener = {
        event(document: WatchDocument) {
          ledgers.look();
          killer.see(document);
        },
        lost: () => undefined,
        found: () => undefined,
      };
      const followed = await followRun(client, run, 0, listener, { ...followLimits, patienceMs });
      await killer.rest();
      if (!followed.ok) throw new Error(followed.failure.message);
      const ended = followed.value;
      if (ended.endedAt !== undefined) {
        const evidence = await labEvidence(await showRun(run), ledgers, acknowledged, facts);
        return { run: ended, kills: killer.kills, said, evidence };
      }
      const why = `${ended.halt?.item}: ${ended.halt?.message}`;
      if (said.length >= retriesMax) throw new Error(`run ${run} stands at ${why}`);
      said.push(`retry of ${why}`);
      tell(`${run}: ${said.at(-1)}`);
      await baton('run', 'retry', run, '--detach', '--reason', 'killed on purpose');
    }
  } finally {
    await killer.rest().catch(() => undefined);
    client.close();
  }
}

function connectHere(): OperatorClient {
  const endpoint = endpointOf({ address: labAddress });
  if (!endpoint.ok) throw new Error(endpoint.failure.message);
  return connectOperator(endpoint.value);
}

/** Kills around events, one after the other, each time something else. */
function startKiller(random: Random, killsWanted: number, onKilled: (kill: Kill) => Promise<void>) {
  const every = Math.floor(eventsOfUpgrade / killsWanted);
  const kills: Kill[] = [];
  /** Unknown until the first change: an agent that is away before that ends the run, and there is nothing to lose. */
  let next: number | undefined;
  let seen = 0;
  let planned = 0;
  let work: Promise<void> = Promise.resolve();

  const carryOut = async (kill: Kill): Promise<void> => {
    await new Promise((done) => setTimeout(done, kill.afterMs));
    if (kill.target === 'coordinator') {
      await lab('coordinator', 'kill');
      await lab('coordinator', 'start');
    } else await onNode(kill.target, 'systemctl kill --kill-whom=main --signal=KILL baton-agent || true');
    kills.push(kill);
    await onKilled(kill);
  };
  return {
    kills,
    see({ sequence, event }: WatchDocument): void {
      if (event === undefined || sequence <= seen) return;
      seen = sequence;
      if (event.item === firstChange) next ??= seen + random.below(every);
      if (next === undefined || seen < next || planned >= killsWanted) return;
      planned += 1;
      next = seen + Math.ceil(every / 2) + random.below(every);
      const target = random.below(2) === 0 ? 'coordinator' : random.pick(nodes);
      const kill = { target, event: `${event.type} ${event.item}`.trim(), afterMs: random.below(afterMsMax + 1) };
      work = work.then(() => carryOut(kill));
      // Told where it is waited for.
      work.catch(() => undefined);
    },
    /** When everything planned so far is done; fails where a kill or a restart could not be carried out. */
    rest: () => work,
  };
}
