// The ticket API answers, and its search really searches: one that ignores what it is asked for would have Baton remove
// somebody's ticket instead of its own.
import { z } from 'zod';
import { nodeOf } from '../cluster/cluster.ts';
import { findTicket, ticketApi } from '../cluster/ticket.ts';
import { isFailure } from './check.ts';
import { defineCheck, notRead, readFrom } from './define.ts';

export const ticketSearchExact = defineCheck({
  id: 'ticket-search-exact',
  title: 'Ticket API answers, its search is exact',
  section: 'beyond the guide: the test ticket is removed again, and nothing else',
  severity: 'blocking',
  remedy: 'Correct application.ticket.find and its token in the cluster file.',
  neverAccepted: 'Baton would remove tickets that are not its own',
  params: z.strictObject({ absentMarker: z.string() }),
  words: () => 'searching for a ticket that does not exist finds none',
  *evaluate({ absentMarker }, { cluster }) {
    const node = nodeOf(cluster, 'observer').name;
    const { expectStatus } = ticketApi(cluster).find;
    const limit = `${expectStatus}, no ticket called ${absentMarker}`;
    const answer = yield* readFrom(node, findTicket(cluster, absentMarker));
    if (isFailure(answer)) return [notRead(node, limit, answer)];
    if (answer.status !== expectStatus)
      return [{ node, limit, reading: `${answer.status}: ${answer.bodyStart.slice(0, 100)}`, verdict: 'fail' }];
    if (answer.value !== '') return [{ node, limit, reading: `found ticket ${answer.value}`, verdict: 'fail' }];
    return [{ node, limit, reading: `${answer.status}, none`, verdict: 'pass' }];
  },
});
