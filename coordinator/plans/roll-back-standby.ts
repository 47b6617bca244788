// The standby's server of the version before follows the master's again: as it was left where it never was anything but a
// standby, else made anew.
import { databaseNodes, nameOf } from '../checks/server-facts.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { noUndo, type Unphased } from './items.ts';
import { serverMs } from './predictions.ts';
import { guide } from './roll-back-around.ts';
import { dataMs, stopNewer } from './roll-back-master.ts';
import { startServer } from './servers.ts';
import { createSlot, rebuildStandby, slotOf, unfenceServer } from './standby-servers.ts';
import type { RollbackFacts } from './way-back.ts';
import { type ServersWay, serverOn } from './way-back-database.ts';

const again = noUndo('the standby belongs to the master’s server that serves again; retry is the way on');

export function standbyBack(cluster: Cluster, facts: RollbackFacts, way: ServersWay): Unphased[] {
  const [master, node] = databaseNodes(cluster);
  const { from, name } = way;
  const old = { node, major: from, name };
  const fenced = serverOn(facts, node, from, name)?.isFenced === true;
  const open = unfenceServer(
    `${guide}: the standby was fenced for the upgrade`,
    { ...old, as: 'standby' },
    {
      id: 'standby.unfence',
      title: `Open ${nameOf(old)} on ${node} to clients again`,
      undo: again,
    },
  );
  switch (way.standby) {
    case 'as-it-is':
      return [];
    case 'open':
      return [open];
    case 'start':
      return [
        ...stopNewer(way, node, 'standby', false),
        startServer(
          `${guide}: the standby’s server was only stopped`,
          { ...old, as: 'standby', fenced },
          {
            id: 'standby.start-server',
            title: `Start ${nameOf(old)} on ${node} again`,
            until: fenced ? 'standby.unfence' : 'end',
            undo: again,
            predictedMs: serverMs,
          },
        ),
        ...(fenced ? [open] : []),
      ];
    case 'rebuild':
      return [
        // Where the master's was copied from here, that was done before.
        ...(way.master === 'copy' ? [] : stopNewer(way, node, 'standby', false)),
        createSlot(`${guide}: replication slot`, master, node, {
          id: 'master.create-slot',
          title: `Make the replication slot ${slotOf(node)} on ${master}, if it is not there`,
          until: 'standby.rebuild',
          undo: again,
        }),
        rebuildStandby(
          `${guide}: the standby’s server was promoted, or what it followed is gone`,
          cluster,
          { ...old, source: master, keep: false },
          {
            id: 'standby.rebuild',
            title: `Make ${nameOf(old)} on ${node} anew as a standby of ${master}`,
            redo: ['master.create-slot'],
            undo: again,
            predictedMs: dataMs(facts),
          },
        ),
      ];
  }
}
