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

# The systemd unit of the one database cluster here, whatever its version.
database_unit() { pg_lsclusters -h | awk '{ print "postgresql@" $1 "-" $2; exit }'; }

database_directory() { pg_lsclusters -h | awk '{ print $6; exit }'; }

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
