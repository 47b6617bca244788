#!/usr/bin/env bash
# Removes what install.sh put on this machine. State (identity, ledger, journal) and configuration stay, unless --purge.
set -euo pipefail

program=/usr/local/bin
state=/var/lib/baton-agent

purge=false
case ${1:-} in
  '') ;;
  --purge) purge=true ;;
  *) echo "usage: uninstall.sh [--purge]
  --purge   also removes /etc/baton, /var/lib/baton-agent and /var/lib/baton: identity, ledger and every run's journal" >&2
    [[ $1 == -h || $1 == --help ]] && exit 0 || exit 2 ;;
esac
((EUID == 0)) || { echo "uninstall.sh: must run as root" >&2; exit 1; }

running=$(systemctl list-units --plain --no-legend --state=running 'baton-*.service' |
  awk '$1 != "baton-agent.service" && $1 != "baton-coordinator.service" { print $1 }')
if [[ -n $running ]]; then
  echo "uninstall.sh: an action still runs on this node: $running; wait until it ends, or end its run first" >&2
  exit 1
fi

# Units are not all: the ledger knows of actions without one, and of a suspension that only this agent can end.
# What cannot be read is no permission.
if [[ -x $program/baton-agent && -e $state/ledger.sqlite ]]; then
  if ! status=$("$program/baton-agent" status --json); then
    echo "uninstall.sh: \`baton-agent status\` cannot tell whether an action runs or failover is suspended; mend that first" >&2
    exit 1
  fi
  if grep -q '^  "running": {' <<<"$status"; then
    echo "uninstall.sh: an action still runs on this node, see \`baton-agent status\`; wait until it ends, or end its run first" >&2
    exit 1
  fi
  if sed -n '/^  "failover": {/,/^  }/p' <<<"$status" | grep -qE '"state": "(suspended|unknown)"'; then
    echo "uninstall.sh: failover is suspended on this node or its state is unknown, see \`baton-agent status\`; nobody would arm it again: run \`baton failover arm CLUSTER\` on the coordinator first" >&2
    exit 1
  fi
fi

for unit in baton-agent.service baton-coordinator.service; do
  if [[ -e /etc/systemd/system/$unit ]]; then systemctl disable --now --quiet "$unit"; fi
  rm -f "/etc/systemd/system/$unit"
done
systemctl daemon-reload
rm -f /usr/local/bin/baton /usr/local/bin/baton-agent
rm -rf /usr/local/lib/baton
if $purge; then
  rm -rf /etc/baton /var/lib/baton-agent /var/lib/baton
  if getent group baton >/dev/null; then groupdel baton; fi
  echo "removed, with configuration and state"
else
  echo "removed; configuration is kept in /etc/baton, state in /var/lib/baton-agent and /var/lib/baton"
fi
