// What of a lab's node makes up its state, as lines `KEY<TAB>VALUE` of one shell program: whatever an upgrade or a rollback
// could have changed. Left out is what changes by itself (logs) and what is Baton's own (its state, its backups).

const nodeUnits =
  'elasticsearch ft-analytics-server ft-main-server nginx file-sync ha-address postgresql postgresql@15-main ha';

/** Where the application keeps what it writes all the time. */
const isLog = `-path '*/logs' -o -path '*/logs/*'`;

/** Prints every file below some folders: kind, mode, owner, size, time and sum. Folders’ times are left out where `dated` is not set. */
const treeFunction = `
tree() {
  dated=$1; shift
  for top in "$@"; do
    [ -e "$top" ] || continue
    if [ "$dated" = dated ]; then folder='mode=%m owner=%U:%G mtime=%T@'; else folder='mode=%m owner=%U:%G'; fi
    find "$top" \\( ${isLog} \\) -prune -o -type f -printf 'file %p\\tmode=%m owner=%U:%G size=%s mtime=%T@ links=%n\\n' \\
      -o -type d -printf "folder %p\\t$folder\\n" -o -printf 'other %p\\t%y owner=%U:%G -> %l\\n'
    find "$top" \\( ${isLog} \\) -prune -o -type f -print0 | xargs -0 -r sha256sum | sed -E 's/^([^ ]+)  (.*)$/sum \\2\\t\\1/'
  done
}`;

const filesOfNode = `
# Its test file comes and goes there, which leaves the folder itself with another time.
tree undated /opt/flotomate/main-server/filedb
# A folder in which something was masked or renamed for a while has another time as well.
tree undated /usr/share/elasticsearch /opt/HA /etc/haproxy /etc/lsyncd /etc/systemd /etc/postgresql /usr/lib/systemd/system
tree dated /opt/flotomate/analytics-server /opt/flotomate/main-server/bin /opt/flotomate/main-server/conf /opt/flotomate/main-server/lib /opt/HA/conf /etc/nginx
find /opt/flotomate /opt/flotomate/main-server -maxdepth 1 ! -path '*/logs' -printf 'entry %p\\t%y mode=%m owner=%U:%G\\n'
find /opt/flotomate/main-server -maxdepth 1 -type f -printf 'file %p\\tmode=%m owner=%U:%G size=%s mtime=%T@\\n'
find /opt/flotomate/main-server -maxdepth 1 -type f -exec sha256sum {} + | sed -E 's/^([^ ]+)  (.*)$/sum \\2\\t\\1/'
for folder in /tmp /var/tmp /opt /run/systemd/system /var/lib/postgresql /var/lib/postgresql/15; do
  ls -A "$folder" 2>/dev/null | grep -Ev '^(systemd-private-|baton)' | sed "s|.*|entry $folder/&\\tthere|"
done
findmnt -rno TARGET,FSTYPE,OPTIONS | grep -E '^/(opt|var|etc|usr)' | sed -E 's/^([^ ]+) (.*)$/mount \\1\\t\\2/'`;

const unitsOfNode = `
for unit in ${nodeUnits}; do
  systemctl show "$unit" -p LoadState -p ActiveState -p UnitFileState -p FragmentPath -p DropInPaths -p NeedDaemonReload |
    sed "s/^\\([A-Za-z]*\\)=\\(.*\\)/unit $unit \\1\\t\\2/"
done
systemctl list-unit-files --no-legend --no-pager --type=service,timer,socket |
  awk '$1 !~ /^(baton|systemd-)/ && $2 != "transient" { print "enablement " $1 "\\t" $2 }'
systemctl list-units --failed --no-legend --no-pager --plain | awk '$1 !~ /^baton/ { print "failed " $1 "\\tfailed" }'
pgrep -af 'pg_restore|pg_dump|initdb|[r]sync -aHAX|backups/baton|MotadataServiceOps' | grep -v pgrep | sed -E 's/^[0-9]+ (.*)$/process \\1\\truns/'
ip -o -4 address show dev host0 | awk '{ print "address " $4 "\\tthere" }'`;

/** Of a database node; the same on a primary and on its standby. */
const databaseOfNode = `
cd /
q() { runuser -u postgres -- psql -XtAq -F "$(printf '\\t')" -d "$1" -f - ; }
q postgres <<'SQL'
SELECT 'database ' || datname, concat_ws(' ', pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype, datlocprovider, datistemplate, datallowconn, datconnlimit, datacl, spcname) FROM pg_database d JOIN pg_tablespace t ON t.oid = dattablespace;
SELECT 'setting of ' || coalesce(datname, '*') || ' ' || coalesce(rolname, '*'), setconfig FROM pg_db_role_setting s LEFT JOIN pg_database d ON d.oid = setdatabase LEFT JOIN pg_roles r ON r.oid = setrole;
SELECT 'setting ' || name, setting FROM pg_settings WHERE source NOT IN ('default', 'client', 'session', 'override');
SELECT 'recovery', pg_is_in_recovery();
SELECT 'timeline', timeline_id FROM pg_control_checkpoint();
SELECT 'system', system_identifier FROM pg_control_system();
SELECT 'checksums', data_page_checksum_version FROM pg_control_init();
SELECT 'slot ' || slot_name, concat_ws(' ', slot_type, active, wal_status) FROM pg_replication_slots;
SELECT 'standby ' || application_name, concat_ws(' ', state, sync_state) FROM pg_stat_replication;
SELECT 'receiver', concat_ws(' ', status, slot_name, received_tli) FROM pg_stat_wal_receiver;
SQL
runuser -u postgres -- pg_dumpall --globals-only | grep -Ev '^(--|$|.(un)?restrict )' | sed 's/$/\\tthere/; s/^/global /'
q flotoitsmdb <<'SQL'
SELECT 'extension ' || extname, extversion FROM pg_extension;
SELECT 'sequence ' || schemaname || '.' || sequencename, last_value FROM pg_sequences;
SELECT format('SELECT %L, count(*) || '' rows '' || md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '''')) FROM %I.%I AS t', 'table ' || schemaname || '.' || tablename, schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') \\gexec
SQL
printf 'schema\\t%s\\n' "$(runuser -u postgres -- pg_dump --schema-only flotoitsmdb | grep -Ev '^.(un)?restrict ' | sha256sum)"
ls -A /var/lib/postgresql/15/main | sed 's/.*/data folder &\\tthere/'
# A folder of a database that there is no database of.
for oid in $(ls /var/lib/postgresql/15/main/base | grep -E '^[0-9]+$'); do
  [ "$(echo "SELECT count(*) FROM pg_database WHERE oid = $oid" | q postgres)" = 1 ] || printf 'orphan %s\\tthere\\n' "$oid"
done`;

const observer = `for file in /opt/HA/state/*; do [ -f "$file" ] && printf 'observer %s\\t%s\\n' "$file" "$(cat "$file")"; done`;

/** The program that prints the picture of a node. */
export const pictureProgram = (node: string): string =>
  [treeFunction, filesOfNode, unitsOfNode, node === 'n3' ? observer : databaseOfNode, 'true'].join('\n');
