// What each field of an action may hold: names that try to be options, paths or code are refused here, on both sides,
// before anything else looks at them. What a node allows beyond that is its policy's business.

import { z } from 'zod';
import { fail, ok, type Result } from '../failures.ts';
import { releaseNamePattern } from '../names.ts';
import type { Action, ActionKind } from './action.ts';
import { dataShapes } from './data-shapes.ts';
import { asidePattern, partNames } from './jobs/places.ts';
import { siteShapes } from './site-shapes.ts';

/** Texts that may be all or partly a binding, `{{name}}`, as long as a plan is not yet carried out. */
type Text = (pattern: RegExp, what: string, lengthMax?: number) => z.ZodType<string>;

const binding = /\{\{[A-Za-z][A-Za-z0-9_.-]{0,63}\}\}/;

const strictText: Text = (pattern, what, lengthMax = 1024) =>
  z
    .string()
    .max(lengthMax)
    .refine((text) => pattern.test(text), { error: `is not ${what}` });

const templateText: Text = (pattern, what, lengthMax = 1024) =>
  z
    .string()
    .max(lengthMax)
    .refine((text) => pattern.test(text) || binding.test(text), { error: `is not ${what}` });

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses
const absolutePath = /^(?!.*\/\.{1,2}(?:\/|$))(?!.*\/\/)\/[^\u0000-\u001f\u007f]*[^/\u0000-\u001f\u007f]$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses
const oneLine = /^[^\u0000-\u001f\u007f]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: only NUL is refused
const anyText = /^[^\u0000]*$/;
const identifier = '[A-Za-z_][A-Za-z0-9_]{0,62}';

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return text.length > 0;
  } catch {
    return false;
  }
}

/** Trees of which one lies in another would be there twice, and the one restored over the other. */
function areApart(paths: readonly string[]): boolean {
  return paths.every((path, index) => paths.every((other, at) => at === index || !`${other}/`.startsWith(`${path}/`)));
}

/** The word with which a hook changes nothing. */
const isAsking = (args: readonly string[]): boolean => args[0] === 'verify';

function isHttpUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && ['http:', 'https:'].includes(url.protocol) && url.username === '' && url.password === '';
}

