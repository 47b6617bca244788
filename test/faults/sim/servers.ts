// Simulated PostgreSQL servers: which a machine has, which one serves, and what upgrading, copying and fencing do to them.
import type { Action, Answer, AnswerOf } from '../../../shared/actions/action.ts';
import type { JobAction } from '../../../shared/actions/jobs/job.ts';
import type { SimNode } from './node.ts';
import type { World } from './world.ts';

export type ServerRead = Extract<Action, { kind: 'readServers' | 'compareServer' | 'readValues' | 'readMissingFiles' }>;

export function readOfServers(action: ServerRead): Answer {
  throw new Error(`${action.kind} is not there yet`);
}

export function endServerJob(action: JobAction, _node: SimNode, _world: World, _run: string): boolean {
  throw new Error(`${action.kind} is not there yet`);
}

export function answerOfServerJob(action: JobAction, _node: SimNode, _job: AnswerOf<'runHook'>['job']): Answer {
  throw new Error(`${action.kind} is not there yet`);
}
