// Scripts that fence, copy and restore a PostgreSQL server, and what goes with that on a node: settings files, files, HA scripts.
import type { ActionOf } from '../action.ts';
import type { NodeProfile } from '../command.ts';
import type { Script } from './script.ts';

export type CopyKind = 'fenceServer' | 'unfenceServer' | 'createSlot' | 'copyServer' | 'restoreServer';

export function copyScript(action: ActionOf<CopyKind>, _profile: NodeProfile, _folder: string): Script {
  throw new Error(`${action.kind} is not there yet`);
}
