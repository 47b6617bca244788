// The bus's requests to one node, as the holder of its stream takes them: handed to the agent, and answered.
import type { Subscription } from '@nats-io/transport-node';
import { ok } from '../../shared/failures.ts';
import type { Log } from '../../shared/log.ts';
import type { Bus } from '../bus/bus.ts';
import { noteGrants } from './release-grants.ts';
import type { Session } from './session.ts';
import { commandSubject, decodeToAgent, respond } from './subjects.ts';
import type { FleetTables } from './tables.ts';

/** From now on requests to the node come to this session; what it gives ends that. */
export function takeRequests(
  { bus, tables, log }: { bus: Bus; tables: FleetTables; log: Log },
  node: string,
  session: Session,
): Subscription {
  return bus.nc.subscribe(commandSubject(node, '*'), {
    callback: (error, request) => {
      if (error) return;
      // Only whether the stream is here was asked.
      if (request.data.length === 0) return respond(request, ok(undefined));
      const message = decodeToAgent(request.data);
      const granted = noteGrants({ tables }, node, message);
      const handled = granted
        ? granted.then((result) => (result.ok ? session.handle(message) : result))
        : session.handle(message);
      handled
        .then((result) => {
          if (!bus.nc.isClosed()) respond(request, result);
        })
        .catch((problem: Error) => log.error('a request to an agent failed', { node, reason: problem.message }));
    },
  });
}
