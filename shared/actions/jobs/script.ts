// What every job's script is made of: words quoted for the shell, the database's programs, and how it ends with a reason.
// Pure. A script is text that an agent writes into the job's folder and a dry run prints.
import type { NodeProfile } from '../command.ts';
import { shellLine, shellQuote } from '../shell-quote.ts';
import { jobExits } from './job.ts';

export interface Script {
  lines: string[];
  /** Gives way to what the machine is there for. */
  isGentle: boolean;
}

export const assign = (name: string, value: string): string => `${name}=${shellQuote(value)}`;
export const list = (name: string, values: readonly string[]): string => `${name}=(${shellLine(values)})`;

/** `fail STATUS MESSAGE…`: the last line of the output is the reason that people are told. */
export const failFunction = 'fail() { local status=$1; shift; echo "$*" >&2; exit "$status"; }';

/** Made before anything is written into it; whoever may pass through cannot look into it. */
export const makeFolders = (folder: string): string =>
  `(umask 0066; mkdir -p -- ${shellQuote(folder)}) || fail ${jobExits.unwritable} ${shellQuote(`${folder} cannot be made`)}`;

/** The folder and everything in it, once and for all on the disk. */
export const syncAll = (variable: string): string => `find "$${variable}" -exec sync -- {} +`;

/** Of what is set for a role or a database: counting and analyzing take as long as they take. */
const noLimits = 'PGOPTIONS=-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0';

/** The sessions of jobs. A node has one job at a time, so that others of this name are what an ended one has left. */
export const jobSessions = 'baton-job';

/**
 * Functions for the database: `as_database PROGRAM…` as its user, `sql DATABASE STATEMENT`, `find_programs MAJOR`, which
 * sets `bin`, `number_in FILE`.
 */
export function databaseFunctions(profile: NodeProfile): string[] {
  const where = ['-h', profile.databaseSocket, '-p', String(profile.databasePort)];
  const [before = '', after = ''] = databasePrograms(profile).split('{major}');
  return [
    `as_database() { ${shellLine(['runuser', '-u', profile.databaseUser, '--', 'env', `PGAPPNAME=${jobSessions}`, 'PGCONNECT_TIMEOUT=10', noLimits])} "$@"; }`,
    list('server', where),
    `sql() { as_database ${shellQuote(profile.psql)} -X -q -A -t -w -v ON_ERROR_STOP=1 "\${server[@]}" -d "$1" -c "$2"; }`,
    `find_programs() { bin=${shellQuote(before)}$1${after === '' ? '' : shellQuote(after)}; [[ $1 =~ ^[0-9]+$ && -x $bin/pg_dump ]] || bin=/usr/bin; }`,
    '# What the server has said is a number or nothing: to anything else this shell would listen.',
    `number_in() { local found; found=$(cat "$1"); [[ $found =~ ^[0-9]+$ ]] || fail ${jobExits.differs} "$1 holds no number"; echo "$found"; }`,
  ];
}

/** Of agents that don't say it: Debian's place. */
const databasePrograms = ({ databasePrograms }: NodeProfile): string =>
  databasePrograms || '/usr/lib/postgresql/{major}/bin';

/** A major version's programs, which read and write what that version does. */
export const serverMajor = `major=$(sql postgres "SELECT current_setting('server_version_num')::int / 10000")`;

/** Text for the script as one SQL literal. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Takes the mark away that a part was restored to its end, for good; in the part's folder, before anything is changed. */
export const forgetRestored = 'rm -f restored.json && sync -f .';
