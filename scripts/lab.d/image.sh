# shellcheck shell=bash
# The image that all labs on this machine share: Debian (base-HASH) and, on top, what makes n1, n2 and n3 (image-HASH).
# Each is named after a hash of its recipe, built under a lock beside its place and then renamed.

BASE_PACKAGES=(
  systemd systemd-sysv dbus iproute2 iputils-ping iputils-arping procps sudo ca-certificates curl nftables
  openssh-server rsync lsyncd nginx-light postgresql-15 postgresql-17 nats-server python3-psycopg2 libfaketime
)
# PostgreSQL 15 is bookworm's and 17 is trixie's: both side by side, so that a real major upgrade is possible.
BASE_SUITE=trixie
BASE_OLDER_SUITE=bookworm

image_base_options() {
  local page
  for page in doc man info locale; do echo "--dpkgopt=path-exclude=/usr/share/$page/*"; done
  echo '--dpkgopt=force-unsafe-io'
  # Each node makes the clusters it has; the packages' own would only be removed again.
  # shellcheck disable=SC2016 # mmdebstrap sets $1
  echo '--essential-hook=mkdir -p "$1/etc/postgresql-common" && echo "create_main_cluster = false" >"$1/etc/postgresql-common/createcluster.conf"'
}

image_base_dir() {
  local recipe
  recipe=$(declare -f image_base_options; echo "${BASE_PACKAGES[*]} $BASE_SUITE $BASE_OLDER_SUITE $(uname -m)")
  echo "$CACHE/base-$(sha256sum <<<"$recipe" | cut -c1-12)"
}

image_dir() {
  local recipe
  recipe=$(image_base_dir; declare -f image_build_nodes image_provision image_run; cd "$LAB_PARTS" && find provision standins -type f ! -path 'standins/installer/*' -print0 | sort -z | xargs -0 sha256sum)
  echo "$CACHE/image-$(sha256sum <<<"$recipe" | cut -c1-12)"
}

# Debian's mirror as this machine has it configured; a cloud image names it in a file of its own.
image_mirror() {
  local uri
  uri=$(cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
    grep -v '^ *#' | grep -oE '(https?|file|copy|mirror\+file):/[^ ]*/debian(/|\.list)?( |$)' | head -n1 | tr -d ' ') || true
  if [[ $uri == mirror+file:* ]]; then uri=$(grep -m1 -oE '^https?://[^[:space:]]+' "${uri#mirror+file:}") || true; fi
  [[ -n $uri ]] || die "no Debian mirror found in this machine's apt sources"
  echo "$uri"
}

# Builds what is missing. The lab says first what it wants, so that nobody removes it.
image_ensure() {
  local base image
  base=$(image_base_dir)
  image=$(image_dir)
  printf '%s\n' "$image" "$base" >"$STATE/image.wanted"
  [[ -d $base && -d $image ]] && return
  mkdir -p "$CACHE"
  (
    flock 8
    [[ -d $base ]] || image_build_base "$base"
    [[ -d $image ]] || image_build_nodes "$base" "$image"
  ) 8>"$CACHE/.lock"
}

image_build_base() {
  local base=$1 mirror options started=$SECONDS
  mirror=$(image_mirror)
  mapfile -t options < <(image_base_options)
  say "building the base image (about a minute; once)"
  rm -rf --one-file-system "$base.new"
  if ! mmdebstrap --quiet --variant=minbase --include="$(IFS=,; echo "${BASE_PACKAGES[*]}")" "${options[@]}" \
    "$BASE_SUITE" "$base.new" "deb $mirror $BASE_SUITE main" "deb $mirror $BASE_OLDER_SUITE main" >"$CACHE/base.log" 2>&1 8>&-; then
    tail -n 20 "$CACHE/base.log" >&2
    rm -rf --one-file-system "$base.new"
    die "mmdebstrap failed; its whole output is in $CACHE/base.log"
  fi
  mv "$base.new" "$base"
  say "base image built in $((SECONDS - started)) s"
}

image_build_nodes() {
  local base=$1 image=$2 started=$SECONDS
  say "building the nodes' layers"
  image_discard "$image.new"
  mkdir -p "$image.new"
  image_provision "$image.new" common "$base"
  image_provision "$image.new" n1 "$image.new/common:$base"
  # A standby is a copy of the master until provision/n2.sh makes it a standby.
  cp -a "$image.new/n1" "$image.new/n2"
  image_provision "$image.new" n2 "$image.new/common:$base"
  image_run "$image.new" n1 "$image.new/common:$base" 'rm -rf /var/lib/postgresql/15/standby'
  image_provision "$image.new" n3 "$image.new/common:$base"
  install -m 0600 "$image.new/n1/opt/flotomate/main-server/conf/api-token" -D "$image.new/n3/etc/baton/ticket-token"
  chown 0:0 "$image.new/n3/etc/baton/ticket-token"
  rm -rf "$image.new/work" "$image.new/root"
  mv "$image.new" "$image"
  say "nodes' layers built in $((SECONDS - started)) s"
}

image_provision() {
  image_run "$1" "$2" "$3" "exec bash -euo pipefail /run/lab/provision/$2.sh"
}

# Runs a script inside the layers, with loopback as its only network; whatever it started ends with it.
image_run() {
  local image=$1 layer=$2 lower=$3 script=$4 status=0
  mkdir -p "$image/$layer" "$image/work" "$image/root"
  mount -t overlay "baton-lab-build" -o "lowerdir=$lower,upperdir=$image/$layer,workdir=$image/work" "$image/root"
  systemd-nspawn --quiet --keep-unit --register=no --settings=no --private-network --resolv-conf=off --timezone=off --pipe \
    --directory="$image/root" --bind-ro="$LAB_PARTS:/run/lab" /bin/bash -euc "$script" </dev/null >"$CACHE/$layer.log" 2>&1 8>&- || status=$?
  umount "$image/root"
  if ((status != 0)); then
    tail -n 20 "$CACHE/$layer.log" >&2
    die "provisioning of $layer failed; its whole output is in $CACHE/$layer.log"
  fi
}

image_discard() {
  if mountpoint -q "$1/root"; then umount "$1/root"; fi
  rm -rf --one-file-system "$1"
}

# Removes the images that no lab uses, but for the one that is kept for the next time if told so.
image_remove_unused() {
  local keep=$1 kept=''
  [[ -d $CACHE ]] || return 0
  if [[ $keep == yes ]]; then kept=$(image_dir; image_base_dir); fi
  (
    flock 8
    local dir
    for dir in "$CACHE"/image-* "$CACHE"/base-*; do
      [[ -d $dir ]] || continue
      if ! { echo "$kept"; cat "$LABS_DIR"/*/image "$LABS_DIR"/*/image.wanted 2>/dev/null || true; } | grep -qxF "$dir"; then image_discard "$dir"; fi
    done
  ) 8>"$CACHE/.lock"
  if ! compgen -G "$CACHE/*-*" >/dev/null; then rm -rf "$CACHE"; fi
}
