// Of a recovery: what the side that is not kept has needs a yes before it is set aside, and of two primaries at once one is
// kept from clients first (I6).
import { seconds } from '../../shared/units.ts';
import { asFound, sidesAsFound } from '../checks/sides-as-found.ts';
import { describeKept, isKnown } from '../databases/side.ts';
import { approval, gate, type Unphased } from './items.ts';
import { goOn, type Recovery, sideAt } from './recovery.ts';
import { fenceServer } from './standby-servers.ts';

/** Asked before anything is touched; only of two primaries at once one is fenced before (I6). */
export function mayBeSetAside(way: Recovery): Unphased[] {
  return way.asides.filter(({ node }) => !isSecondPrimary(way, node)).map((aside) => askAbout(way, aside));
}

/** Clients write into both: into the one that is not kept no longer, so that what it has ends somewhere, then it is asked. */
export function fenceSecond(way: Recovery): Unphased[] {
  return way.asides
    .filter(({ node }) => isSecondPrimary(way, node))
    .flatMap((aside) => {
      const { node } = aside;
      const role = node === way.master ? 'master' : 'standby';
      const { side } = sideAt(way, role);
      if (!isKnown(side)) return [];
      const { major, name } = side.server;
      return [
        fenceServer(
          'beyond the guide: never two writable primaries',
          { node, major, name, as: 'primary' },
          {
            id: `${role}.fence-database`,
            title: `Keep clients out of the database on ${node}: it is the second primary`,
            before: [sidesAsFound.ref({ sides: [asFound(node, side)] })],
            undo: goOn('two primaries must not be written at once'),
            until: `${role}.stop-database`,
            predictedMs: seconds(5),
          },
        ),
        gate('beyond the guide: what will not be kept is told in numbers', {
          id: `${role}.last-written`,
          title: `How far ${node} has come`,
          checks: [
            sidesAsFound.ref({
              sides: [asFound(way.master, way.sides.master), asFound(way.standby, way.sides.standby)],
            }),
          ],
          withinMs: seconds(10),
        }),
        askAbout(way, aside),
      ];
    });
}

function isSecondPrimary({ master, sides, ofMaster }: Recovery, node: string): boolean {
  if (ofMaster === 'restore') return false;
  const [side, other] = node === master ? [sides.master, sides.standby] : [sides.standby, sides.master];
  return [side, other].every((one) => one.is === 'primary' && one.isRunning);
}

function askAbout(way: Recovery, { node, why }: Recovery['asides'][number]): Unphased {
  const side = node === way.master ? way.sides.master : way.sides.standby;
  return approval('beyond the guide: the newer side is never overwritten without a yes', {
    id: `${node === way.master ? 'master' : 'standby'}.set-aside`,
    title: `What ${node} has is set aside`,
    question: `${node} has ${describeKept(side)}; it is not kept, since ${why}. It is set aside on ${node}, not removed; its rows will not be in the cluster. The gate before has read how far each side is. Is that what you want?`,
  });
}
