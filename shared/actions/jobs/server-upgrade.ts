// Scripts that upgrade a PostgreSQL server, give the old one back, and record what must be carried over.
import type { ActionOf } from '../action.ts';
import type { NodeProfile } from '../command.ts';
import type { Script } from './script.ts';

export type UpgradeKind =
  | 'recordServer'
  | 'checkServerUpgrade'
  | 'stopServer'
  | 'upgradeServer'
  | 'startServer'
  | 'returnServer'
  | 'analyzeServer'
  | 'dropServer';

export function upgradeScript(action: ActionOf<UpgradeKind>, _profile: NodeProfile, _folder: string): Script {
  throw new Error(`${action.kind} is not there yet`);
}
