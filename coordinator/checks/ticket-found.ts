// The search finds the test ticket, and what it answers speaks of it: only then is the ticket with that id removed.
import { z } from 'zod';
import { nodeOf } from '../cluster/cluster.ts';
import { findTicket, ticketApi } from '../cluster/ticket.ts';
import { isFailure } from './check.ts';
import { defineCheck, notRead, readFrom } from './define.ts';

export const ticketFound = defineCheck({
  id: 'ticket-found',
  title: 'Test ticket is found',
  section: 'beyond the guide: the test ticket is removed again, and nothing else',
  severity: 'blocking',
  remedy: 'Look for the ticket in the portal; where it is gone already, adopt the step.',
  params: z.strictObject({ marker: z.string() }),
  words: ({ marker }) => `the ticket API finds the ticket ${marker}`,
  *evaluate({ marker }, { cluster }) {
    const node = nodeOf(cluster, 'observer').name;
    const { expectStatus } = ticketApi(cluster).find;
    const limit = `${expectStatus}, the ticket ${marker}`;
    const answer = yield* readFrom(node, findTicket(cluster, marker));
    if (isFailure(answer)) return [notRead(node, limit, answer)];
    if (answer.status !== expectStatus || answer.value === '')
      return [{ node, limit, reading: `${answer.status}, none found`, verdict: 'fail' }];
    if (!answer.bodyStart.includes(marker))
      return [{ node, limit, reading: `ticket ${answer.value}, which is not called so`, verdict: 'fail' }];
    return [{ node, limit, reading: `ticket ${answer.value}`, verdict: 'pass' }];
  },
});
