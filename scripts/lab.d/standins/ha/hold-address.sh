#!/bin/sh
# STAND-IN: at boot, takes the client-facing address if the observer's record says that this node is the active one.
# Asks until the record can be read: a node that can't know must not take it.
set -eu
cd "$(dirname "$0")"
. ./conf/ha.conf
. ./functions.sh

until active=$(on_node "$OBSERVER_NODE" cat /opt/HA/state/active 2>/dev/null) && [ -n "$active" ]; do sleep 0.2; done
if [ "$active" != "$SELF" ]; then
  log "$active is the active node"
  exit 0
fi
take_floating_address
log "$SELF is the active node: $FLOATING_ADDRESS taken"
