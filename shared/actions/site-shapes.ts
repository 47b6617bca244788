// What the fields of the readings of site.proto may hold, made of the fields that all actions have. Pure.
import { z } from 'zod';

interface Fields {
  path: z.ZodType<string>;
  plainPath: z.ZodType<string>;
  units: z.ZodType<string[]>;
  host: z.ZodType<string>;
  port: z.ZodType<number>;
  database: z.ZodType<string>;
  packageName: z.ZodType<string>;
}

/** The shapes of those readings. */
export const siteShapes = (f: Fields) => ({
  readPackages: { packages: z.array(f.packageName).max(100), programs: z.array(f.packageName).max(100) },
  readPorts: {
    targets: z
      .array(z.strictObject({ address: f.host, port: f.port }))
      .min(1)
      .max(100),
  },
  readRsync: { address: f.host, transport: z.enum(['ssh', 'stunnel', 'daemon']), port: f.port },
  readSecurity: { ports: z.array(f.port).max(20) },
  readOwners: { root: f.path, entries: z.number().int().min(1).max(100_000), excludes: z.array(f.plainPath).max(20) },
  readHaOwner: {},
  readPlatform: { database: f.database.optional() },
  readUnitFiles: { units: f.units },
});
