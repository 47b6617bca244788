// What lies beside a part's data: manifest.json, written last by the agent, verified.json after a verification, and
// restored.json after it was restored. Each
// carries a sum over itself, so that damage is found before anything is believed.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { partNames } from '../../shared/actions/jobs/places.ts';
import { writeDurably } from '../../shared/durable-file.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { canonicalJson, sha256Hex } from '../../shared/hash.ts';
import { failureOfSystemCall } from '../platform/system-error.ts';

const rows = z.array(z.object({ table: z.string(), rows: z.number() }));

const manifestSchema = z.object({
  schema: z.literal(1),
  /** Of the attempt that made it. */
  key: z.string(),
  backup: z.string(),
  part: z.enum(partNames),
  madeAtMs: z.number(),
  bytes: z.number(),
  files: z.number(),
  paths: z.array(z.string()),
  excludes: z.array(z.string()),
  database: z.string(),
  serverMajor: z.number(),
  /** Of a database's schema, in the snapshot of its dump; empty where an older agent has made it. */
  schemaDigest: z.string().default(''),
  rows,
  warnings: z.array(z.string()),
  /** Of SHA256SUMS, which has the sums of everything else. */
  sumsSha256: z.string(),
});
export type Manifest = z.infer<typeof manifestSchema>;

const verifiedSchema = z.object({
  schema: z.literal(1),
  atMs: z.number(),
  trialRestored: z.boolean(),
  /** Of the part that was verified, so that it never speaks for another one. */
  sumsSha256: z.string(),
});
export type Verified = z.infer<typeof verifiedSchema>;

const restoredSchema = z.object({
  schema: z.literal(1),
  /** The run whose job restored the part to its end. */
  run: z.string(),
  atMs: z.number(),
  sumsSha256: z.string(),
});
export type Restored = z.infer<typeof restoredSchema>;

/** What psql printed of the parity tables: database.ts, countRows. */
export const rowsSchema = z.object({ tables: rows });

const manifestOf = (folder: string) => join(folder, 'manifest.json');
const verifiedOf = (folder: string) => join(folder, 'verified.json');
/** The scripts that restore remove it before they change anything. */
const restoredOf = (folder: string) => join(folder, 'restored.json');
export const sumsOf = (folder: string) => join(folder, 'SHA256SUMS');

export const readManifest = (folder: string): Promise<Result<Manifest>> => read(manifestOf(folder), manifestSchema);
export const writeManifest = (folder: string, manifest: Manifest) => write(manifestOf(folder), manifest);
export const readVerified = (folder: string): Promise<Result<Verified>> => read(verifiedOf(folder), verifiedSchema);
export const writeVerified = (folder: string, verified: Verified) => write(verifiedOf(folder), verified);

export const readRestored = (folder: string): Promise<Result<Restored>> => read(restoredOf(folder), restoredSchema);

/** Marks a part as restored by a run, to its end. */
export async function markRestored(folder: string, run: string, atMs: number): Promise<Result<void>> {
  const manifest = await readIntactManifest(folder);
  if (!manifest.ok) return manifest;
  try {
    await write(restoredOf(folder), { schema: 1, run, atMs, sumsSha256: manifest.value.sumsSha256 });
    return ok(undefined);
  } catch (error) {
    return { ok: false, failure: failureOfSystemCall(error, restoredOf(folder)) };
  }
}

/** The manifest of a part whose list of sums is the one that was written with it. */
export async function readIntactManifest(folder: string): Promise<Result<Manifest>> {
  const manifest = await readManifest(folder);
  if (!manifest.ok) return manifest;
  try {
    if (sha256Hex(await readFile(sumsOf(folder))) === manifest.value.sumsSha256) return manifest;
    return fail('damaged', `${sumsOf(folder)} is not as it was written; this backup cannot be used`);
  } catch (error) {
    return { ok: false, failure: failureOfSystemCall(error, sumsOf(folder)) };
  }
}

async function write(path: string, content: object): Promise<void> {
  const text = canonicalJson(content);
  await writeDurably(path, `${JSON.stringify({ content: JSON.parse(text), sha256: sha256Hex(text) }, null, 1)}\n`);
}

async function read<T>(path: string, schema: z.ZodType<T>): Promise<Result<T>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    return { ok: false, failure: failureOfSystemCall(error, path) };
  }
  const damaged = fail('damaged', `${path} is not as it was written; this backup cannot be used`);
  try {
    const { content, sha256 } = JSON.parse(text) as { content: unknown; sha256: unknown };
    const parsed = schema.safeParse(content);
    return parsed.success && sha256Hex(canonicalJson(content)) === sha256 ? ok(parsed.data) : damaged;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return damaged;
    throw error;
  }
}
