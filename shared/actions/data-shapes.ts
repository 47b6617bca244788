// The fields of the actions of data.proto: part of constraints.ts, which has what fields of all actions have in common.
import { z } from 'zod';

interface Fields {
  path: z.ZodType<string>;
  glob: z.ZodType<string>;
  unit: z.ZodType<string>;
  pattern: z.ZodType<string>;
  ms: z.ZodType<number>;
  database: z.ZodType<string>;
  plainPath: z.ZodType<string>;
}

export const dataShapes = ({ path, plainPath: root, glob, unit, pattern, ms, database }: Fields) => ({
  countFiles: { root: path },
  readManifest: { root, hashes: z.boolean() },
  readManifestEntries: { root, manifest, buckets: z.array(z.number().int().min(0).max(65_535)).min(1).max(256) },
  readObserverLog: {
    ...{ logs: glob, busyPatterns: z.array(pattern).max(20), quietForMs: ms },
    ...{ beginPattern: pattern.optional(), endPattern: pattern.optional() },
  },
  readErrors: {
    errorLogs: z.array(path).max(10),
    mixedLogs: z.array(glob).max(10),
    units: z.array(unit).max(40),
    pattern,
    windowMs: ms,
    sinceUnit: unit.optional(),
  },
  readAccess: { database },
  readFileStates: { root, paths: z.array(entryPath).min(1).max(200), hashes: z.boolean() },
});

const manifest = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{16}$/, "is not a manifest's name");

/** As agents write them: below a folder, nothing in it that leads out. */
const entryPath = z
  .string()
  .max(16_384)
  .regex(/^(?!\/)(?!(?:.*\/)?\.{1,2}(?:\/|$))[^\p{C}]+$/u, 'is not a path of a manifest');
