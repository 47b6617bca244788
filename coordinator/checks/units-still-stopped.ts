// Services have stayed stopped for a settling time: nothing started them again behind the stop.
import { z } from 'zod';
import { formatDuration } from '../../shared/units.ts';
import { answerOf, isFailure } from './check.ts';
import { defineCheck, notRead } from './define.ts';
import { ageMs, describeUnit, isStopped, missingUnits } from './unit-state.ts';

const readingTimeoutMs = 15_000;

export const unitsStillStopped = defineCheck({
  id: 'units-still-stopped',
  title: 'Services have stayed stopped',
  section: 'Step 3: Upgrade Standby › services remain in a stopped state',
  severity: 'blocking',
  remedy: 'Something starts them: look for a timer, a watchdog or an installer that still runs, stop them, then retry.',
  params: z.strictObject({ node: z.string(), units: z.array(z.string()).min(1), stoppedForMs: z.number() }),
  words: ({ node, units, stoppedForMs }) => `${node}: ${units.join(', ')} stopped for ${formatDuration(stoppedForMs)}`,
  *evaluate({ node, units, stoppedForMs }) {
    const limit = `stopped for ${formatDuration(stoppedForMs)}`;
    const [statesRead, factsRead] = yield [
      { node, action: { kind: 'readUnits', units }, timeoutMs: readingTimeoutMs },
      { node, action: { kind: 'readNode' }, timeoutMs: readingTimeoutMs },
    ];
    const [states, facts] = [answerOf(statesRead, 'readUnits'), answerOf(factsRead, 'readNode')];
    if (isFailure(states)) return [notRead(node, limit, states)];
    if (isFailure(facts)) return [notRead(node, limit, facts)];
    const running = states.units.filter((unit) => !isStopped(unit)).map(describeUnit);
    const young = states.units
      .filter((unit) => isStopped(unit) && ageMs(unit, facts) < stoppedForMs)
      .map((unit) => `${unit.unit} stopped ${formatDuration(ageMs(unit, facts))} ago`);
    const wrong = [...running, ...young, ...missingUnits(states, units)];
    if (wrong.length > 0) return [{ node, limit, reading: wrong.join('; '), verdict: 'fail' }];
    return [{ node, limit, reading: `${units.join(', ')} stayed stopped`, verdict: 'pass' }];
  },
});
