// measureRestore: how large a database is, how much room its server has for another one, and what its slots may hold back.
import { realpath, stat } from 'node:fs/promises';
import { z } from 'zod';
import { ok } from '../../shared/failures.ts';
import { readDiskOf } from '../platform/mounts.ts';
import { failureOfSystemCall } from '../platform/system-error.ts';
import { commandsHere, type Run, record } from './context.ts';
import { readJson } from './database.ts';

const roomSchema = z.object({
  databaseBytes: z.number(),
  dataDirectory: z.string(),
  slots: z.array(
    z.object({ slot: z.string(), active: z.boolean(), walStatus: z.string(), safeBytes: z.number().nullable() }),
  ),
});

export const measureRestore: Run<'measureRestore'> = async (action, context) => {
  const [ask, room] = commandsHere(action, context);
  if (ask?.by !== 'program' || room === undefined) throw new Error('measureRestore has two commands');
  const read = await readJson(context, ask, roomSchema);
  if (!read.ok) return read;
  record(context, room);
  const { databaseBytes, dataDirectory, slots } = read.value;
  try {
    // Often a link to a disk of its own.
    const logs = await realpath(`${dataDirectory}/pg_wal`);
    const [data, log] = await Promise.all([readDiskOf(dataDirectory), readDiskOf(logs)]);
    const [dataPlace, logPlace] = await Promise.all([stat(dataDirectory), stat(logs)]);
    return ok({
      kind: 'measureRestore',
      ...{ databaseBytes, dataFreeBytes: data.freeBytes, logFreeBytes: log.freeBytes },
      isSameDisk: dataPlace.dev === logPlace.dev,
      slots: slots.map(({ safeBytes, ...slot }) => ({ ...slot, ...(safeBytes !== null && { safeBytes }) })),
    });
  } catch (error) {
    return { ok: false, failure: failureOfSystemCall(error, dataDirectory) };
  }
};
