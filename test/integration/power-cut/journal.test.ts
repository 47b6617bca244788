import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bus, connectBus } from '../../../coordinator/bus/bus.ts';
import { type EmbeddedNats, startEmbeddedNats } from '../../../coordinator/bus/embedded.ts';
import { type Artefacts, openArtefacts } from '../../../coordinator/journal/artefacts.ts';
import { emptyHead, headOf } from '../../../coordinator/journal/chain.ts';
import { type ClusterLog, openClusterLog } from '../../../coordinator/journal/cluster-log.ts';
import type { Journal } from '../../../coordinator/journal/journal.ts';
import { openJournal } from '../../../coordinator/journal/nats-journal.ts';
import { eventually, must, natsServer } from '../bus/test-bus.ts';
import { type Disk, mountDisk } from './disk.ts';

/** The coordinator's store on a disk whose power can be cut. */
interface Store {
  disk: Disk;
  nats: EmbeddedNats;
  bus: Bus;
  journal: Journal;
  artefacts: Artefacts;
  locks: ClusterLog;
}

interface Acknowledged {
  events: Map<string, string[]>;
  artefacts: Map<string, string>;
}

// nats-server syncs what it writes and not the folders that it writes into, so the names of its files are durable only
// where the file system orders them: ext4, XFS and btrfs do, POSIX alone does not promise it.
describe('power cut under the journal', function () {
  this.timeout(60_000);
  let disk: Disk;
  let nats: EmbeddedNats | undefined;
  let bus: Bus | undefined;
  afterEach(async () => {
    await bus?.close();
    await nats?.stop();
    await disk.remove();
  });

  async function open(program: string): Promise<Store> {
    nats = must(await startEmbeddedNats({ storeDirectory: join(disk.folder, 'state', 'nats'), program }));
    bus = must(await connectBus(nats.address));
    const journal = must(await openJournal(bus));
    const artefacts = openArtefacts(bus);
    return { disk, nats, bus, journal, artefacts, locks: openClusterLog(bus) };
  }

  /** Writes runs side by side until it is cut off; what was acknowledged is kept. */
  async function writeUntilCut(store: Store, seed?: number): Promise<Acknowledged> {
    const known: Acknowledged = { events: new Map(), artefacts: new Map() };
    let isCut = false;
    const writer = async (run: string) => {
      const events: string[] = [];
      known.events.set(run, events);
      let head = emptyHead;
      must(
        await store.locks.open(run, { type: 'RunOpened', run, plan: 'upgrade', operator: 'ana', epoch: 1, atMs: 1 }),
      );
      while (!isCut) {
        const content = `${run} ${head.sequence} `.repeat(2000);
        const put = await store.artefacts.put(content);
        if (!put.ok) return;
        known.artefacts.set(put.value, content);
        const appended = await store.journal.append({
          run,
          head,
          epoch: 1,
          atMs: head.sequence,
          fact: { type: 'LeaderChanged', coordinator: put.value },
        });
        if (appended.status !== 'appended') return;
        events.push(appended.stored.bytes);
        head = { sequence: appended.stored.event.sequence, hash: appended.stored.hash };
      }
    };
    const writing = Promise.allSettled(['a', 'b', 'c'].map(writer));
    await eventually(() => isEnough(known), 'enough is acknowledged', 30_000);
    isCut = true;
    await store.disk.cut([store.nats.pid], seed);
    await store.nats.ended;
    await store.bus.close();
    await writing;
    return known;
  }

  /** What is missing of what was acknowledged, in words. */
  async function lossOf(known: Acknowledged, { journal, artefacts, locks }: Store): Promise<string[]> {
    const losses: string[] = [];
    for (const [run, acknowledged] of known.events) {
      const read = await journal.read(run);
      if (!read.ok) losses.push(`run ${run}: ${read.failure.message}`);
      else {
        const there = read.value.map(({ bytes }) => bytes);
        const lost = acknowledged.filter((bytes, index) => there[index] !== bytes).length;
        if (lost > 0) losses.push(`run ${run}: ${lost} of ${acknowledged.length} events`);
      }
      const holder = await locks.holder(run);
      if (!holder.ok || holder.value?.run !== run) losses.push(`run ${run}: its lock`);
    }
    for (const [name, content] of known.artefacts) {
      const got = await artefacts.get(name);
      if (!got.ok || got.value.toString() !== content) losses.push(`artefact ${name.slice(0, 8)}`);
    }
    return losses;
  }

  const isEnough = ({ events }: Acknowledged) =>
    [...events.values()].every((acknowledged) => acknowledged.length >= 12);

  it('loses no acknowledged event, artefact or lock', async () => {
    disk = await mountDisk('ordered');
    const program = await natsServer();
    const known = await writeUntilCut(await open(program));
    const store = await open(program);
    assert.deepEqual(await lossOf(known, store), []);
    // And it goes on from there.
    const stored = must(await store.journal.read('a'));
    const appended = await store.journal.append({
      run: 'a',
      head: headOf(stored),
      epoch: 2,
      atMs: 1,
      fact: { type: 'LeaderChanged', coordinator: 'next' },
    });
    assert.equal(appended.status, 'appended');
  });

  for (const seed of [1, 2, 3])
    it(`loses nothing when the disk has a random part of what was not synced (${seed})`, async () => {
      disk = await mountDisk('ordered');
      const program = await natsServer();
      const known = await writeUntilCut(await open(program), seed);
      assert.deepEqual(await lossOf(known, await open(program)), []);
    });

  it('would lose events with the interval that NATS syncs in by itself: the cut is a real one', async () => {
    disk = await mountDisk('ordered');
    // The product's configuration without the one line.
    const lazy = join(disk.folder, 'lazy-nats-server');
    const real = await natsServer();
    await writeFile(
      lazy,
      `#!/bin/sh
if [ "$1" = -c ]; then
  grep -q '^ *sync_interval: always$' "$2" || exit 9
  sed -i '/sync_interval/d' "$2"
fi
exec ${real} "$@"
`,
    );
    await chmod(lazy, 0o755);
    const known = await writeUntilCut(await open(lazy));
    const losses = await lossOf(known, await open(real));
    assert.ok(
      losses.some((loss) => /^run/.test(loss)),
      losses.join('; '),
    );
  });
});
