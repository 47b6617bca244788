// readNode and readDisk: facts about the machine, from the kernel and the file systems.
import { readFile } from 'node:fs/promises';
import { cpus, hostname, loadavg, networkInterfaces, uptime } from 'node:os';
import { mem } from 'systeminformation';
import type { AnswerOf } from '../../shared/actions/action.ts';
import { ok } from '../../shared/failures.ts';
import { batonVersion } from '../../shared/version.ts';
import { readDiskOf } from '../platform/mounts.ts';
import { readOsRelease } from '../platform/profile.ts';
import { failureOfSystemCall } from '../platform/system-error.ts';
import { commandsHere, execute, isProgram, type Run, record } from './context.ts';

export const readNode: Run<'readNode'> = async (action, context) => {
  const [files, psql] = commandsHere(action, context);
  if (files !== undefined) record(context, files);
  const major = isProgram(psql) ? Number((await execute(context, psql)).stdout.trim()) || 0 : 0;
  return ok({ kind: 'readNode', ...(await nodeFacts(context.clock.nowMs(), major)) });
};

/** What the kernel and os-release say. */
export async function nodeFacts(nowMs: number, postgresqlMajor: number): Promise<Omit<AnswerOf<'readNode'>, 'kind'>> {
  const os = readOsRelease();
  // Only this one: systeminformation's other facts come from shells and take up to half a second, and its names of
  // systems are not os-release's ID and VERSION_ID.
  const memory = await mem();
  return {
    hostname: hostname(),
    bootId: (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim(),
    os: os.id,
    osVersion: os.versionId,
    clockMs: nowMs,
    uptimeS: uptime(),
    memoryBytes: memory.total,
    memoryAvailableBytes: memory.available,
    load1m: loadavg()[0] ?? 0,
    cpus: cpus().length,
    postgresqlMajor,
    agentVersion: batonVersion,
    addresses: addressesNow(),
  };
}

/** Which of them is the clients’ moves from node to node. */
export const addressesNow = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal }) => !internal)
    .map(({ address }) => address)
    .toSorted();

export const readDisk: Run<'readDisk'> = async (action, context) => {
  for (const command of commandsHere(action, context)) record(context, command);
  const disks = [];
  for (const path of action.paths) {
    try {
      disks.push(await readDiskOf(path));
    } catch (error) {
      return { ok: false, failure: failureOfSystemCall(error, path) };
    }
  }
  return ok({ kind: 'readDisk', disks });
};
