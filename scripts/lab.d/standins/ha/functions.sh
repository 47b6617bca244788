# shellcheck shell=sh disable=SC2034
# STAND-IN: what the scripts of /opt/HA share. Sourced by sh; needs ha.conf.

SELF=$(hostname)
case $SELF in
  "$MASTER_NODE") PEER=$STANDBY_NODE ;;
  "$STANDBY_NODE") PEER=$MASTER_NODE ;;
  *) PEER= ;;
esac

log() { echo "$(date '+%Y-%m-%d %H:%M:%S') $(basename "$0"): $*"; }

on_node() {
  node=$1
  shift
  ssh -o BatchMode=yes -o ConnectTimeout=2 "$node" "$@"
}

# Which database server this node has is what ha.conf says: whoever changes the server must change it there.
database_unit() { echo "$DATABASE_UNIT"; }

database_directory() { echo "$DATABASE_DIRECTORY"; }

# Programs of the version that is in service; the path of its data says which.
database_program() { echo "/usr/lib/postgresql/$(echo "$DATABASE_DIRECTORY" | cut -d/ -f5)/bin/$1"; }

sql() { (cd / && sudo -n -u postgres psql -XtAc "$1"); }

holds_floating_address() { ip -o address show dev "$INTERFACE" | grep -qF " $FLOATING_ADDRESS/"; }

take_floating_address() {
  holds_floating_address || sudo -n ip address add "$FLOATING_ADDRESS/24" dev "$INTERFACE"
  # Gratuitous, so that neighbours forget who had it.
  sudo -n arping -q -c 3 -w 1 -U -I "$INTERFACE" "$FLOATING_ADDRESS" || true
}

drop_floating_address() {
  if holds_floating_address; then sudo -n ip address del "$FLOATING_ADDRESS/24" dev "$INTERFACE"; fi
}
