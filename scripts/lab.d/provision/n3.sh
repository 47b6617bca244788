# shellcheck shell=bash
# The observer.

install -d -o motadata -g motadata /opt/HA/observer
install -m 0755 -o motadata -g motadata /run/lab/standins/ha/ha-observer /opt/HA/observer/
echo n1 >/opt/HA/state/active
chown motadata:motadata /opt/HA/state/active
install -m 0644 /run/lab/standins/units/ha.service /usr/lib/systemd/system/
systemctl enable --quiet ha
systemctl mask --quiet postgresql
