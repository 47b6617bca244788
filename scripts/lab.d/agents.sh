# shellcheck shell=bash
# Baton's agent on the nodes, installed from the bundle as on any machine, and joined with the line that Baton prints.

declare -A NODE_ROLES=([n1]=master [n2]=standby [n3]=observer)

agents_command() {
  local act=${1:-}
  shift || true
  require_root
  require_lab
  case $act in
    install) agents_install "$@" ;;
    join) agents_join ;;
    *) usage_error "usage: scripts/lab agents install BUNDLE.tar | agents join" ;;
  esac
}

agents_install() {
  local bundle=${1:-} node
  [[ -f $bundle ]] || usage_error "no bundle at '$bundle'; npm run bundle writes one"
  for node in "${NODES[@]}"; do
    # shellcheck disable=SC2016 # expanded in the node
    node_run "$node" bash -euc '
      dir=$(mktemp -d /var/tmp/bundle.XXXXXX)
      trap "rm -rf $dir" EXIT
      tar -xf - -C "$dir" --no-same-owner
      cd "$dir"
      [[ -f install.sh ]] || cd ./*/
      ./install.sh --agent
    ' <"$bundle" >&2 || die "$node: installing the agent failed"
    say "$node: agent installed"
  done
}

agents_join() {
  local fleet node line
  fleet=$(baton node ls --json) || die "the coordinator doesn't answer; start it with: scripts/lab coordinator start"
  for node in "${NODES[@]}"; do
    if jq -e --arg node "$node" 'any(.nodes[]; .name == $node and .joined)' <<<"$fleet" >/dev/null; then
      say "$node has joined already"
      continue
    fi
    sed "s/@SUBNET@/$(subnet)/g" "$LAB_PARTS/agent.yaml" |
      node_run "$node" sh -c 'mkdir -p /etc/baton && cat >/etc/baton/agent.yaml && chmod 0600 /etc/baton/agent.yaml'
    line=$(baton node add "$node" --role "${NODE_ROLES[$node]}" --json | jq -er .joinLine) || die "$node: no join line"
    node_run "$node" bash -c "$line" >&2 || die "$node: joining failed"
    say "$node has joined"
  done
}
