# shellcheck shell=bash
# One node: its file system (an overlay on the image), its life as a systemd-nspawn machine, and the way in.

NODE_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

node_dir() { echo "$STATE/nodes/$1"; }

node_is_on() { recorded_process "$(node_dir "$1")/nspawn.pid" >/dev/null; }

# The node's init as this machine sees it.
node_init() {
  local nspawn children
  nspawn=$(recorded_process "$(node_dir "$1")/nspawn.pid") || return 1
  children=$(cat "/proc/$nspawn/task/$nspawn/children" 2>/dev/null) || return 1
  [[ -n $children ]] && echo "${children%% *}"
}

node_cgroups() {
  local root
  for root in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
    if [[ -w $root/cgroup.procs ]]; then echo "$root/baton-$LAB-$1"; fi
  done
}

node_mount() {
  local dir image
  dir=$(node_dir "$1")
  mkdir -p "$dir"/{upper,work,root}
  mountpoint -q "$dir/root" && return
  image=$(sed -n 1p "$STATE/image")
  mount -t overlay "baton-$LAB-$1" \
    -o "lowerdir=$image/$1:$image/common:$(sed -n 2p "$STATE/image"),upperdir=$dir/upper,workdir=$dir/work" "$dir/root"
}

node_unmount() {
  local root
  root=$(node_dir "$1")/root
  if mountpoint -q "$root"; then umount "$root"; fi
}

# Writes what makes a node of the image a node of this lab.
node_configure() {
  local root prefix
  root=$(node_dir "$1")/root
  prefix=$(subnet)
  echo "$1" >"$root/etc/hostname"
  printf '%s-%s' "$LAB" "$1" | md5sum | cut -c1-32 >"$root/etc/machine-id"
  cat >"$root/etc/hosts" <<HOSTS
127.0.0.1 localhost
$prefix.1 lab-host
$prefix.10 portal
$prefix.11 n1
$prefix.12 n2
$prefix.13 n3
HOSTS
  cat >"$root/etc/systemd/network/10-host0.network" <<NETWORK
[Match]
Name=host0
[Network]
Address=$(node_address "$1")/24
LinkLocalAddressing=no
IPv6AcceptRA=no
NETWORK
  sed -i "s|^FLOATING_ADDRESS=.*|FLOATING_ADDRESS=$prefix.10|" "$root/opt/HA/conf/ha.conf"
}

# Starts a node that is off. It goes on without the shell that started it.
node_start() {
  local dir cgroup cgroups
  dir=$(node_dir "$1")
  network_up
  node_mount "$1"
  mapfile -t cgroups < <(node_cgroups "$1")
  for cgroup in "${cgroups[@]}"; do mkdir -p "$cgroup"; done
  rm -f "$dir/nspawn.pid"
  # A control group of its own, since two machines in one would take each other's services for theirs.
  # shellcheck disable=SC2016 # expanded by the inner shell
  SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 setsid bash -euc '
    parts=$1 dir=$2 node=$3 lab=$4 bridge=$5
    shift 5
    for cgroup in "$@"; do echo $$ >"$cgroup/cgroup.procs"; done
    LAB_PARTS=$parts BATON_LAB=$lab
    source "$parts/common.sh"
    record_process "$dir/nspawn.pid" $$
    exec systemd-nspawn --quiet --keep-unit --register=no --settings=no --boot --directory="$dir/root" \
      --machine="$lab-$node" --hostname="$node" --network-bridge="$bridge" --capability=CAP_NET_ADMIN \
      --resolv-conf=off --timezone=off --link-journal=no
  ' _ "$LAB_PARTS" "$dir" "$1" "$LAB" "$BRIDGE" "${cgroups[@]}" </dev/null >"$dir/console.log" 2>&1 8>&- 9>&- &
  wait_until 5 "$1 started; see $dir/console.log" test -s "$dir/nspawn.pid"
}

# Ends a node at once, as a power cut does: everything in its control group, whether or not systemd-nspawn still lives.
node_kill() {
  local cgroup
  for cgroup in $(node_cgroups "$1"); do
    wait_until 20 "everything in $cgroup has ended" node_end_cgroup "$cgroup" || die "$1 can't be ended"
  done
  wait_until 10 "$1's network is gone" network_port_is_gone "$1" || die "$1's network can't be removed"
  rm -f "$(node_dir "$1")/nspawn.pid"
}

# Kills what is in a control group of this lab, and removes the group; fails while something is still ending.
node_end_cgroup() {
  local pids
  [[ -d $1 ]] || return 0
  mapfile -t pids < <(find "$1" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -u)
  if ((${#pids[@]} > 0)); then
    kill -KILL "${pids[@]}" 2>/dev/null || true
    return 1
  fi
  find "$1" -depth -type d -exec rmdir {} + 2>/dev/null
}

one_node_command() {
  local act=$1
  shift
  require_root
  require_lab
  require_node "${1:-}"
  lock_lab
  "$act" "$1"
}

node_power_off() {
  if ! node_is_on "$1"; then
    say "$1 is off already"
    return
  fi
  node_kill "$1"
  say "$1 is off"
}

node_power_on() {
  if node_is_on "$1"; then
    say "$1 is on already"
    return
  fi
  node_kill "$1"
  node_start "$1"
  wait_until 60 "$1 has booted" node_has_booted "$1" || die "$1 didn't boot; see $(node_dir "$1")/console.log"
  say "$1 is on"
}

node_has_booted() {
  local state
  state=$(node_run "$1" systemctl is-system-running 2>/dev/null) || true
  [[ $state == running || $state == degraded ]]
}

# Runs a command inside a node as root.
node_run() {
  local init
  init=$(node_init "$1") || return 125
  shift
  nsenter -t "$init" -a env -i "PATH=$NODE_PATH" HOME=/root USER=root LOGNAME=root LANG=C.UTF-8 "TERM=${TERM:-dumb}" "$@"
}

node_exec() {
  local node=${1:-}
  require_root
  require_lab
  require_node "$node"
  shift
  [[ ${1:-} == -- ]] || usage_error "usage: scripts/lab exec NODE -- CMD…"
  shift
  (($# > 0)) || usage_error "usage: scripts/lab exec NODE -- CMD…"
  node_init "$node" >/dev/null || { say "$node is off"; exit 125; }
  node_run "$node" "$@"
}
