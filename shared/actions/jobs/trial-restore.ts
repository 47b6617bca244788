// The part of verifyBackup that restores a dump into a scratch server: in the backup's own folder, reached by a socket only,
// without the roles' tablespaces, gone again afterwards. A server of a former attempt has died with its unit's control
// group; only its files are removed, since by now its number may be another process's.
import type { NodeProfile } from '../command.ts';
import { shellLine, shellQuote } from '../shell-quote.ts';
import { jobExits } from './job.ts';
import { list } from './script.ts';

/** Where its socket lies; a folder of its own, since a path to a socket must be short. */
export const trialSocket = '/run/baton-trial';
const owner = 'baton_trial';

/** Nothing of it outlives the trial, so nothing needs to be safe on the disk. */
const settings = {
  listen_addresses: '',
  unix_socket_directories: trialSocket,
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  autovacuum: 'off',
  // Its log is kept, and statements hold passwords of roles.
  log_min_error_statement: 'panic',
  max_connections: '20',
};

/** In the folder of a database's part; leaves what it counted in trial-rows.json of the job's folder. */
export function trialRestore(profile: NodeProfile, folder: string): string[] {
  const user = profile.databaseUser;
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return [
    'scratch=$part.trial',
    `remove_scratch() { rm -rf -- "$scratch" ${trialSocket}; }`,
    '# No function, so that the server itself is what is started and ended.',
    `scratch_user=(setpriv --reuid=${shellQuote(user)} --regid="$(id -g ${shellQuote(user)})" --init-groups nice -n 19)`,
    list('there', ['-h', trialSocket, '-p', '5432', '-U', owner, '-w']),
    'end_scratch() {',
    '  local status=$?',
    '  trap - EXIT',
    '  if [[ -n ${server_pid:-} ]]; then kill -INT "$server_pid" 2>/dev/null || true; wait "$server_pid" || true; fi',
    '  remove_scratch',
    '  exit "$status"',
    '}',
    'remove_scratch',
    'size=$(number_in size)',
    'needed=$((size + 128 * 1024 * 1024))',
    'free=$(($(stat -f -c "%a * %S" "$part")))',
    `((free > needed)) || fail ${jobExits.noRoom} "a trial restore needs $needed bytes beside $part, $free are free"`,
    'trap end_scratch EXIT',
    `install -d -o ${shellQuote(user)} -m 0700 "$scratch" ${trialSocket}`,
    'echo "restoring it into a scratch server"',
    `"\${scratch_user[@]}" "$bin/initdb" -D "$scratch/data" -U ${owner} --auth=trust --locale=C --encoding=UTF8 --no-sync >/dev/null`,
    `"\${scratch_user[@]}" "$bin/postgres" -D "$scratch/data" ${shellLine(options)} >>${shellQuote(`${folder}/scratch-server.log`)} 2>&1 &`,
    'server_pid=$!',
    'until "${scratch_user[@]}" "$bin/pg_isready" -q "${there[@]:0:4}"; do',
    '  kill -0 "$server_pid" || fail 1 "the scratch server ended"',
    '  sleep 0.2',
    'done',
    '"${scratch_user[@]}" "$bin/psql" "${there[@]}" -X -q -v ON_ERROR_STOP=1 -d postgres >/dev/null < <(sed "/ TABLESPACE /d" globals.sql)',
    '"${scratch_user[@]}" "$bin/pg_restore" "${there[@]}" --create --exit-on-error --no-tablespaces --no-publications --no-subscriptions --jobs=2 --dbname=postgres "$part/dump"',
    `"\${scratch_user[@]}" "$bin/psql" "\${there[@]}" -X -q -A -t -v ON_ERROR_STOP=1 -d "$(cat database)" <count.sql >${shellQuote(`${folder}/trial-rows.json`)}`,
    // The trap ends the server, and the script with what came out of it.
  ];
}
