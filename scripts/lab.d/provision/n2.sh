# shellcheck shell=bash
# The standby: a copy of the master whose services are stopped and disabled, with the base backup as its database.

systemctl disable --quiet elasticsearch ft-analytics-server ft-main-server file-sync nginx
sed -i 's/n2/n1/' /etc/lsyncd/file-sync.lua
rm -rf /var/lib/postgresql/15/main
mv /var/lib/postgresql/15/standby /var/lib/postgresql/15/main
