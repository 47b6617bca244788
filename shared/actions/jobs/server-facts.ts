// What a server must have in common before and after an upgrade, as lines `fact<TAB>value` that are printed by SQL and shell
// on the node. A value that begins with # is a digest, of which nobody needs to see more than that it differs; one that
// begins with ~ may differ. recordServer keeps the lines, compareServer asks again and compares.
import type { ActionOf } from '../action.ts';
import type { NodeProfile } from '../command.ts';
import { shellQuote } from '../shell-quote.ts';
import { quoteIdentifier } from '../sql.ts';
import { jobExits } from './job.ts';
import { serverScript } from './making-server.ts';
import type { Script } from './script.ts';
import { unfencedSuffix } from './server-configuration.ts';
import { serverState } from './server-places.ts';

export const recordFolder = (profile: NodeProfile, record: string): string =>
  `${serverState(profile)}/records/${record}`;

const digest = (sql: string): string => `'#' || encode(sha256(convert_to(${sql}, 'UTF8')), 'hex')`;

/** Rights without MAINTAIN, which PostgreSQL 17 added to what owners have. */
const rights = (acl: string): string =>
  `(SELECT string_agg(format('%s:%s:%s', grantee, privilege_type, is_grantable), ',' ORDER BY grantee::text, privilege_type, is_grantable)
    FROM (SELECT CASE a.grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(a.grantee) END AS grantee, privilege_type, is_grantable
      FROM aclexplode(${acl}) a WHERE privilege_type <> 'MAINTAIN') one)`;

/** Of settings these belong to the place, or to the node's part in replication. */
const ownSettings =
  "'port', 'data_directory', 'hba_file', 'ident_file', 'external_pid_file', 'cluster_name', 'primary_conninfo', 'primary_slot_name', 'stats_temp_directory'";

/** Of the server as a whole. */
const serverSql = [
  "SELECT 'server checksums', current_setting('data_checksums')",
  "SELECT 'server WAL segment size', current_setting('wal_segment_size')",
  "SELECT 'server block size', current_setting('block_size')",
  `SELECT 'role ' || rolname, format('superuser %s, inherit %s, createrole %s, createdb %s, login %s, replication %s, bypassrls %s, limit %s, until %s',
    rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolconnlimit, coalesce(rolvaliduntil::text, '-'))
    FROM pg_authid WHERE rolname !~ '^pg_'`,
  `SELECT 'password of role ' || rolname, ${digest('rolpassword')} FROM pg_authid WHERE rolpassword IS NOT NULL`,
  `SELECT format('role %s in role %s', pg_get_userbyid(member), pg_get_userbyid(roleid)), format('with admin option %s', bool_or(admin_option))
    FROM pg_auth_members WHERE pg_get_userbyid(member) !~ '^pg_' GROUP BY member, roleid`,
  `SELECT format('settings of role %s in database %s', coalesce(nullif(setrole, 0)::regrole::text, '(all)'), coalesce((SELECT datname FROM pg_database d WHERE d.oid = setdatabase), '(all)')),
    (SELECT string_agg(s, ', ' ORDER BY s) FROM unnest(setconfig) s) FROM pg_db_role_setting`,
  `SELECT 'tablespace ' || spcname, format('owner %s, rights %s, options %s', pg_get_userbyid(spcowner), ${rights('spcacl')}, spcoptions)
    FROM pg_tablespace WHERE spcname !~ '^pg_'`,
  `SELECT 'database ' || datname, format('owner %s, encoding %s, collate %s, ctype %s, provider %s, locale %s, limit %s, connections %s, template %s, tablespace %s, rights %s, comment %s',
    pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype, coalesce(j->>'datlocprovider', 'c'), coalesce(j->>'daticulocale', j->>'datlocale', '-'),
    datconnlimit, datallowconn, datistemplate, (SELECT spcname FROM pg_tablespace t WHERE t.oid = dattablespace), coalesce(${rights('datacl')}, '-'), coalesce(shobj_description(d.oid, 'pg_database'), '-'))
    FROM pg_database d, to_jsonb(d) j WHERE datname !~ '^template' AND datname !~ '^baton-'`,
  `SELECT DISTINCT ON (lower(name)) 'setting ' || lower(name), CASE WHEN name ~ 'pass|conninfo|command' THEN ${digest('setting')}
    ELSE replace(replace(setting, current_setting('data_directory'), '{data}'), regexp_replace(current_setting('config_file'), '/[^/]*$', ''), '{conf}') END
    FROM pg_file_settings WHERE lower(name) NOT IN (${ownSettings}) ORDER BY lower(name), seqno DESC`,
];

const isOwn = "nspname !~ '^pg_(toast|temp)' AND nspname NOT IN ('pg_catalog', 'information_schema')";

