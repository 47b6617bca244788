#!/bin/bash
# STAND-IN for the proprietary MotadataServiceOpsCommonUpgrade installer of ServiceOps @VERSION@: one self-extracting file.
# Replaces application files (keeping conf, filedb and logs), migrates the schema where the database is writable, and
# starts the services when done. Refuses to run while the application is up.
# /etc/standin-installer.env, where it exists, makes it slow or makes it fail:
#   DURATION_S=6   how long it takes           FAIL_AT=40   fails at 40 %        HANG_AT=40    hangs at 40 %
#   QUIET=1        prints no percentages       EXIT=7       exits with 7 at its end
#   SKIP_FILES=1   exits 0 without having installed anything
#   ASK=1          asks a question on its standard input     NOISE_MB=200   prints 200 MB of binary noise
set -u
umask 022

NEW_VERSION=@VERSION@
SELF=$(readlink -f "$0")
RECORD=/var/log/standin-installer.log
APPLICATION=/opt/flotomate/main-server
SERVICES=(elasticsearch ft-analytics-server ft-main-server)
DURATION_S=6 FAIL_AT='' HANG_AT='' QUIET='' EXIT=0 SKIP_FILES='' ASK='' NOISE_MB=''

if [[ ${1:-} == --help ]]; then
  sed -n '2,/^set/ { /^#/ s/^# \{0,1\}//p }' "$SELF"
  exit 0
fi

now() { date -u +%Y-%m-%dT%H:%M:%S.%3NZ; }

# The unit that it runs in, so that its record can be held against what somebody says to have started.
unit() {
  local name
  name=$(grep -oE '[^/]+\.(service|scope)$' /proc/self/cgroup | tail -n 1)
  echo "${name:--}"
}

finish() {
  local status=$?
  [[ -z ${payload:-} ]] || rm -rf "$payload"
  echo "end $(now) $status $UNIT" >>"$RECORD"
}

refuse() { echo "ERROR: $*" >&2; exit 3; }

hang() {
  echo "waiting for a lock that nobody gives back"
  bash -c 'trap "" TERM; while :; do sleep 3600; done' &
  sleep infinity &
  wait
}

# Takes the percentage up to LIMIT within its share of the duration.
percent=0
advance_to() {
  local limit=$1 phase=$2
  echo "Phase: $phase"
  while ((percent < limit)); do
    sleep "$step_s"
    ((percent += 1))
    [[ -n $QUIET ]] || echo "$percent% $phase"
    if [[ $percent == "$FAIL_AT" ]]; then echo "ERROR: planted failure at $percent%" >&2; exit 1; fi
    if [[ $percent == "$HANG_AT" ]]; then hang; fi
  done
}

# What may differ from one version to the next; conf, filedb and logs stay. VERSION comes last: a half-done
# installation still says that it is the old one.
replace_files() {
  install -m 0755 "$payload/ft-main-server" $APPLICATION/bin/ft-main-server.new
  install -m 0755 "$payload/side-service" /opt/flotomate/analytics-server/bin/ft-analytics-server.new
  install -D -m 0644 "$payload/application.bin" $APPLICATION/lib/application.bin.new
  local file
  for file in $APPLICATION/bin/ft-main-server /opt/flotomate/analytics-server/bin/ft-analytics-server $APPLICATION/lib/application.bin; do
    mv "$file.new" "$file"
  done
}

write_version() {
  echo "$NEW_VERSION" | tee /opt/flotomate/analytics-server/VERSION >$APPLICATION/VERSION.new
  mv $APPLICATION/VERSION.new $APPLICATION/VERSION
}

sql() { (cd / && runuser -u postgres -- psql -X -q -v ON_ERROR_STOP=1 -d flotoitsmdb "$@"); }

migrate() {
  # What the new version needs; an older one has no migration to it.
  case $NEW_VERSION in 8.[0-6].*) return ;; esac
  case $(sql -tAc 'SELECT pg_is_in_recovery()' 2>/dev/null) in
    f)
      sql -v version="$NEW_VERSION" -f "$payload/migration.sql" || { echo "ERROR: migration failed" >&2; exit 1; }
      echo "schema migrated to $NEW_VERSION"
      ;;
    t) echo "database is read-only: schema left to the master" ;;
    *) echo "ERROR: the database doesn't answer" >&2; exit 1 ;;
  esac
}

if ((EUID != 0)); then
  echo "ERROR: run as root" >&2
  exit 2
fi
UNIT=$(unit)
echo "start $(now) $NEW_VERSION $UNIT" >>"$RECORD"
trap finish EXIT
trap 'exit 143' TERM
trap 'exit 141' PIPE
echo "ServiceOps common installer $NEW_VERSION: a STAND-IN for the proprietary one"
# shellcheck source=/dev/null
if [[ -r /etc/standin-installer.env ]]; then . /etc/standin-installer.env; fi
step_s=$(awk -v all="$DURATION_S" 'BEGIN { printf "%.3f", all / 100 }')

for service in ft-main-server ft-analytics-server; do
  if systemctl is-active --quiet "$service"; then refuse "$service is running; stop it first"; fi
done
[[ -d $APPLICATION ]] || refuse "no ServiceOps at $APPLICATION"

if [[ -n $ASK ]]; then
  echo "Do you want to continue? [Y/n]"
  if read -r answer; then echo "answer: ${answer:-Y}"; else echo "end of input: going on with the default, Y"; answer=Y; fi
  [[ ${answer:-Y} != [nN]* ]] || { echo "ERROR: declined" >&2; exit 1; }
fi
if [[ -n $NOISE_MB ]]; then head -c "$((NOISE_MB * 1024 * 1024))" /dev/urandom; echo; fi

advance_to 10 'Checking environment'
payload=$(mktemp -d /var/tmp/serviceops-upgrade.XXXXXX)
tail -n +"@PAYLOAD_LINE@" "$SELF" | tar -xzf - -C "$payload" || { echo "ERROR: the installer is damaged" >&2; exit 1; }
advance_to 30 'Unpacking'
[[ -n $SKIP_FILES ]] || replace_files
advance_to 60 'Replacing application files'
[[ -n $SKIP_FILES ]] || migrate
advance_to 80 'Migrating database schema'
[[ -n $SKIP_FILES ]] || write_version
systemctl start "${SERVICES[@]}" || { echo "ERROR: the services don't start" >&2; exit 1; }
advance_to 100 'Starting services'
echo "Upgrade completed successfully."
exit "$EXIT"
