// Checks of data on machines that were made to fail them: files, replication, access, errors, the observer's log; each is seen
// failing with its own words, and passing after its remedy.
import { onNode } from './lab.ts';
import { type Row, row, seeRows } from './made-to-fail.ts';
import { startAfresh } from './scenario.ts';

const filedb = '/opt/flotomate/main-server/filedb';
const asOwner = 'runuser -u flotomate -- sh -c';
const access = '/etc/postgresql/15/main/pg_hba.conf';
const errors = '/opt/flotomate/main-server/logs/common/error';
const psql = (statement: string) => `runuser -u postgres -- psql -XqAtc "${statement}"`;
/** The process that replays what arrives. */
const startup = "$(pgrep -u postgres -f 'startup +recovering')";
const old = `-d '1 hour ago'`;

const files: Row[] = [
  row(
    'file synchronization that is stopped',
    ['file-sync-placement', 'n1'],
    /file-sync inactive|file-sync failed/,
    ['n1', 'systemctl stop file-sync'],
    ['n1', 'systemctl start file-sync'],
  ),
  row(
    'one file too many',
    ['files-equal', 'n2'],
    /3001 files, n1 has 3000/,
    ['n2', `${asOwner} "touch ${old} '${filedb}/too\nmany'"`],
    ['n2', `rm '${filedb}/too\nmany'`],
  ),
  row(
    'the name of that one, which breaks a line',
    ['files-same', 'n2'],
    /too\\x0[aA]many is only on n2/,
    ['n2', 'true'],
    ['n2', 'true'],
  ),
  row(
    'equal counts and sizes with different content',
    ['files-same', 'n2'],
    /00\/file-00000\.bin has the same size .* other content/,
    [
      'n2',
      `cp -p ${filedb}/00/file-00000.bin /root/as-it-was && printf x | dd of=${filedb}/00/file-00000.bin conv=notrunc status=none && touch ${old} ${filedb}/00/file-00000.bin`,
    ],
    ['n2', `cp -p /root/as-it-was ${filedb}/00/file-00000.bin`],
  ),
  row(
    'a database that lets anybody in',
    ['database-closed', 'n1'],
    /0\.0\.0\.0\/0.*trust|trust.*0\.0\.0\.0\/0/,
    [
      'n1',
      `cp -p ${access} /root/access && echo 'host all all 0.0.0.0/0 trust' >>${access} && ${psql('SELECT pg_reload_conf()')}`,
    ],
    ['n1', `cp -p /root/access ${access} && ${psql('SELECT pg_reload_conf()')}`],
  ),
  row(
    'errors in the application’s log',
    ['error-rate', 'n1'],
    /error log: \d+ in .* a minute, the last: .*planted/,
    [
      'n1',
      `cp -p ${errors} /root/errors && for i in $(seq 600); do echo "$(date '+%Y-%m-%d %H:%M:%S') ERROR planted $i"; done >>${errors}`,
    ],
    ['n1', `cp -p /root/errors ${errors}`],
    'warn',
  ),
  row(
    'a synchronization that has begun and not ended',
    ['observer-quiet', 'n3'],
    /synchronization started/,
    ['n3', 'echo 20 >/opt/HA/state/synchronize && chown motadata: /opt/HA/state/synchronize'],
    ['n3', 'true'],
  ),
];

const lagging: Row[] = [
  row(
    'a lag over the limit',
    ['replication-streaming', 'n2'],
    /streaming, .* MB behind/,
    ['n2', `kill -STOP ${startup}`],
    ['n2', `kill -CONT ${startup}`],
  ),
  row(
    'a standby that does not come to where the primary is',
    ['replication-replaying', 'n2'],
    /stands at/,
    [
      'n1',
      `${psql("SELECT pg_logical_emit_message(false, 'baton', repeat('x', 1000000)) FROM generate_series(1, 24)")} >/dev/null`,
    ],
    ['n1', 'true'],
  ),
];

const paused: Row[] = [
  row(
    'a paused replay',
    ['replication-replaying', 'n2'],
    /replay is paused/,
    ['n2', psql('SELECT pg_wal_replay_pause()')],
    ['n2', psql('SELECT pg_wal_replay_resume()')],
  ),
];

describe('checks of data on a lab that is made to fail them', function () {
  this.timeout(300_000);
  before(() => startAfresh());
  after(async () => {
    await onNode('n2', `kill -CONT ${startup}; ${psql('SELECT pg_wal_replay_resume()')}; rm -f /root/as-it-was`);
    await onNode('n1', 'rm -f /root/access /root/errors');
  });

  describe('of files, access and logs', () => seeRows(files));
  describe('of a standby that stands still', () => seeRows(lagging, { only: lagging.map(({ check }) => check) }));
  describe('of a replay that is paused', () => seeRows(paused, { only: paused.map(({ check }) => check) }));
});
