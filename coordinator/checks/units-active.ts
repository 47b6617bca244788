// Services run on a node, since long enough that one which starts and dies again and again is not taken for running.
import { z } from 'zod';
import { formatDuration } from '../../shared/units.ts';
import { answerOf, isFailure } from './check.ts';
import { defineCheck, notRead } from './define.ts';
import { ageMs, describeUnit, isActive, missingUnits } from './unit-state.ts';

const readingTimeoutMs = 15_000;

export const unitsActive = defineCheck({
  id: 'units-active',
  title: 'Services are active',
  section: 'Step 3: Service Health Verification › Check All Services',
  severity: 'blocking',
  remedy: 'journalctl -u of the service on the node says why; start them in the order of application.units.',
  params: z.strictObject({ node: z.string(), units: z.array(z.string()).min(1), activeForMs: z.number() }),
  words: ({ node, units, activeForMs }) =>
    `${node}: ${units.join(', ')} active${activeForMs > 0 ? ` for ${formatDuration(activeForMs)}` : ''}`,
  *evaluate({ node, units, activeForMs }) {
    const limit = `active${activeForMs > 0 ? ` for ${formatDuration(activeForMs)}` : ''}`;
    const [statesRead, factsRead] = yield [
      { node, action: { kind: 'readUnits', units }, timeoutMs: readingTimeoutMs },
      { node, action: { kind: 'readNode' }, timeoutMs: readingTimeoutMs },
    ];
    const [states, facts] = [answerOf(statesRead, 'readUnits'), answerOf(factsRead, 'readNode')];
    if (isFailure(states)) return [notRead(node, limit, states)];
    if (isFailure(facts)) return [notRead(node, limit, facts)];
    const down = states.units.filter((unit) => !isActive(unit)).map(describeUnit);
    const young = states.units
      .filter((unit) => isActive(unit) && ageMs(unit, facts) < activeForMs)
      .map((unit) => `${unit.unit} active for ${formatDuration(ageMs(unit, facts))} only`);
    const wrong = [...down, ...young, ...missingUnits(states, units)];
    if (wrong.length > 0) return [{ node, limit, reading: wrong.join('; '), verdict: 'fail' }];
    return [{ node, limit, reading: states.units.map(describeUnit).join('; '), verdict: 'pass' }];
  },
});
