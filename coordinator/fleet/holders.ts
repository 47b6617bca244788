// Whether the streams of nodes end at a coordinator that is alive: asked of the holders themselves, since the table of
// presence may still tell of one that has died.
import type { Clock } from '../../shared/clock.ts';
import { seconds } from '../../shared/units.ts';
import type { Bus } from '../bus/bus.ts';
import { commandSubject } from './subjects.ts';

const answerWithinMs = seconds(2);
const lookEveryMs = 200;
/** A node that is down must not keep its run waiting for ever: after this the run looks, and sees it as out of reach. */
const waitMaxMs = seconds(20);

/** True when somebody alive holds the node's stream. */
export async function isHeld(bus: Bus, node: string): Promise<boolean> {
  try {
    await bus.nc.request(commandSubject(node, 'held'), '', { timeout: answerWithinMs });
    return true;
  } catch {
    return false;
  }
}

/** Resolves when the streams of all these nodes are held, or when it has waited long enough. */
export async function untilHeld(
  { bus, clock }: { bus: Bus; clock: Clock },
  nodes: string[],
  signal: AbortSignal,
): Promise<void> {
  const deadlineMs = clock.monotonicMs() + waitMaxMs;
  let missing = nodes;
  while (!signal.aborted) {
    const held = await Promise.all(missing.map((node) => isHeld(bus, node)));
    missing = missing.filter((_, index) => !held[index]);
    if (missing.length === 0 || clock.monotonicMs() >= deadlineMs) return;
    await clock.sleep(lookEveryMs, signal);
  }
}