/** Of each database: what is in it, without what majors print differently. `{db}` is its name. */
const databaseSql = [
  `SELECT format('extension %s in %s', extname, '{db}'), format('version %s, schema %s', extversion, extnamespace::regnamespace) FROM pg_extension`,
  `SELECT format('schema %s in %s', nspname, '{db}'), format('owner %s, rights %s', pg_get_userbyid(nspowner), coalesce(${rights('nspacl')}, '-')) FROM pg_namespace WHERE ${isOwn}`,
  `SELECT format('%s of schema %s in %s', kind, nspname, '{db}'), format('%s, digest %s', count(*), md5(string_agg(it, chr(10) ORDER BY it COLLATE "C")))
    FROM (
      SELECT nspname, CASE WHEN relkind IN ('i', 'I') THEN 'indexes' WHEN relkind = 'S' THEN 'sequences' WHEN relkind IN ('v', 'm') THEN 'views' ELSE 'tables' END AS kind,
        concat_ws(' ', relname, relkind, relpersistence, pg_get_userbyid(relowner), reloptions::text, ${rights('relacl')},
          (SELECT string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull, ${rights('attacl')}), ',' ORDER BY attnum)
            FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped)) AS it
        FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'i', 'I', 'f') AND ${isOwn}
      UNION ALL
      SELECT nspname, 'functions', concat_ws(' ', proname, pg_get_function_identity_arguments(p.oid), md5(prosrc), pg_get_userbyid(proowner), prosecdef, ${rights('proacl')})
        FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE ${isOwn}
      UNION ALL
      SELECT nspname, 'constraints', concat_ws(' ', conname, contype, convalidated, conrelid::regclass)
        FROM pg_constraint k JOIN pg_namespace n ON n.oid = connamespace WHERE contype <> 'n' AND ${isOwn}
      UNION ALL
      SELECT nspname, 'triggers', concat_ws(' ', tgname, tgenabled, tgrelid::regclass)
        FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid JOIN pg_namespace n ON n.oid = relnamespace WHERE NOT tgisinternal AND ${isOwn}
      UNION ALL
      SELECT nspname, 'extended statistics', concat_ws(' ', stxname, stxrelid::regclass, stxkind::text, stxkeys::text)
        FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = stxnamespace WHERE ${isOwn}
    ) them GROUP BY kind, nspname`,
  `SELECT 'tables without statistics in {db}', '~' || count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'm') AND ${isOwn} AND pg_relation_size(c.oid) > 0 AND NOT EXISTS (SELECT FROM pg_statistic WHERE starelid = c.oid)`,
];

/** What changes as soon as anybody writes. */
const sequencesSql = `SELECT format('sequence %s.%s of {db}', schemaname, sequencename), format('%s by %s', coalesce(last_value::text, '-'), increment_by) FROM pg_sequences`;
const tableSql = `SELECT 'rows of {table}', count(*)::text FROM {identifier}
  UNION ALL SELECT 'content of {table}', '#' || coalesce(sum(('x' || substr(md5(t::text), 1, 16))::bit(64)::bigint::numeric), 0) FROM {identifier} t`;

const oneLine = (sql: string): string => sql.replaceAll(/\s*\n\s*/g, ' ');
/** Each fact one line, whatever is in names and values. */
const asLines = (sqls: readonly string[]): string =>
  sqls
    .map((sql) =>
      oneLine(
        `SELECT translate(fact, E'\\t\\n\\r', '   ') || E'\\t' || translate(coalesce(value, ''), E'\\t\\n\\r', '   ') FROM (${sql}) facts (fact, value) ORDER BY 1`,
      ),
    )
    .join('; ');

/** So that every version prints the same values in the same way, and a query of the site's own writes nothing. */
const printing =
  '-c statement_timeout=0 -c lock_timeout=0 -c default_transaction_read_only=on -c datestyle=ISO -c intervalstyle=postgres -c timezone=UTC -c extra_float_digits=1 -c bytea_output=hex';

