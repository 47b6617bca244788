// The SQL of the database readings: each one statement that answers one JSON document or one value. Pure; identifiers and
// positions have passed constraints.ts, values travel as psql variables.

/** A table's or column's name, quoted. */
export function quoteIdentifier(name: string): string {
  return name
    .split('.')
    .map((part) => `"${part}"`)
    .join('.');
}

/** Of every server: what the server itself is can be asked there, whatever becomes of the application’s database. */
export const serverDatabase = 'postgres';

export const serverMajorSql = "SELECT current_setting('server_version_num')::int / 10000;";

export const databaseSizeSql = 'SELECT pg_database_size(current_database());';

/** Whether everything up to a position is here: written on a primary, replayed on a standby. */
export function reachedSql(lsn: string): string {
  return `SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END >= '${lsn}'::pg_lsn;`;
}

/**
 * Where the log ends now, read after the statement's snapshot, so that it covers every transaction that the snapshot
 * sees. At the start of a page the insert position lies behind the page's header (24 bytes, 40 in a segment's first
 * page), which a standby only reaches with the next record: there it is taken back to the page's start.
 */
const positionSql = `(SELECT CASE
    WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
    WHEN mod(pg_wal_lsn_diff(at, '0/0'), current_setting('wal_block_size')::numeric) = 24 THEN at - 24::numeric
    WHEN mod(pg_wal_lsn_diff(at, '0/0'), pg_size_bytes(current_setting('wal_segment_size'))::numeric) = 40 THEN at - 40::numeric
    ELSE at END
  FROM (SELECT CASE WHEN pg_is_in_recovery() THEN '0/0'::pg_lsn ELSE pg_current_wal_insert_lsn() END AS at OFFSET 0) log)`;

/**
 * Rows of each table in one snapshot: without `snapshot` those that are visible now, with it only those of them that
 * were written by transactions which that snapshot sees.
 */
export function countRowsSql(tables: readonly string[], snapshot?: string): string {
  const counts = tables.map(
    (table) =>
      `json_build_object('table', '${table}', 'rows', (SELECT count(*) FROM ${quoteIdentifier(table)} r${
        snapshot === undefined ? '' : ` WHERE ${writtenBefore(snapshot)}`
      }))`,
  );
  return `SELECT json_build_object(
  'snapshot', ${snapshot === undefined ? 'pg_current_snapshot()::text' : `'${snapshot}'`},
  'inRecovery', pg_is_in_recovery(),
  'tables', json_build_array(${counts.join(',\n    ')}),
  'lsn', ${positionSql});`;
}

const wrap = 4_294_967_296n;

/**
 * A row's xmin has 32 bits and the snapshot's numbers 64, so the comparison goes round the circle: left out is only what
 * was given out since the snapshot (from its xmax up to the xmax of now) and what was still running in it. A frozen row
 * keeps its old xmin and stays in, since it lies outside that short arc. Numbers below 3 are PostgreSQL's own.
 */
function writtenBefore(snapshot: string): string {
  const [, xmaxText = '0', runningText = ''] = snapshot.split(':');
  const xmax = BigInt(xmaxText);
  const xmin = 'r.xmin::text::bigint';
  const since = `(SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint - ${xmax})`;
  const running = runningText === '' ? [] : runningText.split(',').map((xid) => BigInt(xid) % wrap);
  const notSince = `mod(${xmin} - ${xmax % wrap} + ${wrap}, ${wrap}) >= ${since}`;
  const notRunning = running.length === 0 ? '' : ` AND ${xmin} NOT IN (${running.join(', ')})`;
  return `(${xmin} < 3 OR ${notSince}${notRunning})`;
}

/** What the server has counted as written to a database's tables, and which files they lie in, which a TRUNCATE changes. */
export const writtenSql = `SELECT md5(coalesce((SELECT string_agg(concat_ws(' ', s.relid, s.n_tup_ins, s.n_tup_upd, s.n_tup_del, pg_relation_filenode(s.relid)), ';' ORDER BY s.relid)
    FROM pg_stat_all_tables s WHERE s.schemaname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') OR s.relname IN ('pg_largeobject', 'pg_largeobject_metadata')), '')
  || coalesce((SELECT string_agg(concat_ws(' ', schemaname, sequencename, last_value), ';' ORDER BY schemaname, sequencename) FROM pg_sequences), '')
  || coalesce((SELECT stats_reset::text FROM pg_stat_database WHERE datname = current_database()), ''));`;

/** Sizes and slots of a server, and where its data lies; the database is the psql variable `value`. */
export const restoreRoomSql = `SELECT json_build_object(
  'databaseBytes', coalesce((SELECT pg_database_size(oid) FROM pg_database WHERE datname = :'value'), 0),
  'dataDirectory', current_setting('data_directory'),
  'slots', (SELECT coalesce(json_agg(json_build_object(
      'slot', slot_name, 'active', active, 'walStatus', coalesce(wal_status, ''), 'safeBytes', safe_wal_size) ORDER BY slot_name), '[]'::json)
    FROM pg_replication_slots WHERE slot_type = 'physical'));`;

/** Rows whose column, as text, is the psql variable `value`. */
export function findRowsSql(table: string, column: string): string {
  return `SELECT count(*) FROM ${quoteIdentifier(table)} WHERE ${quoteIdentifier(column)}::text = :'value';`;
}

/** What a database is now, how far it is, and who streams from it. */
export const replicationSql = `SELECT json_build_object(
  'inRecovery', pg_is_in_recovery(),
  'acceptsWrites', NOT pg_is_in_recovery() AND NOT current_setting('default_transaction_read_only')::bool,
  'timeline', CASE
    WHEN pg_is_in_recovery()
    THEN coalesce((SELECT received_tli FROM pg_stat_wal_receiver), (SELECT timeline_id FROM pg_control_checkpoint()))
    ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END,
  'lsn', CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
  'receivedLsn', CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() END,
  'receiverStatus', CASE WHEN pg_is_in_recovery() THEN coalesce((SELECT status FROM pg_stat_wal_receiver), 'stopped') END,
  'replayPaused', CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() ELSE false END,
  'replayDelayS', CASE
    WHEN NOT pg_is_in_recovery() OR pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
    ELSE coalesce(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()), 0) END,
  'messageAgoS', coalesce((SELECT extract(epoch FROM clock_timestamp() - last_msg_receipt_time) FROM pg_stat_wal_receiver), 0),
  'clients', (SELECT coalesce(json_agg(json_build_object(
      'address', coalesce(r.client_addr::text, 'local'),
      'state', coalesce(r.state, ''),
      'sentLsn', r.sent_lsn,
      'replayLsn', r.replay_lsn,
      'lagBytes', CASE WHEN pg_is_in_recovery() THEN 0
        ELSE coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), coalesce(r.replay_lsn, r.sent_lsn)), 0) END,
      'encrypted', coalesce(s.ssl, false)) ORDER BY r.client_addr), '[]'::json)
    FROM pg_stat_replication r LEFT JOIN pg_stat_ssl s USING (pid)),
  'serverMajor', current_setting('server_version_num')::int / 10000);`;
