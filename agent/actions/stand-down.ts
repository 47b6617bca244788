// standDown: a node that is no longer to serve. Stopped is not enough: a failover has enabled its services, and a reboot
// would start them again beside those of the master.
import { ok } from '../../shared/failures.ts';
import { isStopped } from '../platform/unit-states.ts';
import { commandsHere, isProgram, type Run } from './context.ts';
import { addressesNow } from './node.ts';
import { change, notInState } from './units.ts';

export const standDown: Run<'standDown'> = async (action, context) => {
  const states = await change(context, commandsHere(action, context).filter(isProgram), action.units);
  if (!states.ok) return states;
  const running = states.value.filter((state) => !isStopped(state));
  if (running.length > 0) return notInState('still run', running);
  const enabled = states.value.filter(({ unitFileState }) => unitFileState === 'enabled');
  if (enabled.length > 0) return notInState('still start at boot', enabled);
  return ok({ kind: 'standDown', units: states.value, addresses: addressesNow() });
};
