// What /etc/baton/agent.yaml can say: the ceiling of what an agent does, whatever a coordinator asks for. What is not
// named there is not allowed. Pure: text in, policy or errors with line and column out.
import { z } from 'zod';
import { ok, type Result } from '../../shared/failures.ts';
import { parseYamlFile } from '../../shared/yaml-file.ts';

const unit = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9@_.:-]{0,199}$/, "is not a unit's name");
const path = z
  .string()
  .regex(/^(?:\/(?!\.{1,2}(?:\/|$))[^/\n]+)+\/?$/, 'is not an absolute path without ..')
  .transform((text) => text.replace(/\/$/, ''));
const url = z.string().refine((text) => {
  const parsed = URL.parse(text);
  return parsed !== null && ['http:', 'https:'].includes(parsed.protocol) && parsed.search === '' && parsed.hash === '';
}, 'is not an http or https URL without query');

const host = z.string().regex(/^[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?$/, 'is not an address or host name');

const databaseSchema = z.strictObject({
  names: z.array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]{0,62}$/, "is not a database's name")),
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'is not the name of a user')
    .default('postgres'),
  socketDirectory: path.default('/var/run/postgresql'),
  port: z.number().int().min(1).max(65_535).default(5432),
  psql: path.optional(),
  programs: path.optional(),
  restore: z.boolean().default(false),
  /** Upgrading, copying, fencing and removing whole servers. */
  upgrade: z.boolean().default(false),
  /** Addresses of the nodes whose server this one's may become a copy of; those of mergeFiles unless told. */
  copyFrom: z.array(host).optional(),
  /** Queries that are asked before and after, by the names of files NAME.sql in queriesDirectory. */
  queriesDirectory: path.default('/etc/baton/queries'),
  queries: z.array(z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, "is not a query's name")).default([]),
});

const settingName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,99}$/, "is not a setting's name");

const haSchema = z.strictObject({
  directory: path.default('/opt/HA'),
  scripts: z.array(z.string().regex(/^[a-z][a-z0-9_-]{0,39}\.sh$/, "is not a script's name")).default([]),
  /** Files of NAME=VALUE lines in which values may be read and changed: of these names, else of any that names no secret. */
  settings: z
    .array(z.union([path.transform((file) => ({ file })), z.strictObject({ file: path, names: z.array(settingName) })]))
    .default([]),
});

const mergeSchema = z.strictObject({
  root: path,
  /** Addresses of the nodes that files may be fetched from, with root's own ssh keys. */
  from: z.array(host),
});

const backupsSchema = z.strictObject({
  directory: path,
  paths: z.array(path).default([]),
  restore: z.boolean().default(false),
});

const policySchema = z.strictObject({
  units: z.array(unit).default([]),
  observerUnits: z.array(unit).default([]),
  paths: z.array(path).default([]),
  testFilePaths: z.array(path).default([]),
  database: databaseSchema.optional(),
  installers: z.boolean().default(false),
  urls: z.array(url).default([]),
  secretFiles: z.array(path).default([]),
  hooksDirectory: path.optional(),
  hooks: z.array(z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, "is not a hook's name")).default([]),
  backups: backupsSchema.optional(),
  ha: haSchema.optional(),
  mergeFiles: mergeSchema.optional(),
  /** The other nodes, to whose ports this one may connect to see that they answer. */
  peers: z.array(host).default([]),
  /** Of clients, which a node may be told to give up. */
  addresses: z.array(z.union([z.ipv4('is not an address'), z.ipv6('is not an address')])).default([]),
});

/** An empty file allows nothing. */
const fileSchema = z.preprocess((value) => value ?? {}, policySchema);

export type Policy = z.infer<typeof policySchema> & { file: string };

/** The policy in a file's text; `bad-input` naming file, line, column and key of each error. */
export function parsePolicy(text: string, file: string): Result<Policy> {
  const parsed = parseYamlFile(text, file, fileSchema);
  return parsed.ok ? ok({ ...parsed.value, file }) : parsed;
}

/** Of an agent that only goes on with what was begun. */
export const nothingAllowed: Omit<Policy, 'file'> = {
  units: [],
  observerUnits: [],
  paths: [],
  testFilePaths: [],
  installers: false,
  urls: [],
  secretFiles: [],
  hooks: [],
  peers: [],
  addresses: [],
};