function fields(text: Text) {
  const path = text(absolutePath, 'an absolute path without .. and control characters');
  const unit = text(/^[A-Za-z0-9][A-Za-z0-9@_.:-]{0,199}$/, "a unit's name", 200);
  const units = z.array(unit).min(1).max(20);
  const table = text(new RegExp(`^(?:${identifier}\\.)?${identifier}$`), 'a table, schema.table', 130);
  const pattern = z.string().max(500).refine(isPattern, { error: 'is not a regular expression' });
  const url = z
    .string()
    .max(2048)
    .refine((value) => oneLine.test(value) && isHttpUrl(value), { error: 'is not an http or https URL' });
  return {
    path,
    unit,
    units,
    table,
    pattern,
    url,
    pathOrRoot: z.union([z.literal('/'), path]),
    // `*` only in the last part, so that the folder is a fixed one, and at most twice.
    glob: text(
      /^(?:\/(?!\.{1,2}\/)[A-Za-z0-9@_+.,:-]+)+\/(?!\.{1,2}$)(?!(?:[^*]*\*){3})[A-Za-z0-9@_+.,:*-]+$/,
      'an absolute path whose last part may hold * once or twice',
    ),
    database: text(/^[A-Za-z_][A-Za-z0-9_-]{0,62}$/, "a database's name", 63),
    // As shells, tar, find and rsync all take it for nothing but itself.
    plainPath: text(
      /^(?!.*\/\.{1,2}(?:\/|$))(?!.*\/\/)\/[^\p{Cc}*?[\]\\]*[^/\p{Cc}*?[\]\\]$/u,
      'an absolute path without .., control characters, * ? [ ] and \\',
    ),
    run: text(/^[a-z0-9][a-z0-9-]{0,63}$/, "a backup's name, which is a run's id", 64),
    part: z.enum(partNames),
    aside: text(asidePattern, 'the name of a database that was set aside', 63),
    jobs: z.number().int().min(1).max(32),
    hook: text(/^[a-z][a-z0-9-]{0,39}$/, "a hook's name", 40),
    argument: text(oneLine, 'one line', 1000),
    major: z.number().int().min(9).max(99),
    // Debian's name of a server, which becomes part of paths and of a unit's name.
    server: text(/^[a-z][a-z0-9_]{0,39}$/, "a server's name, such as main", 40),
    mode: z.enum(['copy', 'link']),
    slot: text(/^[a-z0-9_]{1,63}$/, "a replication slot's name", 63),
    host: text(/^[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?$/, 'an address or host name', 253),
    port: z.number().int().min(1).max(65_535),
    role: text(/^[A-Za-z_][A-Za-z0-9_-]{0,62}$/, "a database role's name", 63),
    // name=value words without quotes; a secret has no place in it.
    connectionOptions: text(
      /^(?!.*\bpassword\s*=)(?:[a-z_]+=[A-Za-z0-9_./:@-]+(?: [a-z_]+=[A-Za-z0-9_./:@-]+)*)?$/,
      'connection parameters such as sslmode=verify-full, without password',
      500,
    ),
    // None of those by which whoever reads the file would carry out another program.
    settingName: text(
      /^(?!(?:PATH|IFS|ENV|BASH_ENV|CDPATH|SHELLOPTS|BASHOPTS|PS4|PROMPT_COMMAND|LD_.*|PYTHON.*|PERL.*|NODE_OPTIONS|.*JAVA_OPTIONS|JAVA_TOOL_OPTIONS)$)[A-Za-z_][A-Za-z0-9_.-]{0,63}$/,
      "a setting's name",
      64,
    ),
    // What sh, when it reads the file, takes for nothing but itself.
    settingValue: text(/^[A-Za-z0-9@_./:,+-]{0,200}$/, 'letters, digits and @ _ . / : , + -', 200),
    script: text(/^[a-z][a-z0-9_-]{0,39}\.sh$/, "a script's name, such as master.sh", 44),
    column: text(new RegExp(`^${identifier}$`), "a column's name", 63),
    value: text(anyText, 'text', 1000),
    packageName: text(/^[A-Za-z0-9][A-Za-z0-9+._-]{0,99}$/, "a package's or program's name", 100),
    snapshot: text(/^\d{1,20}:\d{1,20}:(?:\d{1,20}(?:,\d{1,20})*)?$/, 'a snapshot, xmin:xmax:xip', 65_536),
    lsn: text(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/, 'a position in the write-ahead log'),
    fileName: text(releaseNamePattern, 'a plain file name', 200),
    sha256: text(/^[0-9a-f]{64}$/, 'a SHA-256 in hexadecimal', 128),
    headers: z
      .array(
        z.strictObject({
          name: text(/^[A-Za-z0-9-]{1,64}$/, "a header's name"),
          value: text(oneLine, 'one line', 2048),
        }),
      )
      .max(20),
    pointer: text(/^(?:\/[^/]*)*$/, 'a JSON pointer', 256),
    bytes: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
    ms: z
      .number()
      .int()
      .min(0)
      .max(31 * 86_400_000),
    // Small, printable and never a way to plant a program's configuration by size.
    content: text(anyText, 'text', 4096),
  };
}

function schemas(text: Text) {
  const f = fields(text);
  const request = {
    url: f.url,
    headers: f.headers,
    tokenFile: f.path.optional(),
    valueAt: f.pointer.optional(),
  };
  const release = { name: f.fileName, sha256: f.sha256 };
  const testFile = { path: f.path, content: f.content };
  const paths = z.array(f.plainPath).max(20).refine(areApart, { error: 'lie within one another' });
  const trees = { paths, excludes: z.array(f.plainPath).max(50) };
  const backup = { directory: f.plainPath, backup: f.run };
  const server = { major: f.major, name: f.server };
  const majors = { from: f.major, to: f.major, name: f.server };
  const kinds = {
    readNode: {},
    readUnits: { units: f.units },
    readDisk: { paths: z.array(f.pathOrRoot).min(1).max(20) },
    readVersion: { file: f.path, pattern: f.pattern },
    readReplication: { database: f.database, reachedLsn: f.lsn.optional() },
    countRows: {
      database: f.database,
      tables: z.array(f.table).min(1).max(20),
      snapshot: f.snapshot.optional(),
      fromLsn: f.lsn.optional(),
    },
    readFile: { path: f.path },
    findRows: { database: f.database, table: f.table, column: f.column, value: f.value },
    readRelease: release,
    readUrl: { ...request, valuePattern: f.pattern.optional() },
    readFailover: { units: f.units },
    readBackups: { directory: f.plainPath },
    measureBackup: { directory: f.plainPath, ...trees, database: f.database.optional() },
    readDatabaseState: { database: f.database },
    measureRestore: { database: f.database },
    ...siteShapes(f),
    readQuery: { database: f.database, query: f.hook },
    ...dataShapes(f),
    stopUnits: { units: f.units },
    startUnits: { units: f.units },
    suspendFailover: { units: f.units, leaseMs: f.ms.min(1000) },
    armFailover: { units: f.units },
    stageRelease: { ...release, sizeBytes: f.bytes },
    makeExecutable: release,
    writeTestFile: testFile,
    removeTestFile: testFile,
    runInstaller: { ...release, progressPattern: f.pattern.optional() },
    backUpFiles: {
      ...backup,
      ...trees,
      paths: paths.min(1),
      part: f.part.exclude(['database']),
      units: z.array(f.unit).max(20),
    },
    backUpDatabase: { ...backup, database: f.database, jobs: f.jobs, parity: z.array(f.table).max(20) },
    verifyBackup: { ...backup, part: f.part, trialRestore: z.boolean() },
    pruneBackups: {
      directory: f.plainPath,
      keep: z.number().int().min(1).max(100),
      pins: z.array(f.run).min(1).max(50),
      parts: z.array(f.part).min(1),
    },
    restoreFiles: { ...backup, part: f.part.exclude(['database']), excludes: trees.excludes },
    restoreDatabase: { ...backup, database: f.database, jobs: f.jobs, aside: f.aside },
    returnDatabase: { database: f.database, aside: f.aside },
    dropDatabase: { database: f.aside },
    readServers: {},
    compareServer: { record: f.run, database: f.database, withoutContent: z.boolean().optional() },
    readValues: { path: f.path, names: z.array(f.settingName).min(1).max(20) },
    readMissingFiles: { root: f.plainPath, from: f.host },
    recordServer: {
      record: f.run,
      database: f.database,
      parity: z.array(f.table).max(20),
      queries: z.array(f.hook).max(50),
    },
    checkServerUpgrade: { ...majors, mode: f.mode },
    stopServer: server,
    upgradeServer: { ...majors, mode: f.mode, jobs: f.jobs, run: f.run },
    startServer: { ...server, analyze: z.boolean() },
    returnServer: majors,
    analyzeServer: { ...server, jobs: f.jobs },
    dropServer: server,
    dropAsides: { run: f.run },
    fenceServer: {},
    unfenceServer: {},
    createSlot: { slot: f.slot },
    copyServer: {
      ...server,
      source: z.strictObject({
        address: f.host,
        port: f.port,
        user: f.role,
        passFile: z.union([z.literal(''), f.path]),
        options: f.connectionOptions,
      }),
      asStandby: z.boolean(),
      slot: z.union([z.literal(''), f.slot]),
      applicationName: z.union([z.literal(''), f.slot]),
      keep: z.boolean(),
      run: f.run,
    },
    restoreServer: { ...backup, database: f.database, ...server, jobs: f.jobs, run: f.run },
    setValues: {
      path: f.path,
      values: z
        .array(z.strictObject({ name: f.settingName, value: f.settingValue }))
        .min(1)
        .max(20),
    },
    mergeFiles: { root: f.plainPath, from: f.host },
    standDown: { units: f.units, address: z.union([z.literal(''), f.host]) },
    runHaScript: { script: f.script },
    readHook: { hook: f.hook, args: z.array(f.argument).max(10).refine(isAsking, { error: 'begin with verify' }) },
    runHook: { hook: f.hook, args: z.array(f.argument).max(10) },
    sendRequest: {
      ...request,
      method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
      body: text(anyText, 'text', 65_536),
      expectStatus: z.array(z.number().int().min(100).max(599)).max(20),
    },
  } satisfies Record<ActionKind, z.ZodRawShape>;
  return new Map<string, z.ZodType>(
    Object.entries(kinds).map(([kind, shape]) => [kind, z.strictObject({ kind: z.literal(kind), ...shape })]),
  );
}

const strictSchemas = schemas(strictText);
const templateSchemas = schemas(templateText);

function validate(action: Action | undefined, known: Map<string, z.ZodType>): Result<Action> {
  const schema = action === undefined ? undefined : known.get(action.kind);
  if (action === undefined || schema === undefined)
    return fail('bad-input', `there is no action ${JSON.stringify(action?.kind ?? '')}; is the agent older?`);
  const parsed = schema.safeParse(action);
  if (parsed.success) return ok(action);
  const found = parsed.error.issues.slice(0, 5).map((issue) => {
    const value = issue.path.reduce<unknown>(
      (at, name) => (at as Record<PropertyKey, unknown> | undefined)?.[name],
      action,
    );
    return `${[action.kind, ...issue.path].join('.')}: ${JSON.stringify(value)?.slice(0, 80) ?? 'nothing'} ${issue.message}`;
  });
  return fail('bad-input', found.join('; '));
}

/** The action if every field of it is well-formed, otherwise `bad-input` naming the fields. */
export function validateAction(action: Action | undefined): Result<Action> {
  return validate(action, strictSchemas);
}

/** As validateAction, for an action of a plan whose texts may still hold bindings, `{{name}}`. */
export function validateActionTemplate(action: Action): Result<Action> {
  return validate(action, templateSchemas);
}
