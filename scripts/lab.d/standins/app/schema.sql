-- STAND-IN for ServiceOps' schema: what Baton looks at, with seeded tickets.
CREATE ROLE serviceops LOGIN PASSWORD :'serviceops';
CREATE ROLE replicator LOGIN REPLICATION PASSWORD :'replicator';
CREATE ROLE ha_observer LOGIN;
CREATE DATABASE flotoitsmdb;
SELECT pg_create_physical_replication_slot('n2', true);
\connect flotoitsmdb
CREATE SCHEMA apolo AUTHORIZATION serviceops;
SET ROLE serviceops;
CREATE TABLE apolo.request (
  id bigserial PRIMARY KEY,
  subject text NOT NULL,
  body text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX request_subject ON apolo.request (subject);
CREATE TABLE apolo.schema_version (version text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());
INSERT INTO apolo.schema_version (version) VALUES ('8.6.0');
INSERT INTO apolo.request (subject, body)
SELECT 'Seeded ticket ' || n, repeat('A seeded ticket of the lab. ', 10) FROM generate_series(1, :tickets) AS n;
RESET ROLE;
ANALYZE;
