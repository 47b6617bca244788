# shellcheck shell=bash
# The lab's own bridge and subnet, and cuts. A cut drops the frames at the bridge, so nothing inside a node changes.

CUTS="bridge baton_$LAB"

# Gives the lab its subnet for as long as it exists: `lab` has 10.77.0.0/24, every other one a free 10.77.N.0/24.
network_allocate() {
  [[ -f $STATE/subnet ]] && return
  local number=0
  (
    flock 8
    if [[ $LAB != lab ]]; then
      number=1
      while grep -qsx "10.77.$number" "$LABS_DIR"/*/subnet; do ((number += 1)); done
      ((number <= 250)) || die "no subnet is free"
    fi
    echo "10.77.$number" >"$STATE/subnet.new"
    mv "$STATE/subnet.new" "$STATE/subnet"
  ) 8>"$LABS_DIR/.subnets.lock"
}

subnet() { cat "$STATE/subnet"; }

node_address() { echo "$(subnet).1${1#n}"; }

# Removes the port of a node that has ended. It would go by itself, but for connections that a cut keeps from closing:
# those hold the dead node's network for minutes.
network_remove_port() {
  network_port_is_gone "$1" || ip link delete "$(network_port "$1")" 2>/dev/null
}

network_up() {
  if ! ip link show "$BRIDGE" >/dev/null 2>&1; then
    ip link add "$BRIDGE" type bridge forward_delay 0
  fi
  ip link set "$BRIDGE" up
  # The bridge may be newer than nodes that are on.
  local node
  for node in "${NODES[@]}"; do
    if ! network_port_is_gone "$node"; then ip link set "$(network_port "$node")" master "$BRIDGE"; fi
  done
  ip address replace "$(subnet).1/24" dev "$BRIDGE"
}

network_down() {
  network_heal_quietly
  if ip link show "$BRIDGE" >/dev/null 2>&1; then ip link delete "$BRIDGE"; fi
}

network_port() { echo "vb-$LAB-$1"; }

network_port_is_gone() { ! ip link show "$(network_port "$1")" >/dev/null 2>&1; }

network_cut() {
  require_root
  require_lab
  require_node "${1:-}"
  local first second
  first=$(network_port "$1")
  if (($# == 1)); then
    network_add_cut_rules "iifname $first drop" "oifname $first drop"
    say "$1 is cut from everybody"
  elif [[ $2 == host ]]; then
    # Frames between nodes are forwarded; what this machine itself sends and gets is not.
    network_add_host_cut_rules "$first"
    say "$1 is cut from this machine"
  else
    require_node "$2"
    [[ $1 != "$2" ]] || usage_error "cut needs two different nodes"
    second=$(network_port "$2")
    network_add_cut_rules "iifname $first oifname $second drop" "iifname $second oifname $first drop"
    say "$1 and $2 are cut from each other"
  fi
}

network_add_cut_rules() {
  local chain rule
  {
    # shellcheck disable=SC2086 # family and name
    for chain in input forward output; do
      echo "add table $CUTS"
      echo "add chain $CUTS $chain { type filter hook $chain priority 0; }"
    done
    for rule in "$@"; do
      echo "add rule $CUTS forward $rule"
      # The machine itself is only ever at one end: a rule about two ports is nothing to it.
      if [[ $rule == "iifname "*" oifname "* ]]; then continue; fi
      if [[ $rule == iifname* ]]; then echo "add rule $CUTS input $rule"; else echo "add rule $CUTS output $rule"; fi
    done
  } | nft -f -
}

network_add_host_cut_rules() {
  nft -f - <<RULES
add table $CUTS
add chain $CUTS input { type filter hook input priority 0; }
add chain $CUTS output { type filter hook output priority 0; }
add rule $CUTS input iifname $1 drop
add rule $CUTS output oifname $1 drop
RULES
}

network_heal() {
  require_root
  require_lab
  network_heal_quietly
  say "every cut is healed"
}

network_heal_quietly() {
  # shellcheck disable=SC2086 # family and name
  nft delete table $CUTS 2>/dev/null || true
}

network_cuts() {
  # shellcheck disable=SC2086 # family and name
  { nft list table $CUTS 2>/dev/null || true; } | sed -nE 's/^\s*([io]ifname.*) drop$/\1/p' | tr -d '"' | sort -u
}
