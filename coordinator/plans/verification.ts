// Guide › Post-Upgrade Verification, steps 2 to 4: health, synchronization shown by a ticket and a file, versions.
import { sha256Hex } from '../../shared/hash.ts';
import { minutes, seconds } from '../../shared/units.ts';
import type { CheckRef } from '../checks/check.ts';
import { databaseUnitActive } from '../checks/database-unit-active.ts';
import { diskSpace } from '../checks/disk-space.ts';
import { fileArrived } from '../checks/file-arrived.ts';
import { fileGone } from '../checks/file-gone.ts';
import { fileSyncPlacement } from '../checks/file-sync-placement.ts';
import { filesEqual } from '../checks/files-equal.ts';
import { portalAnswers } from '../checks/portal-answers.ts';
import { replicationStreaming } from '../checks/replication-streaming.ts';
import { resources } from '../checks/resources.ts';
import { rowArrived } from '../checks/row-arrived.ts';
import { rowGone } from '../checks/row-gone.ts';
import { rowsEqual } from '../checks/rows-equal.ts';
import { serverAsBefore } from '../checks/server-as-before.ts';
import { databaseNodes } from '../checks/server-facts.ts';
import { serverInService } from '../checks/server-in-service.ts';
import { ticketFound } from '../checks/ticket-found.ts';
import { ticketSearchExact } from '../checks/ticket-search-exact.ts';
import { unitsActive } from '../checks/units-active.ts';
import { versionIs } from '../checks/version-is.ts';
import { type Cluster, nodeOf } from '../cluster/cluster.ts';
import { createTicket, findTicket, removeTicket } from '../cluster/ticket.ts';
import { approval, gate, noUndo, step, type Unphased } from './items.ts';
import { requestMs } from './predictions.ts';
import { appNodes } from './preflight.ts';

const requestTimeoutMs = seconds(60);
const arrivesWithinMs = seconds(60);

/** Step 3: the services that the guide names, on the master. */
export function servicesAreHealthy(cluster: Cluster): Unphased {
  const [master] = appNodes(cluster);
  const { application, web, files } = cluster;
  return gate('Post-Upgrade › Step 3: Service Health Verification', {
    id: 'verify.services',
    title: `Every service on ${master} is healthy`,
    checks: [
      unitsActive.ref({ node: master, units: [...application.units, web.unit, files.unit], activeForMs: seconds(3) }),
      databaseUnitActive.ref({}),
    ],
    withinMs: minutes(1),
  });
}

/** Step 2: synchronization of database and files. */
export function dataIsSynchronized(): Unphased[] {
  return [
    gate('FileDB Sync Check › Verify File-Sync Service', {
      id: 'verify.file-sync',
      title: 'File synchronization runs on the master and is stopped on the standby',
      checks: [fileSyncPlacement.ref({})],
      withinMs: seconds(30),
    }),
    gate('Post-Upgrade › Step 2: Database Sync Check', {
      id: 'verify.rows',
      title: 'The standby streams and holds as many rows at one position',
      checks: [replicationStreaming.ref({}), rowsEqual.ref({})],
      withinMs: seconds(60),
    }),
    gate('FileDB Sync Check › Compare File Counts', {
      id: 'verify.files',
      title: 'Master and standby hold as many files',
      checks: [filesEqual.ref({})],
      withinMs: seconds(60),
    }),
  ];
}

/** Create a test ticket and find it on the standby: by the ticket API, or by a person where there is none. */
export function testTicketArrives(cluster: Cluster): Unphased[] {
  const { ticket } = cluster.application;
  const section = 'Database Sync Check › Create a test ticket';
  if (ticket === undefined)
    return [
      approval(section, {
        id: 'verify.ticket',
        title: 'A test ticket arrives on the standby',
        question: `Create a ticket in the portal and compare: has a row of it arrived in ${cluster.database.parity[0]} on ${nodeOf(cluster, 'standby', 'db').name}? Remove the ticket, then approve.`,
      }),
    ];
  const node = nodeOf(cluster, 'observer').name;
  const marker = 'baton-test-{{run}}';
  const row = { ...ticket.row, value: marker };
  const isExact = ticketSearchExact.ref({ absentMarker: `${marker}-absent` });
  return [
    step(section, {
      id: 'verify.create-ticket',
      title: `Create the test ticket ${marker}`,
      node,
      action: createTicket(cluster, marker),
      timeoutMs: requestTimeoutMs,
      before: [isExact],
      then: [rowArrived.ref(row)],
      thenWithinMs: arrivesWithinMs,
      until: 'verify.remove-ticket',
      undo: noUndo(`the next step removes the ticket; after an abort here, remove the ticket ${marker} in the portal`),
      predictedMs: requestMs,
    }),
    step(`${section} (removed again)`, {
      id: 'verify.remove-ticket',
      title: `Remove the test ticket ${marker}`,
      deviation: 'the guide leaves the ticket; Baton removes its own, found by its name',
      node,
      bindings: [{ name: 'ticket', node, read: findTicket(cluster, marker), field: 'value' }],
      action: removeTicket(cluster, marker, '{{ticket}}'),
      timeoutMs: requestTimeoutMs,
      before: [isExact, ticketFound.ref({ marker })],
      then: [rowGone.ref(row)],
      thenWithinMs: arrivesWithinMs,
      until: 'end',
      undo: noUndo('the ticket was Baton’s own'),
      predictedMs: requestMs,
    }),
  ];
}

