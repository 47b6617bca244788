# shellcheck shell=bash
# shellcheck disable=SC2034 # the other parts use these
# Names, places, messages and process identity; no other part knows how these are written down.

LAB=${BATON_LAB:-lab}
NODES=(n1 n2 n3)
LABS_DIR=/var/lib/baton-lab
STATE=$LABS_DIR/$LAB
CACHE=/var/cache/baton-lab
PROJECT=$(dirname "$(dirname "$LAB_PARTS")")
BRIDGE=bat-$LAB
if [[ $LAB == lab ]]; then RUN_DIR=/run/baton; else RUN_DIR=/run/baton-$LAB; fi
OPERATOR_SOCKET=$RUN_DIR/operator.sock

say() { echo "lab $LAB: $*" >&2; }
die() { echo "lab $LAB: $*" >&2; exit 1; }
usage_error() { echo "lab: $*" >&2; exit 2; }

[[ $LAB =~ ^[a-z0-9]{1,8}$ ]] || usage_error "BATON_LAB is '$LAB'; it must match [a-z0-9]{1,8}"

require_root() { ((EUID == 0)) || die "the lab needs root: it mounts file systems and starts machines"; }

require_lab() { [[ -f $STATE/subnet ]] || die "not there; start it with: scripts/lab up"; }

require_node() {
  local node
  for node in "${NODES[@]}"; do [[ ${1:-} == "$node" ]] && return; done
  usage_error "unknown node '${1:-}'; nodes are ${NODES[*]}"
}

# What changes the lab runs alone. Descriptor 9 holds the lock and must not be inherited by what outlives the command.
lock_lab() {
  mkdir -p "$STATE"
  exec 9>"$LABS_DIR/.$LAB.lock"
  flock -w 300 9 || die "another command has been changing this lab for 5 minutes"
}

# wait_until SECONDS WHAT COMMAND… : runs the command until it succeeds; fails with WHAT at the deadline.
wait_until() {
  local limit=$1 what=$2 deadline=$((SECONDS + $1))
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS >= deadline)); then
      say "not within $limit s: $what"
      return 1
    fi
    sleep 0.1
  done
}
