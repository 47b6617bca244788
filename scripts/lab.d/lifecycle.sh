# shellcheck shell=bash
# The lab as a whole: up, down, status, reset.

lab_up() {
  local flavor=classic laid=no started=$SECONDS
  while (($# > 0)); do
    case $1 in
      --flavor) flavor=${2:-}; shift 2 || usage_error "--flavor needs a name" ;;
      --flavor=*) flavor=${1#*=}; shift ;;
      *) usage_error "up doesn't know '$1'" ;;
    esac
  done
  [[ $flavor != patroni ]] || usage_error "the flavor patroni comes with a later version; this one has classic"
  [[ $flavor == classic ]] || usage_error "unknown flavor '$flavor'; this version has classic"
  require_root
  "$PROJECT/scripts/install-packages"
  lock_lab
  network_allocate
  image_ensure
  lab_adopt_image
  if lab_is_laid; then laid=yes; fi
  lab_start_nodes
  if [[ $laid == yes ]]; then lab_say_whether_healthy; else lab_wait_until_healthy; fi
  say "up, $((SECONDS - started)) s; portal http://$(subnet).10/, nodes $(subnet).11 to .13"
}

# Nodes that were made of another recipe are laid anew.
lab_adopt_image() {
  local node
  if [[ -f $STATE/image ]] && ! cmp -s "$STATE/image" "$STATE/image.wanted"; then
    say "the image has changed: laying the nodes anew"
    for node in "${NODES[@]}"; do lab_wipe_node "$node"; done
  fi
  cp "$STATE/image.wanted" "$STATE/image"
}

# Whether all nodes have been started before; false for new ones and those that are laid anew.
lab_is_laid() {
  local node
  for node in "${NODES[@]}"; do [[ -e $(node_dir "$node")/laid ]] || return 1; done
}

lab_start_nodes() {
  local node
  network_up
  for node in "${NODES[@]}"; do
    node_is_on "$node" && continue
    node_kill "$node"
    node_mount "$node"
    if [[ ! -e $(node_dir "$node")/laid ]]; then
      node_configure "$node"
      touch "$(node_dir "$node")/laid"
    fi
    node_start "$node"
  done
}

lab_wait_until_booted() {
  local node
  for node in "${NODES[@]}"; do
    wait_until 60 "$node has booted" node_has_booted "$node" || die "$node didn't boot; see $(node_dir "$node")/console.log"
  done
}

lab_wait_until_healthy() {
  say "waiting until the nodes have booted and the cluster is healthy"
  lab_wait_until_booted
  wait_until 60 "the cluster is healthy" lab_is_healthy || { lab_is_healthy || die "the cluster isn't healthy"; }
}

# A lab that was there before may be in the middle of something: that is told, not mended.
lab_say_whether_healthy() {
  lab_wait_until_booted
  wait_until 15 "the cluster is healthy" lab_is_healthy || lab_is_healthy || say "scripts/lab reset lays the nodes anew"
}

# As before an upgrade: n1 serves, n2 follows, the observer watches.
lab_is_healthy() {
  local portal
  portal=http://$(subnet).10/
  curl -sf -m 2 -o /dev/null "$portal" || { say "the portal at $portal doesn't answer"; return 1; }
  [[ $(node_run n1 runuser -u postgres -- psql -XtAc "SELECT state FROM pg_stat_replication WHERE application_name = 'n2'") == streaming ]] ||
    { say "n1's database doesn't stream to n2"; return 1; }
  node_run n1 systemctl is-active --quiet elasticsearch ft-analytics-server ft-main-server nginx file-sync ||
    { say "a service isn't active on n1"; return 1; }
  node_run n3 systemctl is-active --quiet ha || { say "the observer isn't active"; return 1; }
  node_run n3 sh -c 'tail -qn1 /opt/HA/logs/ha_*.log | tail -n1 | grep -q "master=UP standby=UP"' ||
    { say "the observer doesn't see master and standby up"; return 1; }
}

# Nodes as the image has them; what belongs to Baton's agent stays. A name that starts with `baton` says that it does.
lab_wipe_node() {
  local dir
  dir=$(node_dir "$1")
  node_kill "$1"
  node_unmount "$1"
  rm -rf "$dir/work" "$dir/laid"
  # Database servers go as a whole, also where Baton has left a mark in one.
  rm -rf "$dir/upper/var/lib/postgresql" "$dir/upper/etc/postgresql"
  # What isn't empty because Baton's files are below it stays with them.
  if [[ -d $dir/upper ]]; then
    find "$dir/upper" -mindepth 1 -depth ! -path "$dir/upper/*/baton*" ! -path "$dir/upper/baton*" -delete 2>/dev/null || true
  fi
}

lab_reset() {
  local node started=$SECONDS
  require_root
  require_lab
  lock_lab
  network_heal_quietly
  # The observer first: it must not take the others' end for a failure.
  for node in n3 n2 n1; do lab_wipe_node "$node"; done
  image_ensure
  lab_adopt_image
  lab_start_nodes
  lab_wait_until_healthy
  say "reset, $((SECONDS - started)) s"
}

lab_down() {
  local keep_image=no node
  case ${1:-} in
    '') ;;
    --keep-image) keep_image=yes ;;
    *) usage_error "down doesn't know '$1'" ;;
  esac
  require_root
  if [[ -d $STATE ]]; then
    lock_lab
    end_control_groups coordinator
    for node in n3 n2 n1; do
      node_kill "$node"
      node_unmount "$node"
    done
    network_down
    rm -rf --one-file-system "$STATE" "$RUN_DIR"
    rm -f "$LABS_DIR/.$LAB.lock"
  fi
  image_remove_unused "$keep_image"
  if [[ -d $LABS_DIR ]] && ! compgen -G "$LABS_DIR/*/" >/dev/null && ! compgen -G "$LABS_DIR/.*.lock" | grep -qv subnets; then rm -rf "$LABS_DIR"; fi
  say "down"
}

lab_status() {
  require_root
  if [[ ! -f $STATE/subnet ]]; then
    echo "lab $LAB: not there"
    return
  fi
  local node state address pid
  printf 'lab %s  subnet %s.0/24  bridge %s  state %s\n' "$LAB" "$(subnet)" "$BRIDGE" "$STATE"
  for node in "${NODES[@]}"; do
    address=$(node_address "$node")
    if node_is_on "$node"; then
      state=$(node_run "$node" systemctl is-system-running 2>/dev/null) || true
      if node_run "$node" ip -o address show dev host0 2>/dev/null | grep -qF "$(subnet).10/"; then address+=" + $(subnet).10"; fi
    else
      state=off
    fi
    printf '  %s  %-10s %s\n' "$node" "${state:-booting}" "$address"
  done
  if pid=$(recorded_process "$STATE/coordinator.pid"); then
    echo "  coordinator  running, pid $pid, $OPERATOR_SOCKET"
  else
    echo "  coordinator  not running"
  fi
  network_cuts | sed 's/^/  cut: /'
}
