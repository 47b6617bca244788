// What a database says of its server and of the order of its texts: one JSON document. Versions of collations are known
// from PostgreSQL 15 on; psql leaves that part out before. Pure.

export const platformSql = String.raw`SELECT current_setting('server_version_num')::int >= 150000 AS knows \gset
\if :knows
SELECT json_build_object(
  'postgresql', current_setting('server_version'),
  'encoding', pg_encoding_to_char(encoding),
  'collate', datcollate,
  'provider', datlocprovider::text,
  'collationVersion', coalesce(datcollversion, ''),
  'actualCollationVersion', coalesce(pg_database_collation_actual_version(oid), ''))
FROM pg_database WHERE datname = current_database();
\else
SELECT json_build_object(
  'postgresql', current_setting('server_version'),
  'encoding', pg_encoding_to_char(encoding),
  'collate', datcollate,
  'provider', 'c', 'collationVersion', '', 'actualCollationVersion', '')
FROM pg_database WHERE datname = current_database();
\endif`;
