// The commented cluster file that an operator starts from: every key with its default, unit and an example.
import type { Flavor } from './cluster.ts';

const nodes = {
  3: `nodes:                # a name of a-z, 0-9 and - (the one that \`baton node add\` is given), and the address of the machine
  n1: { address: 10.77.0.11, role: master,  tiers: [app, db] }
  n2: { address: 10.77.0.12, role: standby, tiers: [app, db] }   # the guides' "slave"
  n3: { address: 10.77.0.13, role: observer }                    # a machine of its own, no tiers`,
  5: `nodes:                # a name of a-z, 0-9 and - (the one that \`baton node add\` is given), and the address of the machine
  app1: { address: 10.77.0.11, role: master,  tiers: [app] }
  app2: { address: 10.77.0.12, role: standby, tiers: [app] }     # the guides' "slave"
  db1:  { address: 10.77.0.21, role: master,  tiers: [db] }
  db2:  { address: 10.77.0.22, role: standby, tiers: [db] }
  obs1: { address: 10.77.0.13, role: observer }                  # a machine of its own, no tiers`,
};

const observers = { 3: 'n3', 5: 'obs1' };

/** The text of a cluster file for a site of 3 or 5 machines; all keys but addresses may stay as they are. */
export function clusterTemplate(machines: 3 | 5, flavor: Flavor): string {
  return `# Baton's cluster file. Edit it, then: baton cluster apply FILE
# Needed are cluster, nodes, application.version and application.portal; of every other key the default is shown.
# Durations have a unit (ms, s, m, h, d), sizes too (kB, MB, GB, KiB, MiB, GiB).

cluster: mysite       # the name by which commands call it: a-z, 0-9 and -, at most 31
flavor: ${flavor.padEnd(8)}      # classic: observer service, /opt/HA/master.sh, file-sync. patroni: refused by plans of this version

${nodes[machines]}

application:
  units: [elasticsearch, ft-analytics-server, ft-main-server]   # systemd units in starting order; stopped in reverse
  version:            # needed: where a node tells which version is installed; the first group is the version
    file: /opt/flotomate/main-server/VERSION
    pattern: '^(\\d+\\.\\d+\\.\\d+)'
  progress:           # the percentage in the installer's output, its first group; left out, elapsed time is shown
    pattern: '(\\d+)%'
  portal:             # needed: the address that clients use, not that of one node
    url: 'https://helpdesk.example.com/'
    expectStatus: 200 # what it answers when it is up
    # versionPattern: 'name="version" content="([^"]+)"'   # how its page tells the version; left out, it is not looked for
  # ticket:           # HTTP requests for the test ticket; left out, a person is asked to create one
  #   create:         # \${marker}: what the ticket is known by; \${token}: content of tokenFile, in headers only
  #     method: POST
  #     path: /api/tickets                        # relative to the portal's address, or an address of its own
  #     headers: { Authorization: 'Bearer \${token}', Content-Type: application/json }
  #     body: { subject: '\${marker}' }            # sent as JSON
  #     expectStatus: 201
  #   find:           # must find by the marker exactly, and nothing where there is none
  #     path: '/api/tickets?subject=\${marker}'
  #     headers: { Authorization: 'Bearer \${token}' }
  #     expectStatus: 200
  #     id: /tickets/0/id                         # JSON pointer to what the application calls the ticket
  #   remove:         # \${id}: what find answered
  #     method: DELETE
  #     path: '/api/tickets/\${id}'
  #     headers: { Authorization: 'Bearer \${token}' }
  #     expectStatus: 204
  #   tokenFile: /etc/baton/ticket-token          # on the observer, from where the requests are made; 0600 root
  #   row: { table: apolo.request, column: subject }   # where the marker stands in the database
  installerTimeout: 1h  # the longest that the installer may take on one node, 5s to 24h; then it is ended

observer:
  units: [ha]
  logs: '/opt/HA/logs/ha_*.log'
  quietFor: 2m        # no busy line for so long before the observer is stopped, 1s to 1h
  busyPatterns:       # regular expressions of log lines that tell of a swap or a synchronization
    - '(?i:swap|switchover|failover|fencing|promot|synchroni[sz])'
  beginPattern: '(?i:start|begin|began|initiat)'   # a busy line that begins something, which lasts until a later busy line
  endPattern: '(?i:finish|complet|done|ended|succe|fail:|failed|abort|cancel)'   # ends it, however long ago it began

files:
  root: /opt/flotomate/main-server/filedb
  unit: file-sync     # runs on the master only
  transport: ssh      # how it reaches the other node: ssh, or rsync's daemon: { stunnel: PORT }, { daemon: PORT } (not encrypted)
  hashes: probe       # when the content of files is compared besides path and size: never, probe (probes and the verification
                      # after an upgrade), always (before it too). What did not change is not read again
  hashWithin: 10m     # how long reading them may take at a time, 10s to 1h; what is left is read the next time
  syncWithin: 1m      # how long a change may take to be on the standby; what is younger is not counted as differing, 0s to 1h

database:
  name: flotoitsmdb
  parity: [apolo.request]   # tables, schema.table, that must have as many rows on the standby as on the primary
  port: 5432
  unit: postgresql    # on Debian and Ubuntu the server's own unit: postgresql@{major}-main; {major} is the version in service
  replication:        # how a standby that is made anew reaches the primary
    user: replicator
    # passFile: /var/lib/postgresql/.pgpass     # the database user's own, on each node
    # options: sslmode=verify-full              # more connection parameters, never a password
  queries: []         # asked before and after a database upgrade, with equal answers: names of files NAME.sql in
                      # /etc/baton/queries of the nodes, allowed by database.queries in agent.yaml
  settings: []        # what other software is told of the server in files of NAME=VALUE lines; a database upgrade adjusts it:
  ##  - { file: /opt/HA/conf/ha.conf, nodes: [n1, n2], values: { DATABASE_UNIT: 'postgresql@{major}-main' } }
  ##  nodes: master and standby unless told. Allowed by ha.settings in agent.yaml

web:
  unit: nginx         # runs on the master

supported:            # what the guide names; more than that shows as a deviation
  os: [ubuntu 22, ubuntu 24, rhel 9.2, rhel 9.4]   # os-release's ID and VERSION_ID; 24 covers 24.04
  postgresql: [16, 17]

limits:
  replicationLag: 16MiB   # how far the standby may be behind
  replicationDelay: 30s   # and for how long, 100ms to 1h
  responseTime: 3s        # of the portal, the middle of five requests from the observer's node; longer warns
  errorRate: 10           # lines a minute in each of the places where errors are written; more warns
  diskFree: 20%           # share of each file system that must be free, 0% to 99%
  memoryFree: 5%          # share of the memory that should be available; less warns
  load: 4                 # load of one minute for each processor, 0.1 to 1000; more warns
  clockOffset: 500ms      # between the coordinator's clock and a node's
  suspension: 2h          # how long failover may be suspended before it alarms, 1m to 24h
  rtoMax: 60s             # longest time without service that a drill may take
  rpoMax: 0               # acknowledged rows that a drill may lose
  settle: 15s             # how long stopped services must stay stopped, 1s to 1h
  probeAge: 36h           # how old the last probe (baton probe, baton schedule add) may be, 1h to 366d; older warns

errors:               # counted before and after
  logs: [/opt/flotomate/main-server/logs/common/error]   # on the master, each entry is an error; rotated ones beside them count too
  pattern: '\\b(?:ERROR|FATAL|SEVERE|CRITICAL)\\b'       # of the observer's log and of the services' journals: which lines count
  window: 10m         # how far back, 1m to 24h

network:              # who must reach whom follows from the rest of this file; each port is tried in both directions
  ssh: 22             # of every node; by it files are synchronized and HA scripts reach the other node
  # web: 443          # on which nginx answers; the portal's port unless told; none: not from other nodes
  ports: []           # more: { port: 9300, from: [n1, n2], to: [n1, n2] }; from and to are master and standby unless told

requires:
  packages: []        # that must be installed on master and standby, beside what Baton itself uses, as dpkg or rpm name them
  # timeSync: { none: why }      # nothing sets the nodes' clocks, and why that is right; otherwise a warning

security:
  encrypted: true     # file synchronization between nodes must be; false lets the plain rsync daemon pass
  audit: { units: [auditd] }     # services that keep the audit log, on every node; or { none: why }
  # selinux: enforcing           # enforcing, permissive or disabled; left out: only told, and the same on master and standby
  # firewall: { none: why }      # nodes have no rules of their own, and why; otherwise that warns
  owners: {}          # who must own files.root, or another tree: { /opt/flotomate: 'flotomate:flotomate' }; otherwise who owns most
# sanity:             # what this site looks at itself, before anything is touched and after the work; left out: nothing
#   - name: login-page                # pages are asked from the observer; allowed by urls in its agent.yaml
#     http: { path: /login, expectStatus: 200, expectPattern: 'Sign in' }   # headers and tokenFile as for the ticket
#   - name: open-tickets              # /etc/baton/queries/open-tickets.sql of the master, allowed by database.queries
#     query: open-tickets             # in its agent.yaml; with equals: 'TEXT', atLeast, atMost, sameAsBefore: true
#     notLessThanBefore: true         # or notLessThanBefore: true

backup:               # taken before anything changes, and by \`baton backup take\`; left out: none, which shows as a deviation
  directory: /var/backups/baton     # on each node, in nothing that is backed up; named in agent.yaml too (backups.directory)
  application: [/opt/flotomate]     # trees, of both nodes; files.root is left out of them and backed up by itself, of the master
  exclude: []                       # paths below them that are not worth it, such as [/opt/flotomate/main-server/logs]
  configuration: [/etc/nginx]       # of both nodes; name what this site has: /etc/haproxy, /opt/HA/conf
  database: { jobs: 2 }             # tables that are dumped at the same time, of the master, 1 to 32
  trialRestore: false               # true: every backup of the database is restored into a scratch cluster and its rows counted
  keep: 3                           # backups on each node, 1 to 100; the last one of an upgrade stays besides
  maxAge: 4h                        # of the database's, right before services are stopped for the installer; older: the run stands there
  verifiedWithin: 7d                # how long ago the newest backup may have been read again from the disk, 1h to 366d; longer warns
  # snapshots: { hook: vm-snapshot, node: ${observers[machines]}, timeout: 30m }
  ##  VM snapshots before an upgrade, of every machine but the observer: on that node the hook is called with create, verify or
  ##  remove, a machine's name and the snapshot's. verify ends with 0 only where it is there, remove also where none is.
  ##  { none: 'why' }: there are none, which shows as a deviation. Left out: a person is asked for them
  # schedule: { cron: '30 0 * * *', timezone: Asia/Kolkata }   # minute, hour, day, month, weekday; left out: only when asked for

# window:             # when upgrades may run; left out: at any time. One that would not fit, with a way back, is refused or held
#   days: [sat, sun]  # on which it opens; all unless told
#   from: '01:00'     # by the clocks of the time zone, summer time included
#   to: '05:00'       # before \`from\`: on the day after; 24:00 is midnight
#   timezone: Asia/Kolkata
# approvals: { byAnother: false }   # true: who has started a run cannot approve or reject in it
# notify:             # who is told of runs and alarms; left out: nobody. See it work: baton notify test mysite
#   smtp:
#     host: mail.example.com
#     tls: starttls     # starttls (port 587), tls (465) or none (25); certificates are verified
#     # port: 587
#     from: baton@example.com
#     to: [ops@example.com]
#     user: baton       # with a password, on the coordinators' machines in the folder \`secrets\` of coordinator.yaml, 0600
#     passwordFile: /etc/baton/secrets/smtp-password
#     # authorityFile: /etc/baton/secrets/ca.pem      # who has signed the server's certificate, where the system does not know
#   webhook:            # POST of a JSON document { schema, id, kind, cluster, run, subject, text, at }
#     url: 'https://hooks.example.com/baton'
#     headers: { X-Source: baton }
#     headerFiles: { Authorization: /etc/baton/secrets/hook-token }   # the file holds the header's whole value
#   events: [start, halt, approval, end, alarm, cancelled, probe]     # of which kinds; all unless told
`;
}
