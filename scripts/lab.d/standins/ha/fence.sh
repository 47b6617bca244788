#!/bin/sh
# STAND-IN: takes this node out of service for good: its database first, so that nothing is written here any more.
set -eu
cd "$(dirname "$0")"
. ./conf/ha.conf
. ./functions.sh

unit=$(database_unit)
sudo -n systemctl mask --quiet "$unit"
# A primary waits for its standby when it stops; that wait has an end.
timeout 8 sudo -n systemctl stop "$unit" || sudo -n systemctl kill --signal=KILL "$unit"
drop_floating_address
sudo -n systemctl mask --now --quiet ft-main-server ft-analytics-server
sudo -n systemctl disable --now --quiet nginx file-sync elasticsearch
log "$SELF is fenced"