/** `facts FOLDER CONTENT`: of the server in service, about what the folder’s files database, parity and queries name. */
const factFunctions = (profile: NodeProfile): string[] => [
  `ask() { as_database env PGOPTIONS=${shellQuote(printing)} ${shellQuote(profile.psql)} -X -q -A -t -w -v ON_ERROR_STOP=1 "\${server[@]}" -d "$1" "\${@:2}"; }`,
  `named() { local sql=$1 name=\${2//\\'/\\'\\'}; printf '%s' "\${sql//\\{db\\}/$name}"; }`,
  `file_lines() { as_database sed -E 's/#.*//; s/[[:space:]]+/ /g; s/^ | $//g' "$1" | grep -v '^$' | awk -v what="$2" '{ print what " " NR "\\t" $0 }' || true; }`,
  `hidden() { while IFS=$'\\t' read -r fact value; do if [[ $value =~ passw|secret|token ]]; then value="#$(sha256sum <<<"$value" | cut -d ' ' -f 1)"; fi; printf '%s\\t%s\\n' "$fact" "$value"; done; }`,
  'facts() {',
  '  local hba ident name table file answer',
  `  ask postgres -c ${shellQuote(asLines(serverSql))} | hidden`,
  '  hba=$(ask postgres -c "SHOW hba_file")',
  '  ident=$(ask postgres -c "SHOW ident_file")',
  `  [[ ! -e $hba${unfencedSuffix} ]] || hba=$hba${unfencedSuffix}`,
  '  file_lines "$hba" "pg_hba rule" | hidden',
  '  file_lines "$ident" "pg_ident rule"',
  `  ask postgres -c "SELECT datname FROM pg_database WHERE datallowconn AND datname !~ '^baton-' ORDER BY 1" | while IFS= read -r name; do`,
  `    ask "$name" -c "$(named ${shellQuote(asLines(databaseSql))} "$name")" </dev/null`,
  '  done',
  '  [[ $2 == 1 ]] || return 0',
  '  name=$(cat "$1/database")',
  `  ask "$name" -c "$(named ${shellQuote(asLines([sequencesSql]))} "$name")"`,
  '  for file in "$1"/parity-*.sql; do [[ ! -f $file ]] || ask "$name" -f - <"$file"; done',
  '  while IFS= read -r file; do',
  `    file=${shellQuote(profile.queriesDirectory)}/$file.sql`,
  `    [[ -n $(find "$file" ${shellQuote(profile.queriesDirectory)} -maxdepth 0 -user root ! -perm /022 2>/dev/null | sed -n 2p) ]] || fail ${jobExits.notInState} "$file must be there, belong to root with its folder and be writable by nobody else"`,
  '    # By itself: within the words of printf nobody would hear that the query fails.',
  `    answer=$(ask "$name" -f - <"$file" | sha256sum | cut -d ' ' -f 1)`,
  `    printf 'answer of %s\\t#%s\\n' "$(basename "$file" .sql)" "$answer"`,
  '  done <"$1/queries"',
  '}',
];

export function recordServerScript(action: ActionOf<'recordServer'>, profile: NodeProfile): Script {
  const parity = action.parity.map((table) =>
    asLines([tableSql.replaceAll('{table}', table).replaceAll('{identifier}', quoteIdentifier(table))]),
  );
  const write = (values: readonly string[], file: string): string =>
    values.length === 0 ? `: >"${file}"` : `printf '%s\\n' ${values.map(shellQuote).join(' ')} >"${file}"`;
  return {
    isGentle: false,
    lines: [
      ...serverScript(profile),
      ...factFunctions(profile),
      `record=${shellQuote(recordFolder(profile, action.record))}`,
      'install -d -m 0700 "$(dirname "$record")"',
      'rm -rf -- "$record.partial"',
      'mkdir -m 0700 "$record.partial"',
      write([action.database], '$record.partial/database'),
      write(action.queries, '$record.partial/queries'),
      ...parity.map((sql, index) => write([sql], `$record.partial/parity-${String(index).padStart(2, '0')}.sql`)),
      'echo "writing down what must be carried over"',
      'facts "$record.partial" 1 >"$record.partial/facts"',
      'sync "$record.partial"/*',
      'rm -rf -- "$record"',
      'mv -T "$record.partial" "$record"',
      'sync "$record" "$(dirname "$record")"',
      '# Those of runs that are long over.',
      `find "$(dirname "$record")" -mindepth 1 -maxdepth 1 -mtime +90 -exec rm -rf -- {} +`,
    ],
  };
}

/** The facts of now on standard output, and which settings the server knows. */
export function compareServerScript(action: ActionOf<'compareServer'>, profile: NodeProfile): string {
  const folder = recordFolder(profile, action.record);
  const known = `SELECT 'known settings' || E'\\t' || string_agg(name, ' ') FROM pg_settings`;
  return [
    ...serverScript(profile),
    ...factFunctions(profile),
    `record=${shellQuote(folder)}`,
    `[[ -f $record/facts ]] || fail ${jobExits.missing} "this node has no record ${action.record} of what its server was"`,
    `[[ $(cat "$record/database") == ${shellQuote(action.database)} ]] || fail ${jobExits.notInState} "the record ${action.record} is of $(cat "$record/database")"`,
    `facts "$record" ${action.withoutContent === true ? 0 : 1}`,
    `ask postgres -c ${shellQuote(known)}`,
    '',
  ].join('\n');
}
