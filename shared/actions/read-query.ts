// readQuery as a shell script: a query of the node's own, asked so that it writes nothing and every server prints the same
// values in the same way. The file is root's, as every query that Baton asks is: whoever may write it reads the database.
import type { ActionOf } from './action.ts';
import type { NodeProfile } from './command.ts';
import { shellLine, shellQuote } from './shell-quote.ts';

const printing =
  '-c default_transaction_read_only=on -c datestyle=ISO -c intervalstyle=postgres -c timezone=UTC -c extra_float_digits=1 -c bytea_output=hex';

export function readQueryScript(
  { database, query }: ActionOf<'readQuery'>,
  profile: NodeProfile,
  timeoutMs: number,
): string {
  const folder = shellQuote(profile.queriesDirectory);
  const options = `${printing} -c statement_timeout=${Math.max(1000, Math.round(timeoutMs))}`;
  const psql = [
    ...['runuser', '-u', profile.databaseUser, '--'],
    ...['env', 'PGAPPNAME=baton-agent', 'PGCONNECT_TIMEOUT=5', `PGOPTIONS=${options}`],
    ...[profile.psql, '-X', '-q', '-A', '-t', '-w', '-v', 'ON_ERROR_STOP=1'],
    ...['-h', profile.databaseSocket, '-p', String(profile.databasePort), '-d', database, '-f', '-'],
  ];
  return [
    `file=${folder}/${shellQuote(`${query}.sql`)}`,
    `if [[ -z $(find "$file" ${folder} -maxdepth 0 -user root ! -perm /022 2>/dev/null | sed -n 2p) ]]; then`,
    '  echo "$file must be there, belong to root with its folder and be writable by nobody else" >&2',
    '  exit 1',
    'fi',
    `${shellLine(psql)} <"$file"`,
  ].join('\n');
}
