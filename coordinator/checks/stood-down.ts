// A node does not serve clients and would not after a reboot either: its services are stopped and disabled, and the address
// that clients use is not its own.
import { z } from 'zod';
import { answerOf, isFailure } from './check.ts';
import { defineCheck, notRead, passIf } from './define.ts';
import { describeUnit, isStopped, missingUnits } from './unit-state.ts';

const readingTimeoutMs = 15_000;

export const stoodDown = defineCheck({
  id: 'stood-down',
  title: 'Node does not serve',
  section: 'Cluster Recovery › Stop All Services',
  severity: 'blocking',
  remedy:
    'On the node: systemctl disable --now of the services, ip address del of the clients’ address; look who starts them again.',
  params: z.strictObject({ node: z.string(), units: z.array(z.string()).min(1), address: z.string() }),
  words: ({ node, units, address }) =>
    `${node}: ${units.join(', ')} stopped, not started at boot${address === '' ? '' : `; ${address} is not its address`}`,
  *evaluate({ node, units, address }) {
    const limit = `stopped, not at boot${address === '' ? '' : `, without ${address}`}`;
    const [unitsRead, nodeRead] = yield [
      { node, action: { kind: 'readUnits', units }, timeoutMs: readingTimeoutMs },
      { node, action: { kind: 'readNode' }, timeoutMs: readingTimeoutMs },
    ];
    const [states, facts] = [answerOf(unitsRead, 'readUnits'), answerOf(nodeRead, 'readNode')];
    if (isFailure(states)) return [notRead(node, limit, states)];
    if (isFailure(facts)) return [notRead(node, limit, facts)];
    const wrong = [
      ...states.units.filter((unit) => !isStopped(unit)).map(describeUnit),
      ...states.units
        .filter(({ unitFileState }) => unitFileState === 'enabled')
        .map(({ unit }) => `${unit} starts at boot`),
      ...missingUnits(states, units),
      ...(address !== '' && facts.addresses.includes(address) ? [`has the address ${address}`] : []),
    ];
    const reading = wrong.length > 0 ? wrong.join('; ') : 'does not serve';
    return [{ node, limit, reading, verdict: passIf(wrong.length === 0) }];
  },
});
