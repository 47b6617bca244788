// What stands for PostgreSQL and systemd where scripts about servers are tried on files alone.

/**
 * A node of files: /etc and /var/lib of its servers are ROOT/MAJOR/NAME, a control file holds `state checkpoint`, a server
 * whose folder has `running` runs. What would start, make or upgrade a server says so and does as much to the files.
 */
export const nodeOfFiles = `
as_database() { "$@"; }
systemctl() { :; }
sync() { :; }
chown() { :; }
places_of() { data=$root/$1/$2 conf=$data unit=postgresql@$1-$2 log=$data/log; }
list_servers() { (cd "$root" && for at in [0-9]*/*/PG_VERSION; do [[ ! -e $at ]] || { at=\${at%/PG_VERSION}; echo "\${at/\\// }"; }; done); }
is_running() { [[ -e $data/running ]]; }
running_port() { cat "$data/port"; }
setting_of() { if [[ -e $data/port ]]; then cat "$data/port"; else echo "\${2:-}"; fi; }
set_port() { echo "$1" >"$data/port"; }
boot_of() { cat "$data/boot" 2>/dev/null || true; }
set_boot() { echo "$1" >"$data/boot"; }
control() {
  local state checkpoint
  [[ -e $data/global/pg_control ]] || return 0
  IFS='|' read -r state checkpoint <"$data/global/pg_control"
  case $1 in *state) echo "$state" ;; *location) echo "$checkpoint" ;; *) echo 1 ;; esac
}
start_server() { echo "START $major"; [[ -z \${fails:-} ]] || fail 1 broken; touch "$data/running"; echo "in production|9" >"$data/global/pg_control"; }
stop_server() { [[ ! -e $data/running ]] || { echo "STOP $major"; rm "$data/running"; echo "shut down|9" >"$data/global/pg_control"; }; }
start_privately() { echo "RECOVER $major"; }
stop_privately() { echo "shut down|8" >"$data/global/pg_control"; }
answers() { :; }
create_server() { mkdir -p "$data/global"; echo "$major" >"$data/PG_VERSION"; echo 5433 >"$data/port"; }
carry_configuration() { :; }
run_upgrade() { echo "UPGRADE $*"; [[ -z \${fails:-} ]] || return 1; echo 'shut down|5' >"$data/global/pg_control"; case "$*" in *--link*) mv "$from_data/global/pg_control" "$from_data/global/pg_control.old" ;; esac; }
learn_template() { :; }
read_control() { :; }
stat() { if [[ $* == *"%a * %S"* ]]; then echo "\${free:-99999999999}"; else command stat "$@"; fi; }
sql() { echo f; }
`;
