#!/usr/bin/env bash
# Installs Baton from this unpacked bundle, or upgrades it. Needs neither network nor Node.js. What is installed is
# compared with SHA256SUMS first, and each file is put in place whole; running it again changes nothing.
set -euo pipefail

usage() {
  cat <<'USAGE'
usage: install.sh --agent | --coordinator | --all [--root DIR]

  --agent         baton-agent and its unit, for a node of the cluster
  --coordinator   the baton command line, nats-server and the coordinator's unit
  --all           both
  --root DIR      install below DIR (an image being built); starts nothing
USAGE
}

ROOT=''
PARTS=()
while (($#)); do
  case $1 in
    --agent) PARTS+=(agent) ;;
    --coordinator) PARTS+=(coordinator) ;;
    --all) PARTS+=(agent coordinator) ;;
    --root) ROOT=${2:?--root needs a directory}; shift ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done
((${#PARTS[@]})) || { usage >&2; exit 2; }

die() { echo "install.sh: $*" >&2; exit 1; }

cd "$(dirname "$(readlink -f "$0")")"
CHANGED=()

check_machine() {
  [[ -n $ROOT || $EUID == 0 ]] || die "must run as root"
  # Decided where the tar is written: the architecture is in the folder's name and in the program itself.
  local machine glibc
  machine=$(od -An -tu2 -j18 -N2 "${PROGRAMS[0]}" | tr -d ' ')
  case $(uname -m):$machine in
    x86_64:62 | aarch64:183) ;;
    *) die "this bundle is not for $(uname -m)" ;;
  esac
  [[ -z $ROOT ]] || return 0
  [[ -d /run/systemd/system ]] || die "this machine doesn't run systemd"
  glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null | awk '{ print $2 }')
  [[ $(printf '%s\n' 2.34 "${glibc:-0}" | sort -V | head -n 1) == 2.34 ]] || die "glibc is ${glibc:-unknown}; 2.34 or newer is needed"
}

check_sums() {
  sha256sum --check --strict --quiet SHA256SUMS || die "this bundle is damaged; copy it again"
}

# put FILE TARGET MODE : TARGET is the old file or the whole new one, whenever this ends.
put() {
  local target=$ROOT$2
  if cmp -s "$1" "$target" && [[ $(stat -c %a "$target") == "${3#0}" ]]; then return 0; fi
  mkdir -p "$(dirname "$target")"
  install -m "$3" "$1" "$target.new"
  sync "$target.new"
  mv -f "$target.new" "$target"
  CHANGED+=("$2")
  echo "installed $2"
}

# directory PATH MODE [GROUP]
directory() {
  mkdir -p "$ROOT$1"
  chmod "$2" "$ROOT$1"
  if [[ -n ${3:-} && -z $ROOT ]]; then chgrp "$3" "$1"; fi
}

has_changed() {
  local file
  for file in "${CHANGED[@]}"; do [[ $file != "$1" ]] || return 0; done
  return 1
}

# run_unit UNIT PROGRAM FILE WHAT : starts it where FILE says that it is set up; a running one is started anew only when
# its program or its unit has changed.
run_unit() {
  local unit=$1 program=$2
  [[ -z $ROOT ]] || return 0
  systemctl enable --quiet "$unit"
  if [[ ! -e $3 ]]; then
    echo "$4"
  elif has_changed "$program" || has_changed "/etc/systemd/system/$unit"; then
    systemctl restart "$unit"
    echo "started $unit"
  else
    systemctl start "$unit"
  fi
}

install_agent() {
  directory /var/lib/baton-agent 0700
  put baton-agent /usr/local/bin/baton-agent 0755
  put baton-agent.service /etc/systemd/system/baton-agent.service 0644
  # The node's own policy is never touched.
  [[ -e $ROOT/etc/baton/agent.yaml ]] || put agent.yaml /etc/baton/agent.yaml 0600
}

install_coordinator() {
  directory /var/lib/baton 0700
  put nats-server /usr/local/lib/baton/nats-server 0755
  put baton /usr/local/bin/baton 0755
  put baton-coordinator.service /etc/systemd/system/baton-coordinator.service 0644
}

PROGRAMS=()
for part in "${PARTS[@]}"; do
  case $part in agent) PROGRAMS+=(baton-agent) ;; coordinator) PROGRAMS+=(baton nats-server) ;; esac
done
check_sums
check_machine
if [[ -z $ROOT ]]; then getent group baton >/dev/null || groupadd --system baton; fi
directory /etc/baton 0755
directory /etc/baton/hooks 0700
put libatomic.so.1 /usr/local/lib/baton/libatomic.so.1 0644
for part in "${PARTS[@]}"; do "install_$part"; done
put uninstall.sh /usr/local/lib/baton/uninstall.sh 0755
put SHA256SUMS /usr/local/lib/baton/SHA256SUMS 0644
[[ -n $ROOT ]] || systemctl daemon-reload
for part in "${PARTS[@]}"; do
  case $part in
    agent)
      run_unit baton-agent.service /usr/local/bin/baton-agent /var/lib/baton-agent/identity \
        "not joined yet: run the line that \`baton node add NAME --role ROLE\` prints on the coordinator"
      ;;
    coordinator)
      run_unit baton-coordinator.service /usr/local/bin/baton /etc/baton/coordinator.yaml \
        "not set up yet: run \`baton init\`, then \`systemctl start baton-coordinator\`"
      ;;
  esac
done
