#!/bin/sh
# STAND-IN for the proprietary /opt/HA/master.sh: makes this node the master.
# While the peer still holds the client-facing address, this node becomes a temporary master only: its database is
# promoted, and services, address and file synchronization stay with the peer.
set -eu
cd "$(dirname "$0")"
. ./conf/ha.conf
. ./functions.sh

[ -n "$PEER" ] || { log "$SELF is neither master nor standby"; exit 2; }
if [ "$(id -u)" = 0 ]; then exec sudo -u "$(stat -c %U .)" sh ./master.sh; fi

log "STAND-IN: promoting $SELF"
unit=$(database_unit)
sudo -n systemctl unmask --quiet "$unit"
sudo -n systemctl start "$unit"
if [ "$(sql 'SELECT pg_is_in_recovery()')" = t ]; then
  [ "$(sql 'SELECT pg_promote(true, 30)')" = t ] || { log 'promotion not finished within 30 s'; exit 1; }
fi
log "database is primary"

if on_node "$PEER" ip -o address show dev "$INTERFACE" 2>/dev/null | grep -qF " $FLOATING_ADDRESS/"; then
  log "$PEER holds $FLOATING_ADDRESS: $SELF is a temporary master"
  exit 0
fi

services='elasticsearch ft-analytics-server ft-main-server nginx'
# shellcheck disable=SC2086 # several names
sudo -n systemctl unmask --quiet $services file-sync
# shellcheck disable=SC2086
sudo -n systemctl start $services
take_floating_address
log "services run, $FLOATING_ADDRESS taken"
# shellcheck disable=SC2086
sudo -n systemctl enable --quiet $services file-sync
if on_node "$PEER" true 2>/dev/null; then
  on_node "$PEER" sudo -n systemctl disable --now --quiet file-sync || true
fi
sudo -n systemctl start --no-block file-sync
on_node "$OBSERVER_NODE" "mkdir -p /opt/HA/state && echo $SELF >/opt/HA/state/active" || log "$OBSERVER_NODE not reached: its record is unchanged"
log "$SELF is the master"
