// What a NATS server keeps, with its rules: streams with compare-and-set and deduplication by message id, tables with
// revisions. It outlives the coordinators that are connected to it; memory tables are lost when it is started anew.
import { JetStreamApiCodes, JetStreamApiError, jserrors } from '@nats-io/jetstream/internal';
import type { Time } from './time.ts';

export interface StoredMessage {
  seq: number;
  subject: string;
  data: Uint8Array;
}

interface Stream {
  subjects: string[];
  messages: StoredMessage[];
  /** By message id: what it was stored as, and when. */
  known: Map<string, { seq: number; atMs: number }>;
  listeners: Set<(message: StoredMessage) => void>;
}

export interface Entry {
  key: string;
  data: Uint8Array;
  revision: number;
  operation: 'PUT' | 'DEL';
}

export interface Table {
  isMemory: boolean;
  entries: Map<string, Entry>;
  revision: number;
  watchers: Set<(entry: Entry) => void>;
}

export interface Publishing {
  msgID?: string;
  expect?: { streamName?: string; lastSequence?: number };
}

/** As a server's default. */
const rememberedMs = 120_000;

export class BusServer {
  readonly streams = new Map<string, Stream>();
  readonly tables = new Map<string, Table>();
  private readonly takers = new Map<string, [string, Stream]>();
  /** Its disk takes nothing more. */
  isFull = false;
  timesPutBack = 0;
  private readonly time: Time;

  constructor(time: Time) {
    this.time = time;
  }

  addStream(name: string, subjects: string[]): void {
    if (this.streams.has(name)) return;
    this.refuseIfFull();
    this.streams.set(name, { subjects, messages: [], known: new Map(), listeners: new Set() });
  }

  stream(name: string): Stream {
    const stream = this.streams.get(name);
    if (stream === undefined) throw jserrors.StreamNotFoundError.fromMessage('stream not found');
    return stream;
  }

  streamNames(filter: string): string[] {
    return [...this.streams].filter(([, { subjects }]) => subjects.some((one) => matches(filter, one))).map(([n]) => n);
  }

  publish(subject: string, data: Uint8Array, { msgID, expect }: Publishing): { seq: number; duplicate: boolean } {
    const found = this.taking(subject);
    if (found === undefined) throw new jserrors.JetStreamNotEnabled(`no stream takes ${subject}`);
    const [name, stream] = found;
    if (expect?.streamName !== undefined && expect.streamName !== name)
      throw apiError(400, 10_060, 'expected stream does not match');
    const known = msgID === undefined ? undefined : stream.known.get(msgID);
    if (known !== undefined && this.time.nowMs - known.atMs < rememberedMs) return { seq: known.seq, duplicate: true };
    const last = stream.messages.length;
    if (expect?.lastSequence !== undefined && expect.lastSequence !== last) throw wrongLast(last);
    this.refuseIfFull();
    const message = { seq: last + 1, subject, data };
    stream.messages.push(message);
    if (msgID !== undefined) stream.known.set(msgID, { seq: message.seq, atMs: this.time.nowMs });
    for (const listener of [...stream.listeners]) listener(message);
    return { seq: message.seq, duplicate: false };
  }

  private taking(subject: string): [string, Stream] | undefined {
    const known = this.takers.get(subject);
    if (known !== undefined) return known;
    const found = [...this.streams].find(([, { subjects }]) => subjects.some((one) => matches(one, subject)));
    if (found !== undefined) this.takers.set(subject, found);
    return found;
  }

  openTable(name: string, isMemory: boolean): Table {
    const table = this.tables.get(name) ?? { isMemory, entries: new Map(), revision: 0, watchers: new Set() };
    this.tables.set(name, table);
    return table;
  }

  /** Writes an entry; with `previous` only behind that revision (0: where there is none). */
  put(table: Table, key: string, data: Uint8Array, operation: Entry['operation'], previous?: number): number {
    const old = table.entries.get(key);
    const isFree = previous === 0 && (old === undefined || old.operation === 'DEL');
    if (previous !== undefined && !isFree && old?.revision !== previous) throw wrongLast(old?.revision ?? 0);
    if (!table.isMemory) this.refuseIfFull();
    table.revision += 1;
    const entry: Entry = { key, data, revision: table.revision, operation };
    table.entries.set(key, entry);
    for (const watcher of [...table.watchers]) watcher(entry);
    return entry.revision;
  }

  /** The server ends and another one starts on its store. */
  restart(): void {
    for (const table of this.tables.values()) {
      if (table.isMemory) table.entries.clear();
      table.watchers.clear();
    }
    for (const stream of this.streams.values()) stream.listeners.clear();
  }

  /** The machine is put back, later, to how it is now; what was on its way to it is lost. */
  snapshot(): () => void {
    const streams = [...this.streams].map(
      ([name, { subjects, messages, known }]) =>
        [name, { subjects, messages: [...messages], known: [...known] }] as const,
    );
    const tables = [...this.tables].map(
      ([name, { isMemory, entries, revision }]) => [name, { isMemory, entries: [...entries], revision }] as const,
    );
    return () => {
      this.timesPutBack += 1;
      this.takers.clear();
      this.streams.clear();
      this.tables.clear();
      for (const [name, { subjects, messages, known }] of streams)
        this.streams.set(name, { subjects, messages: [...messages], known: new Map(known), listeners: new Set() });
      for (const [name, { isMemory, entries, revision }] of tables) {
        const kept = new Map(isMemory ? [] : entries);
        // Entries are never changed, only replaced.
        this.tables.set(name, { isMemory, entries: kept, revision, watchers: new Set() });
      }
    };
  }

  private refuseIfFull(): void {
    if (this.isFull) throw apiError(503, 10_023, 'insufficient resources');
  }
}

const apiError = (code: number, err_code: number, description: string): JetStreamApiError =>
  new JetStreamApiError({ code, err_code, description });

const wrongLast = (last: number): JetStreamApiError =>
  apiError(400, JetStreamApiCodes.StreamWrongLastSequence, `wrong last sequence: ${last}`);

/** Whether a subject fits a pattern with `*` for one token. */
export function matches(pattern: string, subject: string): boolean {
  if (pattern === subject) return true;
  if (!pattern.includes('*')) return false;
  const wanted = pattern.split('.');
  const tokens = subject.split('.');
  return wanted.length === tokens.length && wanted.every((one, index) => one === '*' || one === tokens[index]);
}
