// The SQL that tells who may connect to a server: one statement, one JSON document. What could be a secret stays out of it.

/** The rules as pg_hba.conf has them now; options may hold passwords of other servers and are left out. */
export const accessSql = `SELECT json_build_object(
  'rules', (SELECT coalesce(json_agg(json_build_object(
      'line', line_number,
      'type', coalesce(type, ''),
      'databases', coalesce(database, '{}'),
      'users', coalesce(user_name, '{}'),
      'address', coalesce(address, ''),
      'netmask', coalesce(netmask, ''),
      'method', coalesce(auth_method, ''),
      'error', coalesce(error, '')) ORDER BY line_number), '[]'::json)
    FROM pg_hba_file_rules),
  'roles', (SELECT coalesce(json_agg(json_build_object(
      'name', rolname, 'superuser', rolsuper, 'canLogin', rolcanlogin, 'replication', rolreplication,
      'password', CASE WHEN rolpassword IS NULL THEN 'none' WHEN rolpassword LIKE 'md5%' THEN 'md5' ELSE 'scram' END) ORDER BY rolname), '[]'::json)
    FROM pg_authid WHERE rolname NOT LIKE 'pg\\_%'),
  'listenAddresses', current_setting('listen_addresses'),
  'ssl', current_setting('ssl')::bool,
  'passwordEncryption', current_setting('password_encryption'),
  'publicCreates', coalesce((SELECT has_schema_privilege('public', oid, 'CREATE') FROM pg_namespace WHERE nspname = 'public'), false));`;
