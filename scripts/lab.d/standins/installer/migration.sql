-- STAND-IN migration: may run again and again.
BEGIN;
SET ROLE serviceops;
ALTER TABLE apolo.request ADD COLUMN IF NOT EXISTS priority text NOT NULL DEFAULT 'medium';
INSERT INTO apolo.schema_version (version) VALUES (:'version') ON CONFLICT DO NOTHING;
COMMIT;
