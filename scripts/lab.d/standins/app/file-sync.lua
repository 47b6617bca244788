-- lsyncd (the real one): filedb to the other node.
settings { nodaemon = true, insist = true }
sync {
  default.rsync,
  source = '/opt/flotomate/main-server/filedb/',
  target = 'n2:/opt/flotomate/main-server/filedb/',
  delay = 1,
  rsync = { archive = true, rsh = '/usr/bin/ssh -o BatchMode=yes -o ConnectTimeout=2' },
}
