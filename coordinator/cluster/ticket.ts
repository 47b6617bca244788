// The requests of the ticket API as actions, for the test ticket that shows that the databases are in step.
import type { ActionOf } from '../../shared/actions/action.ts';
import type { Cluster, HttpRequestTemplate, TicketApi } from './cluster.ts';

/** The ticket API; asked for only where the cluster has one. */
export function ticketApi(cluster: Cluster): TicketApi {
  const { ticket } = cluster.application;
  if (ticket === undefined)
    throw new Error(`cluster ${cluster.cluster} has no ticket API; the plan must ask a person instead`);
  return ticket;
}

/** Reads the id of the ticket that carries the marker; empty when there is none. */
export function findTicket(cluster: Cluster, marker: string): ActionOf<'readUrl'> {
  const { find, tokenFile } = ticketApi(cluster);
  return {
    kind: 'readUrl',
    url: urlOf(cluster, find, { marker }),
    headers: headersOf(find, { marker }),
    ...(tokenFile !== undefined && { tokenFile }),
    ...(find.id !== undefined && { valueAt: find.id }),
  };
}

/** Creates the ticket that carries the marker. */
export const createTicket = (cluster: Cluster, marker: string): ActionOf<'sendRequest'> =>
  request(cluster, ticketApi(cluster).create, { marker });

/** Removes the ticket with an id. */
export const removeTicket = (cluster: Cluster, marker: string, id: string): ActionOf<'sendRequest'> =>
  request(cluster, ticketApi(cluster).remove, { marker, id });

type Values = Record<string, string>;

function request(cluster: Cluster, template: HttpRequestTemplate, values: Values): ActionOf<'sendRequest'> {
  const { tokenFile } = ticketApi(cluster);
  return {
    kind: 'sendRequest',
    method: template.method,
    url: urlOf(cluster, template, values),
    headers: headersOf(template, values),
    ...(tokenFile !== undefined && { tokenFile }),
    body: template.body === undefined ? '' : JSON.stringify(filled(template.body, values)),
    ...(template.id !== undefined && { valueAt: template.id }),
    expectStatus: [template.expectStatus],
  };
}

/** By hand, since a URL parser would escape the places that are filled in later. */
function urlOf(cluster: Cluster, { path }: HttpRequestTemplate, values: Values): string {
  const url = path.startsWith('/') ? `${new URL(cluster.application.portal.url).origin}${path}` : path;
  return fill(url, values);
}

const headersOf = ({ headers }: HttpRequestTemplate, values: Values) =>
  Object.entries(headers).map(([name, value]) => ({ name, value: fill(value, values) }));

/** `${token}` stays: it is put in on the node. */
const fill = (text: string, values: Values): string =>
  text.replace(/\$\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);

function filled(value: unknown, values: Values): unknown {
  if (typeof value === 'string') return fill(value, values);
  if (Array.isArray(value)) return value.map((item) => filled(item, values));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, filled(item, values)]));
}
