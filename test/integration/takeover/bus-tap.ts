// Everything that coordinators say about a run on the bus, tried appends that the journal refuses among them: what a
// coordinator that lost its leadership would say shows here, whatever its peers then refuse.

import { fromBinary } from '@bufbuild/protobuf';
import type { Bus } from '../../../coordinator/bus/bus.ts';
import type { RunEvent } from '../../../coordinator/journal/event.ts';
import { ToAgentSchema } from '../../../shared/gen/baton/v1/fleet_pb.ts';

export interface Said {
  /** append, or what was asked of an agent: command, ask, settle, outcomeJournaled, renewSuspension, runClosed. */
  verb: string;
  epoch: number;
}

export interface BusTap {
  /** What was said so far, in order; empties it. */
  take(): Said[];
  stop(): void;
}

/** Questions about the present; they change nothing, and whoever likes may ask. */
const harmless = ['read', 'held'];

export async function tapBus(bus: Bus, run: string): Promise<BusTap> {
  /** Confirmations name no epoch: who said them shows by where the answer is wanted, the same for all of a connection. */
  const epochs = new Map<string, number>();
  const said: { verb: string; epoch: number; by: string }[] = [];
  const note = (verb: string, by: string, epoch: number | undefined): void => {
    if (epoch !== undefined) epochs.set(by, Math.max(epoch, epochs.get(by) ?? 0));
    said.push({ verb, epoch: epoch ?? 0, by });
  };
  const connectionOf = (reply = ''): string => reply.split('.').slice(0, 2).join('.');
  const subscriptions = [
    bus.nc.subscribe(`baton.run.${run}`, {
      callback: (_, message) => note('append', connectionOf(message.reply), message.json<RunEvent>().epoch),
    }),
    bus.nc.subscribe('baton.node.*.*', {
      callback(_, message) {
        const verb = message.subject.split('.')[3] ?? '';
        if (harmless.includes(verb)) return;
        const { value } = fromBinary(ToAgentSchema, message.data).kind as { value?: { epoch?: number } };
        note(verb, connectionOf(message.reply), value?.epoch);
      },
    }),
  ];
  await bus.nc.flush();
  return {
    take: () => said.splice(0).map(({ verb, epoch, by }) => ({ verb, epoch: epoch || (epochs.get(by) ?? 0) })),
    stop() {
      for (const subscription of subscriptions) subscription.unsubscribe();
    },
  };
}
