# shellcheck shell=bash
# The coordinator, run on this machine from the checkout. Its history belongs to the lab's state directory.

coordinator_pid_file() { echo "$STATE/coordinator.pid"; }
coordinator_log_file() { echo "$STATE/coordinator.log"; }

node_program() {
  local architecture program
  case $(uname -m) in
    aarch64) architecture=arm64 ;;
    *) architecture=x64 ;;
  esac
  program=$PROJECT/node_modules/node-linux-$architecture/bin/node
  [[ -x $program ]] || die "Node is missing at $program; run npm ci in $PROJECT"
  echo "$program"
}

# Runs Baton's command line against this lab's coordinator.
baton() {
  local program
  program=$(node_program)
  BATON_ADDRESS=unix:$OPERATOR_SOCKET "$program" "$PROJECT/coordinator/main.ts" "$@"
}

coordinator_command() {
  local act=${1:-}
  require_root
  require_lab
  case $act in
    start) lock_lab; coordinator_start ;;
    stop) lock_lab; coordinator_end TERM; say "coordinator stopped" ;;
    kill) lock_lab; coordinator_end KILL; say "coordinator killed" ;;
    pid) recorded_process "$(coordinator_pid_file)" || die "the coordinator isn't running" ;;
    log) cat "$(coordinator_log_file)" 2>/dev/null || die "there is no log: the coordinator was never started" ;;
    save) lock_lab; coordinator_copy "$STATE/coordinator" "$STATE/coordinator.saved" ;;
    put-back) lock_lab; coordinator_copy "$STATE/coordinator.saved" "$STATE/coordinator" ;;
    *) usage_error "usage: scripts/lab coordinator start|stop|kill|pid|log|save|put-back" ;;
  esac
}

# As a snapshot of its machine does; a copy of what is being written would be neither.
coordinator_copy() {
  recorded_process "$(coordinator_pid_file)" >/dev/null && die "the coordinator runs; stop it first"
  [[ -d $1 ]] || die "there is nothing at $1"
  rm -rf "$2"
  cp -a "$1" "$2"
}

coordinator_start() {
  local pid program config=$STATE/coordinator.yaml
  if pid=$(recorded_process "$(coordinator_pid_file)"); then
    say "coordinator is running already, pid $pid"
    return
  fi
  program=$(node_program)
  mkdir -p "$RUN_DIR"
  if [[ ! -f $config ]]; then coordinator_init "$config"; fi
  # The socket that a killed coordinator left must not pass for the new one's.
  rm -f "$OPERATOR_SOCKET"
  (
    cd "$PROJECT" || exit
    start_detached coordinator "$(coordinator_pid_file)" "$(coordinator_log_file)" \
      "$program" coordinator/main.ts coordinator --config "$config"
  )
  if ! wait_until 30 "the coordinator answers at $OPERATOR_SOCKET" coordinator_answers_or_died ||
    ! pid=$(recorded_process "$(coordinator_pid_file)"); then
    tail -n 30 "$(coordinator_log_file)" >&2
    die "the coordinator didn't start; its log is $(coordinator_log_file)"
  fi
  say "coordinator runs, pid $pid"
}

coordinator_init() {
  local image
  image=$(sed -n 2p "$STATE/image")
  install -m 0755 "$image/usr/sbin/nats-server" "$STATE/nats-server"
  baton init --config "$1" --state "$STATE/coordinator" --socket "$OPERATOR_SOCKET" --listen "$(subnet).1:7450" \
    --nats-server "$STATE/nats-server" >&2 || { rm -f "$1"; die "baton init failed"; }
}

coordinator_answers() {
  python3 -c 'import socket, sys; s = socket.socket(socket.AF_UNIX); s.settimeout(2); s.connect(sys.argv[1])' "$OPERATOR_SOCKET"
}

coordinator_answers_or_died() {
  coordinator_answers || { [[ -s $(coordinator_pid_file) ]] && ! recorded_process "$(coordinator_pid_file)" >/dev/null; }
}

# Ends the coordinator with a signal and waits until it is gone.
coordinator_end() {
  local pid
  pid=$(recorded_process "$(coordinator_pid_file)") || return 0
  kill "-$1" "$pid" 2>/dev/null || true
  wait_until 30 "the coordinator has ended" process_is_gone "$(coordinator_pid_file)" || die "the coordinator, pid $pid, doesn't end"
}
