# shellcheck shell=bash
# What the lab starts: detached from the shell that started it, in a control group of its own, and known by its identity.

# Identity of a process: its id, its start in clock ticks, and the boot; an id alone may have been given to another.
process_identity() {
  local stat fields
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  read -ra fields <<<"${stat##*) }"
  [[ ${fields[0]} != Z ]] || return 1
  echo "$1 ${fields[19]} $(</proc/sys/kernel/random/boot_id)"
}

record_process() { process_identity "$2" >"$1"; }

# Prints the id of the process recorded in a file, if it is still that process.
recorded_process() {
  local recorded
  recorded=$(cat "$1" 2>/dev/null) || return 1
  [[ -n $recorded && $(process_identity "${recorded%% *}") == "$recorded" ]] || return 1
  echo "${recorded%% *}"
}

process_is_gone() { ! recorded_process "$1"; }

# The control groups of a node or of the coordinator, one in each hierarchy that this machine has.
control_groups() {
  local root
  for root in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
    if [[ -w $root/cgroup.procs ]]; then echo "$root/baton-$LAB-$1"; fi
  done
}

# start_detached NAME PIDFILE LOG COMMAND… : starts it in the control groups of NAME and records its identity.
start_detached() {
  local name=$1 pidfile=$2 log=$3 groups
  shift 3
  mapfile -t groups < <(control_groups "$name")
  mkdir -p "${groups[@]}"
  rm -f "$pidfile"
  # shellcheck disable=SC2016 # expanded by the inner shell
  setsid bash -euc '
    source "$1"
    record_process "$2.new" $$
    for group in $3; do echo $$ >"$group/cgroup.procs"; done
    mv "$2.new" "$2"
    shift 3
    exec "$@"
  ' _ "$LAB_PARTS/processes.sh" "$pidfile" "${groups[*]}" "$@" </dev/null >>"$log" 2>&1 8>&- 9>&- &
  wait_until 5 "$name started; see $log" test -s "$pidfile"
}

# Ends everything that NAME started, whether or not its first process still lives.
end_control_groups() {
  local group
  for group in $(control_groups "$1"); do
    wait_until 20 "everything in $group has ended" control_group_is_ended "$group" || die "$1 can't be ended"
  done
}

# Kills what is in a control group and removes the group; fails while something is still ending.
control_group_is_ended() {
  local pids
  [[ -d $1 ]] || return 0
  mapfile -t pids < <(find "$1" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -u)
  if ((${#pids[@]} > 0)); then
    kill -KILL "${pids[@]}" 2>/dev/null || true
    return 1
  fi
  find "$1" -depth -type d -exec rmdir {} + 2>/dev/null
}
