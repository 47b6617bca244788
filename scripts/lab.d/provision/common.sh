# shellcheck shell=bash
# What every node has: users, keys, /opt/HA, ssh. Runs inside the image, with the lab's parts at /run/lab.

# Services of Debian's packages that a node doesn't have, and what a machine without console or users' sessions can do without.
systemctl mask --quiet lsyncd nats-server systemd-logind console-getty getty.target e2scrub_reap fstrim.timer \
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer ldconfig.service systemd-journal-catalog-update
systemctl disable --quiet nginx
systemctl enable --quiet systemd-networkd
systemctl disable --quiet systemd-networkd-wait-online
mkdir -p /etc/systemd/journald.conf.d
printf '[Journal]\nStorage=persistent\nSystemMaxUse=64M\n' >/etc/systemd/journald.conf.d/lab.conf

: >/etc/resolv.conf # there is no name server in the lab; /etc/hosts has every name

useradd --system --create-home --home-dir /home/flotomate --shell /usr/sbin/nologin flotomate
useradd --create-home --shell /bin/bash motadata
echo 'motadata ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/motadata
chmod 0440 /etc/sudoers.d/motadata

# One key for motadata's scripts and one for root's file synchronization; every node knows every other one.
install_key() {
  local user=$1 home=$2
  install -d -m 0700 -o "$user" -g "$user" "$home/.ssh"
  ssh-keygen -q -t ed25519 -N '' -C "$user@lab" -f "$home/.ssh/id_ed25519"
  cp "$home/.ssh/id_ed25519.pub" "$home/.ssh/authorized_keys"
  chown "$user:$user" "$home/.ssh"/*
  chmod 0600 "$home/.ssh/id_ed25519" "$home/.ssh/authorized_keys"
}
install_key motadata /home/motadata
install_key root /root
ssh-keygen -A >/dev/null
sed 's/^/n1,n2,n3 /; s/ [^ ]*$//' /etc/ssh/ssh_host_ed25519_key.pub >/etc/ssh/ssh_known_hosts
printf 'PermitRootLogin prohibit-password\nPasswordAuthentication no\nUseDNS no\nMaxStartups 100\n' >/etc/ssh/sshd_config.d/lab.conf

standins=/run/lab/standins
install -d -o motadata -g motadata /opt/HA /opt/HA/conf /opt/HA/logs /opt/HA/state
install -m 0644 -o motadata -g motadata "$standins/ha/ha.conf" /opt/HA/conf/
install -m 0755 -o motadata -g motadata "$standins"/ha/*.sh /opt/HA/

# Nothing has to be brought up to date at the first boot.
touch /etc/.updated /var/.updated
