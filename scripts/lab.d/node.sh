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

node_mount() {
  local dir image
  dir=$(node_dir "$1")
  mkdir -p "$dir"/{upper,work,root}
  mountpoint -q "$dir/root" && return
  image=$(sed -n 1p "$STATE/image")
  # Folders of the image can be renamed, as on any machine: a database's is.
  mount -t overlay "baton-$LAB-$1" -o redirect_dir=on \
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
  sed -i "s|^n1,n2,n3[^ ]*|n1,n2,n3,$prefix.11,$prefix.12,$prefix.13|" "$root/etc/ssh/ssh_known_hosts"
}

# Starts a node that is off. Its control group is its own, since two machines in one would take each other's services for theirs.
node_start() {
  local dir
  dir=$(node_dir "$1")
  network_up
  node_mount "$1"
  rm -f "$dir/console.log"
  start_detached "$1" "$dir/nspawn.pid" "$dir/console.log" env SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 \
    systemd-nspawn --quiet --keep-unit --register=no --settings=no --boot --directory="$dir/root" \
    --machine="$LAB-$1" --hostname="$1" --network-bridge="$BRIDGE" --capability=CAP_NET_ADMIN \
    --resolv-conf=off --timezone=off --link-journal=no
}

# Ends a node at once, as a power cut does.
node_kill() {
  end_control_groups "$1"
  wait_until 10 "$1's network is gone" network_remove_port "$1" || die "$1's network can't be removed"
  rm -f "$(node_dir "$1")/nspawn.pid"
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
