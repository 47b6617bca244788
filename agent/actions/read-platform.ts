// readPlatform: exact versions of system, library and database, and whether something keeps the clock right.
import { arch, release } from 'node:os';
import { z } from 'zod';
import { ok } from '../../shared/failures.ts';
import { readOsRelease } from '../platform/profile.ts';
import { parseProperties } from '../platform/unit-states.ts';
import { commandsHere, execute, isProgram, type Run, record } from './context.ts';
import { readJson } from './database.ts';

const databaseSchema = z.object({
  postgresql: z.string(),
  encoding: z.string(),
  collate: z
    .string()
    .nullable()
    .transform((text) => text ?? ''),
  provider: z.string(),
  collationVersion: z.string(),
  actualCollationVersion: z.string(),
});
const noDatabase = {
  postgresql: '',
  encoding: '',
  collate: '',
  provider: '',
  collationVersion: '',
  actualCollationVersion: '',
};

export const readPlatform: Run<'readPlatform'> = async (action, context) => {
  const [files, libc, clock, ask] = commandsHere(action, context);
  if (files === undefined || !isProgram(libc) || !isProgram(clock)) throw new Error('readPlatform has three programs');
  record(context, files);
  const [library, time, database] = await Promise.all([
    execute(context, libc),
    execute(context, clock),
    isProgram(ask) ? readJson(context, ask, databaseSchema) : ok(noDatabase),
  ]);
  if (!database.ok) return database;
  const os = readOsRelease();
  const told = parseProperties(time.stdout)[0];
  return ok({
    kind: 'readPlatform',
    ...{ os: os.id, osVersion: os.versionId, osName: os.name, kernel: release(), architecture: arch() },
    libc: library.exitCode === 0 ? library.stdout.trim() : '',
    ...database.value,
    // Empty where systemd could not be asked: nobody knows then.
    timeSynchronized: time.exitCode === 0 ? (told?.get('NTPSynchronized') ?? '') : '',
    timezone: told?.get('Timezone') ?? '',
  });
};
