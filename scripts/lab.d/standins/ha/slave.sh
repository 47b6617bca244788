#!/bin/sh
# STAND-IN for the proprietary /opt/HA/slave.sh: makes this node a standby of its peer; its own database is replaced.
set -eu
cd "$(dirname "$0")"
. ./conf/ha.conf
. ./functions.sh

[ -n "$PEER" ] || { log "$SELF is neither master nor standby"; exit 2; }
if [ "$(id -u)" = 0 ]; then exec sudo -u "$(stat -c %U .)" sh ./slave.sh; fi

log "STAND-IN: making $SELF a standby of $PEER"
[ "$(on_node "$PEER" "cd / && sudo -n -u postgres psql -XtAc 'SELECT pg_is_in_recovery()'")" = f ] || { log "$PEER is no primary"; exit 1; }
drop_floating_address
services='ft-main-server ft-analytics-server elasticsearch nginx file-sync'
# shellcheck disable=SC2086 # several names
sudo -n systemctl unmask --quiet $services
# shellcheck disable=SC2086
sudo -n systemctl disable --now --quiet $services

unit=$(database_unit)
directory=$(database_directory)
sudo -n systemctl stop "$unit"
on_node "$PEER" "cd / && sudo -n -u postgres psql -Xqc \"SELECT pg_create_physical_replication_slot('$SELF') WHERE NOT EXISTS (SELECT 1 FROM pg_replication_slots WHERE slot_name = '$SELF')\"" >/dev/null
cd /
sudo -n -u postgres find "$directory" -mindepth 1 -delete
sudo -n -u postgres "$(database_program pg_basebackup)" -D "$directory" -R -X stream -S "$SELF" -c fast \
  -d "host=$PEER user=replicator passfile=/var/lib/postgresql/.pgpass application_name=$SELF"
sudo -n systemctl unmask --quiet "$unit"
sudo -n systemctl start "$unit"
on_node "$PEER" sudo -n systemctl restart --no-block file-sync
log "$SELF is a standby of $PEER"
