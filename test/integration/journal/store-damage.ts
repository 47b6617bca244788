// A store with runs, locks and artefacts, and ways to damage its files as a disk does.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bus, connectBus } from '../../../coordinator/bus/bus.ts';
import { type EmbeddedNats, startEmbeddedNats } from '../../../coordinator/bus/embedded.ts';
import { type Artefacts, openArtefacts } from '../../../coordinator/journal/artefacts.ts';
import { emptyHead, headOf } from '../../../coordinator/journal/chain.ts';
import { type ClusterLog, openClusterLog, type RunOpened } from '../../../coordinator/journal/cluster-log.ts';
import type { Journal } from '../../../coordinator/journal/journal.ts';
import { becomeLeader } from '../../../coordinator/journal/leadership.ts';
import { openJournal } from '../../../coordinator/journal/nats-journal.ts';
import { must, natsServer } from '../bus/test-bus.ts';

export interface OpenStore {
  nats: EmbeddedNats;
  bus: Bus;
  journal: Journal;
  locks: ClusterLog;
  artefacts: Artefacts;
  epoch: number;
}

/** Bytes of one record in a block, by what they mean. */
export type Field = 'length' | 'sequence' | 'time' | 'subject' | 'headers’ length' | 'headers' | 'payload' | 'checksum';
export const fields: Field[] = [
  'length',
  'sequence',
  'time',
  'subject',
  'headers’ length',
  'headers',
  'payload',
  'checksum',
];

export const opened = (run: string): RunOpened => ({
  type: 'RunOpened',
  run,
  plan: 'upgrade',
  operator: 'ana',
  epoch: 1,
  atMs: 1,
});

/** Appends an event behind what is there. */
export async function appendTo(journal: Journal, run: string, coordinator: string): Promise<void> {
  const stored = must(await journal.read(run));
  const head = stored.length === 0 ? emptyHead : headOf(stored);
  const appended = await journal.append({ run, head, epoch: 9, atMs: 1, fact: { type: 'LeaderChanged', coordinator } });
  if (appended.status !== 'appended') throw new Error(appended.status);
}

export class Store {
  readonly folder: string;
  private readonly program: string;
  private open: OpenStore | undefined;

  private constructor(folder: string, program: string) {
    this.folder = folder;
    this.program = program;
  }

  static async make(): Promise<Store> {
    return new Store(await mkdtemp(join(tmpdir(), 'baton-test-store-')), await natsServer());
  }

  /** Opens what is kept, as a coordinator does. */
  async start(): Promise<OpenStore> {
    const nats = must(await startEmbeddedNats({ storeDirectory: this.path(), program: this.program }));
    const bus = must(await connectBus(nats.address));
    const leadership = must(await becomeLeader(bus, { coordinator: 'c', isAlone: true }));
    leadership.stop();
    this.open = {
      nats,
      bus,
      journal: must(await openJournal(bus)),
      locks: openClusterLog(bus),
      artefacts: openArtefacts(bus),
      epoch: leadership.epoch,
    };
    return this.open;
  }

  async stop(): Promise<void> {
    await this.open?.bus.close();
    await this.open?.nats.stop();
    this.open = undefined;
  }

  /** Keeps the files as they are now, for `restore`. */
  async keep(): Promise<void> {
    await cp(this.path(), join(this.folder, 'kept'), { recursive: true });
  }

  async restore(): Promise<void> {
    await rm(this.path(), { recursive: true, force: true });
    await cp(join(this.folder, 'kept'), this.path(), { recursive: true });
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Changes one file of a stream. */
  async change(stream: string, file: string, how: (bytes: Buffer) => Buffer): Promise<void> {
    const path = join(this.path(), 'streams/jetstream/$G/streams', stream, file);
    await writeFile(path, how(await readFile(path)));
  }

  private path(): string {
    return join(this.folder, 'store');
  }
}

/** Flips one bit of a field of the record with this number. */
export function flipIn(sequence: number, field: Field): (block: Buffer) => Buffer {
  return (block) => {
    const at = placeOf(block, sequence)[field];
    block[at] = (block[at] ?? 0) ^ 0x10;
    return block;
  };
}

/** Where the record with this number begins. */
export function startOf(block: Buffer, sequence: number): number {
  return placeOf(block, sequence).length;
}

function placeOf(block: Buffer, sequence: number): Record<Field, number> {
  for (let at = 0; at < block.length; at += block.readUInt32LE(at) & 0x7fff_ffff) {
    if (block.readBigUInt64LE(at + 4) !== BigInt(sequence)) continue;
    const end = at + (block.readUInt32LE(at) & 0x7fff_ffff);
    const headers = at + 22 + block.readUInt16LE(at + 20);
    return {
      length: at,
      sequence: at + 4,
      time: at + 15,
      subject: at + 24,
      // Its third byte: a length that goes far beyond the record.
      'headers’ length': headers + 2,
      headers: headers + 20,
      payload: end - 40,
      checksum: end - 3,
    };
  }
  throw new Error(`the block has no record ${sequence}`);
}
