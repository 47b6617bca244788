// Who leads, as every coordinator hears it: the newest LeaderElected, and each one that follows.
import { DeliverPolicy } from '@nats-io/jetstream';
import { ok, type Result } from '../../shared/failures.ts';
import type { Bus } from '../bus/bus.ts';
import { busFailure } from '../bus/failure.ts';
import { leadershipStream } from './leadership.ts';

export interface Leader {
  epoch: number;
  coordinator: string;
  /** host:port where it serves agents and operators. */
  address: string;
}

/** Tells the leader that there is, and each later one. Gives how to stop. */
export async function followLeaders(bus: Bus, listener: (leader: Leader) => void): Promise<Result<() => void>> {
  try {
    const consumer = await bus.js.consumers.get(leadershipStream, { deliver_policy: DeliverPolicy.Last });
    const messages = await consumer.consume({
      callback: (message) => {
        const { coordinator, address = '' } = message.json<{ coordinator: string; address?: string }>();
        listener({ epoch: message.seq, coordinator, address });
      },
    });
    return ok(() => messages.stop());
  } catch (error) {
    return { ok: false, failure: busFailure(error, 'list of leaders') };
  }
}
