// Droppable progress of steps on its way to whoever watches, at whichever coordinator: over the bus, never stored.
import type { WatchDocument } from '../../shared/documents.ts';
import type { Bus } from '../bus/bus.ts';

export interface ProgressFeed {
  tell(run: string, document: WatchDocument): void;
  /** Gives how to stop listening. */
  listen(run: string, listener: (document: WatchDocument) => void): () => void;
}

const subjectOf = (run: string): string => `baton.watch.${run}`;

/** The feed on a bus. */
export function openProgressFeed(bus: Bus): ProgressFeed {
  return {
    tell(run, document) {
      if (!bus.nc.isClosed()) bus.nc.publish(subjectOf(run), JSON.stringify(document));
    },
    listen(run, listener) {
      const subscription = bus.nc.subscribe(subjectOf(run), {
        callback: (error, message) => {
          if (error === null) listener(message.json<WatchDocument>());
        },
      });
      return () => subscription.unsubscribe();
    },
  };
}
