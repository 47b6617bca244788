// The PostgreSQL servers of this node as its script tells them. Pure: lines in, servers out.
import { z } from 'zod';
import type { AnswerOf } from '../../shared/actions/action.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';

export type ServerList = Omit<AnswerOf<'readServers'>, 'kind'>;
export type Server = ServerList['servers'][number];
type Aside = ServerList['asides'][number];

const truth = z.enum(['true', 'false', 't', 'f']).transform((text) => text.startsWith('t'));
const number = z
  .string()
  .regex(/^\d*$/)
  .transform((text) => Number(text));
const text = z.string().max(4096).default('');

const serverSchema = z.object({
  unit: text,
  data_directory: text,
  config_directory: text,
  port: number.default(0),
  is_running: truth,
  starts_at_boot: truth,
  in_recovery: truth.optional(),
  state: text,
  system_identifier: text,
  timeline: number.default(0),
  lsn: text,
  recovered_lsn: text,
  recovered_timeline: number.default(0),
  has_checksums: truth,
  bytes: number.default(0),
  is_fenced: truth,
  upgraded_by: text,
  was_started: truth.default(false),
  is_spent: truth,
  last_written_ms: number.default(0),
});

/** What the script of readServers has printed. */
export function parseServers(output: string): Result<ServerList> {
  const blocks: Block[] = [{ of: '', values: {}, history: [] }];
  const installed: number[] = [];
  const linkable: number[] = [];
  const asides: Aside[] = [];
  for (const line of output.split('\n')) {
    const [name = '', value = ''] = line.split('\t');
    const block = blocks.at(-1) as Block;
    if (name === 'server') blocks.push({ of: value, values: {}, history: [] });
    else if (name === 'installed') installed.push(Number(value));
    else if (name === 'linkable') linkable.push(Number(value));
    else if (name === 'aside') asides.push(asideOf(value));
    else if (name === 'history') block.history.push(switchOf(value));
    // Later ones replace earlier ones: what a running server says goes before its control file.
    else if (value !== '') block.values[name] = value;
  }
  const servers: Server[] = [];
  for (const { of, values, history } of blocks.slice(1)) {
    const parsed = serverSchema.safeParse(values);
    if (!parsed.success)
      return fail('unexpected-output', `PostgreSQL ${of} cannot be told: ${z.prettifyError(parsed.error)}`, {
        evidence: JSON.stringify(values),
      });
    servers.push(serverOf(of, parsed.data, history));
  }
  return ok({
    servers,
    installedMajors: majors(installed),
    linkableMajors: majors(linkable),
    asides,
    freeBytes: Number(blocks.at(-1)?.values.free_bytes ?? 0),
  });
}

interface Block {
  /** Major version and name. */
  of: string;
  values: Record<string, string>;
  history: Server['history'];
}

const majors = (found: number[]): number[] => found.filter((major) => major > 0).sort((a, b) => a - b);

function switchOf(line: string): Server['history'][number] {
  const [timeline = '', lsn = ''] = line.split(' ');
  return { timeline: Number(timeline), lsn };
}

/** `MAJOR NAME RUN BYTES DIRECTORY` */
function asideOf(line: string): Aside {
  const [major = '', name = '', run = '', bytes = '', ...directory] = line.split(' ');
  return { major: Number(major), name, run, bytes: Number(bytes), directory: directory.join(' ') };
}

function serverOf(of: string, told: z.infer<typeof serverSchema>, history: Server['history']): Server {
  const [major = '', name = ''] = of.split(' ');
  // A standby that was stopped before its next checkpoint has followed its primary further than that tells.
  const lsn = told.in_recovery === undefined ? furthest(told.lsn, told.recovered_lsn) : told.lsn;
  const timeline = lsn === told.lsn ? told.timeline : Math.max(told.timeline, told.recovered_timeline);
  return {
    major: Number(major),
    name,
    unit: told.unit,
    dataDirectory: told.data_directory,
    configDirectory: told.config_directory,
    port: told.port,
    isRunning: told.is_running,
    startsAtBoot: told.starts_at_boot,
    ...(told.in_recovery === undefined ? {} : { inRecovery: told.in_recovery }),
    state: told.state,
    systemIdentifier: told.system_identifier,
    timeline,
    lsn,
    hasChecksums: told.has_checksums,
    bytes: told.bytes,
    isFenced: told.is_fenced,
    upgradedBy: told.upgraded_by,
    wasStarted: told.was_started,
    isSpent: told.is_spent,
    lastWrittenMs: told.last_written_ms,
    history,
  };
}

/** Of two positions in the log, either of which may be unread. */
function furthest(one: string, other: string): string {
  const value = (lsn: string) => {
    const [high = '', low = ''] = lsn.split('/');
    return /^[0-9A-F]+\/[0-9A-F]+$/.test(lsn) ? (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`) : -1n;
  };
  return value(other) > value(one) ? other : one;
}