/** Create a test file in the master's filedb and find it on the standby. */
export function testFileArrives(cluster: Cluster): Unphased[] {
  const [master] = appNodes(cluster);
  const section = 'FileDB Sync Check › Test File Synchronization';
  const path = `${cluster.files.root}/baton-test-{{run}}.txt`;
  const content = 'Written by Baton to see that files are synchronized. It may be removed.\n';
  const remove = { kind: 'removeTestFile', path, content } as const;
  return [
    step(section, {
      id: 'verify.write-file',
      title: `Write a test file on ${master}`,
      node: master,
      action: { kind: 'writeTestFile', path, content },
      timeoutMs: requestTimeoutMs,
      then: [fileArrived.ref({ path, sha256: sha256Hex(content) })],
      thenWithinMs: arrivesWithinMs,
      until: 'verify.remove-file',
      undo: {
        title: `Remove the test file on ${master}`,
        action: remove,
        timeoutMs: requestTimeoutMs,
        before: [],
        then: [fileGone.ref({ path })],
        thenWithinMs: arrivesWithinMs,
      },
      predictedMs: requestMs,
    }),
    step(`${section} (removed again)`, {
      id: 'verify.remove-file',
      title: `Remove the test file on ${master}`,
      node: master,
      action: remove,
      timeoutMs: requestTimeoutMs,
      then: [fileGone.ref({ path })],
      thenWithinMs: arrivesWithinMs,
      until: 'end',
      undo: noUndo('the file was Baton’s own'),
      predictedMs: requestMs,
    }),
  ];
}

/** Application Access: the new version on both nodes and in the portal. */
export function newVersionAnswers(cluster: Cluster, toVersion: string): Unphased {
  return gate('Post-Upgrade › Step 3: Application Access', {
    id: 'verify.version',
    title: `The portal answers with version ${toVersion}`,
    ...(cluster.application.portal.versionPattern === undefined && {
      deviation:
        'the version is read from the nodes’ files, not from the portal: application.portal.versionPattern is not set',
    }),
    checks: [
      portalAnswers.ref({ version: toVersion }),
      versionIs.ref({ nodes: appNodes(cluster), version: toVersion }),
    ],
    withinMs: seconds(30),
  });
}

/** After a database upgrade: both servers are the new ones, as the old ones were, and all that is told of them is right. */
export function serversAreAsBefore(
  cluster: Cluster,
  { to, name }: { to: number; name: string },
  settings: CheckRef[],
): Unphased {
  const [master, standby] = databaseNodes(cluster);
  const record = '{{run}}';
  return gate('Post-Upgrade › Step 3: Service Health Verification › PostgreSQL, Application Access', {
    id: 'verify.servers',
    title: `PostgreSQL ${to} serves on ${master} and ${standby} as the old servers did`,
    checks: [
      serverInService.ref({ node: master, major: to, name, as: 'primary' }),
      serverInService.ref({ node: standby, major: to, name, as: 'standby' }),
      ...[master, standby].map((node) => serverAsBefore.ref({ node, record, withoutContent: true })),
      ...settings,
      portalAnswers.ref({ version: null }),
    ],
    withinMs: minutes(1),
  });
}

/** Step 4: memory, load and disks; it warns. */
export function resourcesAreUsual(cluster: Cluster): Unphased {
  return gate('Post-Upgrade › Step 4: Performance Monitoring', {
    id: 'verify.resources',
    title: 'Memory, load and disks are as usual',
    checks: [
      resources.ref({ nodes: appNodes(cluster) }),
      diskSpace.ref({ nodes: appNodes(cluster), release: null, onlyWarns: true }),
    ],
  });
}
