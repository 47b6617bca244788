# shellcheck shell=bash
# The master: the application with seeded files, the database with seeded tickets, nginx, file synchronization.
# It also leaves a base backup for the standby at /var/lib/postgresql/15/standby.

standins=/run/lab/standins
TICKETS=5000
FILES=3000

random_secret() { head -c 24 /dev/urandom | base64 | tr -d '+/='; }

install_units() {
  local unit
  for unit in elasticsearch ft-analytics-server ft-main-server file-sync ha-address; do
    install -m 0644 "$standins/units/$unit.service" /usr/lib/systemd/system/
  done
  systemctl enable --quiet elasticsearch ft-analytics-server ft-main-server file-sync ha-address nginx
}

install_application() {
  local home=/opt/flotomate/main-server
  install -d "$home" "$home/bin" /opt/flotomate/analytics-server/bin /usr/share/elasticsearch/bin
  install -d -o flotomate -g flotomate "$home"/{conf,filedb,tmp,logs,logs/common}
  install -m 0755 "$standins/app/ft-main-server" "$home/bin/"
  install -m 0755 "$standins/app/side-service" /opt/flotomate/analytics-server/bin/ft-analytics-server
  install -m 0755 "$standins/app/side-service" /usr/share/elasticsearch/bin/elasticsearch
  echo 8.6.0 | tee "$home/VERSION" >/opt/flotomate/analytics-server/VERSION
  random_secret >"$home/conf/api-token"
  echo api >"$home/conf/variant"
  printf '{"host": "127.0.0.1", "dbname": "flotoitsmdb", "user": "serviceops", "password": "%s"}\n' "$1" >"$home/conf/database.json"
  touch "$home/logs/common/error"
  chown flotomate:flotomate "$home"/conf/* "$home/logs/common/error"
  chmod 0600 "$home/conf/api-token" "$home/conf/database.json"
  install -m 0644 "$standins/app/nginx.conf" /etc/nginx/sites-available/default
}

seed_files() {
  python3 - "$FILES" <<'PYTHON'
import os, random, sys
dice = random.Random(1)
for number in range(int(sys.argv[1])):
    directory = f'/opt/flotomate/main-server/filedb/{number % 30:02d}'
    os.makedirs(directory, exist_ok=True)
    with open(f'{directory}/file-{number:05d}.bin', 'wb') as file:
        file.write(dice.randbytes(dice.randrange(100, 2000)))
PYTHON
  chown -R flotomate:flotomate /opt/flotomate/main-server/filedb
}

install_file_sync() {
  install -D -m 0644 "$standins/app/file-sync.lua" /etc/lsyncd/file-sync.lua
}

create_database() {
  local serviceops=$1 replicator
  replicator=$(random_secret)
  cp /usr/share/postgresql-common/createcluster.conf /etc/postgresql-common/
  pg_createcluster 15 main --locale C.UTF-8 --start-conf auto -- --data-checksums >/dev/null
  cat >/etc/postgresql/15/main/conf.d/serviceops.conf <<CONF
listen_addresses = '*'
hot_standby = on
max_wal_senders = 10
max_replication_slots = 10
max_slot_wal_keep_size = '1GB'
wal_keep_size = '128MB'
wal_receiver_status_interval = '1s'
wal_retrieve_retry_interval = '500ms'
shared_buffers = '32MB'
max_wal_size = '256MB'
CONF
  cat >/etc/postgresql/15/main/pg_hba.conf <<HBA
local all         postgres                    peer
local replication postgres                    peer
local all         all                         peer
host  all         serviceops  127.0.0.1/32    scram-sha-256
host  replication replicator  samenet         scram-sha-256
host  postgres    ha_observer samenet         trust
HBA
  echo "*:5432:replication:replicator:$replicator" >/var/lib/postgresql/.pgpass
  chown postgres:postgres /var/lib/postgresql/.pgpass /etc/postgresql/15/main/*.conf /etc/postgresql/15/main/conf.d/*
  chmod 0600 /var/lib/postgresql/.pgpass

  pg_ctlcluster 15 main start
  (cd / && runuser -u postgres -- psql -Xq -v ON_ERROR_STOP=1 -v serviceops="$serviceops" -v replicator="$replicator" -v tickets="$TICKETS" -f "$standins/app/schema.sql")
  back_up_for_standby
  pg_ctlcluster 15 main stop
}

back_up_for_standby() {
  (cd / && runuser -u postgres -- pg_basebackup -D /var/lib/postgresql/15/standby -X stream -c fast)
  # As pg_basebackup -R writes it, for the host that the standby will really follow.
  echo "primary_conninfo = 'host=n1 user=replicator passfile=''/var/lib/postgresql/.pgpass'' application_name=n2'
primary_slot_name = 'n2'" >>/var/lib/postgresql/15/standby/postgresql.auto.conf
  runuser -u postgres -- touch /var/lib/postgresql/15/standby/standby.signal
}

# Asked before and after a database upgrade: the answers must be equal. The last one is a sanity check.
install_queries() {
  install -d -m 0755 /etc/baton/queries
  echo 'SELECT id, subject FROM apolo.request ORDER BY id DESC LIMIT 20' >/etc/baton/queries/newest-tickets.sql
  echo "SELECT date_trunc('day', created_at) AS day, count(*) FROM apolo.request GROUP BY 1 ORDER BY 1" >/etc/baton/queries/tickets-by-day.sql
  echo 'SELECT count(*) FROM apolo.request' >/etc/baton/queries/ticket-count.sql
  chmod 0644 /etc/baton/queries/*.sql
}

secret=$(random_secret)
install_units
install_application "$secret"
seed_files
install_file_sync
create_database "$secret"
install_queries
