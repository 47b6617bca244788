// Checks of nodes, network, services and security on machines that were made to fail them: each is seen failing with its own
// words, blocks an upgrade before anything is touched, and passes after its remedy.
import assert from 'node:assert/strict';
import type { CheckDocument } from '../../shared/documents.ts';
import { baton, batonJson, clusterFile, installerStarts, onNode } from './lab.ts';
import { type Row, row, seeRows } from './made-to-fail.ts';
import { startAfresh, upgrade } from './scenario.ts';

const filedb = '/opt/flotomate/main-server/filedb';
const fakeTime = '/etc/systemd/system/baton-agent.service.d/skewed.conf';
const dropIn = '/etc/systemd/system/ha.service.d/root.conf';
const chain =
  'nft add table inet baton_test && nft add chain inet baton_test input "{ type filter hook input priority 0; }"';

const apart: Row[] = [
  row(
    'a port that a firewall drops',
    ['ports-reachable', 'n3'],
    /n3 → n2 port 5432 \(database\) filtered/,
    ['n2', `${chain} && nft add rule inet baton_test input ip saddr @SUBNET@.13 tcp dport 5432 drop`],
    ['n2', 'nft delete table inet baton_test'],
  ),
  row(
    'a port that is refused',
    ['ports-reachable', 'n2'],
    /n2 → n1 port 22 \(.*\) refused/,
    ['n1', `${chain} && nft add rule inet baton_test input ip saddr @SUBNET@.12 tcp dport 22 reject with tcp reset`],
    ['n1', 'nft delete table inet baton_test'],
  ),
  row(
    'a host whose key is not known',
    ['rsync-reachable', 'n1'],
    /n1 → n2: .*[Hh]ost key/,
    ['n1', 'mv /etc/ssh/ssh_known_hosts /etc/ssh/away'],
    ['n1', 'mv /etc/ssh/away /etc/ssh/ssh_known_hosts'],
  ),
  row(
    'nginx that would start on the standby',
    ['services-placed', 'n2'],
    /nginx enabled, so it would start at boot/,
    ['n2', 'systemctl enable --quiet nginx'],
    ['n2', 'systemctl disable --quiet nginx'],
  ),
  row(
    'an observer that is root',
    ['observer-unit', 'n3'],
    /ha active.*, as root/,
    ['n3', `mkdir -p $(dirname ${dropIn}) && printf '[Service]\\nUser=root\\n' >${dropIn} && systemctl daemon-reload`],
    ['n3', `rm -r $(dirname ${dropIn}) && systemctl daemon-reload`],
  ),
  row(
    '/opt/HA of another owner',
    ['ha-owner', 'n2'],
    /\/opt\/HA nobody:.*other nodes have/,
    ['n2', 'chown nobody /opt/HA'],
    ['n2', 'chown motadata /opt/HA'],
  ),
  row(
    'a file of the wrong owner',
    ['files-owned', 'n2'],
    /1 of root:root \(00\/file-00000\.bin\)/,
    ['n2', `chown root:root ${filedb}/00/file-00000.bin`],
    ['n2', `chown flotomate:flotomate ${filedb}/00/file-00000.bin`],
  ),
  row(
    'a file that everybody may write',
    ['files-owned', 'n1'],
    /1 writable by everybody \(conf\/variant\)/,
    ['n1', 'chmod o+w /opt/flotomate/main-server/conf/variant'],
    ['n1', 'chmod o-w /opt/flotomate/main-server/conf/variant'],
  ),
  row(
    'a unit that everybody may write',
    ['unit-files', 'n1'],
    /elasticsearch\.service root:root 0646/,
    ['n1', 'chmod o+w /usr/lib/systemd/system/elasticsearch.service'],
    ['n1', 'chmod o-w /usr/lib/systemd/system/elasticsearch.service'],
  ),
  row(
    'a mount without programs',
    ['installer-may-run', 'n2'],
    /\/var\/tmp is on \/var\/tmp, mounted noexec/,
    ['n2', 'mount -t tmpfs -o noexec,mode=1777 tmpfs /var/tmp'],
    ['n2', 'umount /var/tmp'],
  ),
  row(
    'fapolicyd',
    ['installer-may-run', 'n1'],
    /fapolicyd enforces/,
    ['n1', 'systemd-run --quiet --unit=fapolicyd sleep infinity'],
    ['n1', 'systemctl stop fapolicyd'],
  ),
  row(
    'a program that is missing',
    ['packages-installed', 'n2'],
    /no program cmp/,
    ['n2', 'mv /usr/bin/cmp /usr/bin/cmp.away'],
    ['n2', 'mv /usr/bin/cmp.away /usr/bin/cmp'],
  ),
  row(
    'another version of the system',
    ['platforms-equal', 'n2'],
    /operating system debian 12, n1 has debian 13/,
    ['n2', 'cp /etc/os-release /root/os-release && sed -i s/^VERSION_ID=.*/VERSION_ID=12/ /etc/os-release'],
    ['n2', 'cat /root/os-release >/etc/os-release && rm /root/os-release'],
  ),
  row(
    'an audit service that is off',
    ['audit-logging', 'n1'],
    /auditd not-found/,
    ['n1', 'true'],
    ['n1', 'systemd-run --quiet --unit=auditd sleep infinity'],
    'warn',
  ),
  row(
    'a skewed clock',
    ['clock-offset', 'n2'],
    /^[45]\.\d s$|^[45] s$/,
    [
      'n2',
      `mkdir -p $(dirname ${fakeTime}) && printf '[Service]\\nEnvironment=LD_PRELOAD=%s FAKETIME=+5s DONT_FAKE_MONOTONIC=1\\n' ` +
        `$(ls /usr/lib/*/faketime/libfaketime.so.1) >${fakeTime} && systemctl daemon-reload && systemctl restart baton-agent`,
    ],
    ['n2', `rm -r $(dirname ${fakeTime}) && systemctl daemon-reload && systemctl restart baton-agent`],
  ),
];

const afterwards: Row[] = [
  row(
    'postgresql.service active with its database down',
    ['database-unit-active', 'n2'],
    /postgresql active \(exited\), but no PostgreSQL answers/,
    ['n2', 'systemctl stop postgresql@15-main && systemctl is-active postgresql'],
    ['n2', 'systemctl start postgresql@15-main'],
  ),
  row(
    'a full disk',
    ['disk-space', 'n2'],
    /filedb: .* \(0 %\) free/,
    [
      'n2',
      `mount -t tmpfs -o size=1m tmpfs ${filedb} && { head -c 2M /dev/zero >${filedb}/full 2>/dev/null || true; }`,
    ],
    ['n2', `umount ${filedb}`],
  ),
  row(
    'files of which a part is another file system',
    ['files-one-system', 'n1'],
    /neither compared nor backed up: .*filedb\/00/,
    ['n1', `mount --bind ${filedb}/01 ${filedb}/00`],
    ['n1', `umount ${filedb}/00`],
    'warn',
  ),
  row(
    'a database that no firewall is before',
    ['firewall', 'n1'],
    /no rules for what comes in, 5432 listens on every address/,
    ['n1', 'true'],
    ['n1', `${chain} && nft add rule inet baton_test input ip saddr != @SUBNET@.0/24 tcp dport 5432 drop`],
    'warn',
  ),
];

const data = '/var/lib/postgresql/15/main';
const small: Row[] = [
  row(
    'a disk on which no copy of the database fits',
    ['upgrade-space', 'n2'],
    /of data, .* free/,
    [
      'n2',
      `systemctl stop postgresql@15-main && mkdir /root/server && cp -a ${data}/. /root/server && mount -t tmpfs -o size=600m,mode=0700,uid=postgres,gid=postgres tmpfs ${data} && cp -a /root/server/. ${data} && systemctl start postgresql@15-main`,
    ],
    [
      'n2',
      `systemctl stop postgresql@15-main && umount ${data} && rm -r /root/server && systemctl start postgresql@15-main`,
    ],
    'warn',
  ),
];

describe('checks of nodes on a lab that is made to fail them', function () {
  this.timeout(300_000);

  before(async () => {
    await startAfresh((text) =>
      text
        .replace('unit: postgresql@{major}-main ', 'unit: postgresql ')
        .replace(/audit: \{.*\}/, 'audit: { units: [auditd] }')
        .replace(/ {2}firewall: \{.*\}\n/, ''),
    );
  });
  after(async () => {
    for (const node of ['n1', 'n2', 'n3'])
      await onNode(
        node,
        'systemctl stop auditd fapolicyd 2>/dev/null; nft delete table inet baton_test 2>/dev/null; true',
      );
    const applied = await baton('cluster', 'apply', await clusterFile());
    assert.equal(applied.exitCode, 0, applied.stderr);
  });

  describe('of machines', () =>
    seeRows(apart, {
      whileBroken: async () => {
        const ended = await upgrade();
        assert.equal(ended.exitCode, 1, ended.stdout + ended.stderr);
        for (const node of ['n1', 'n2']) assert.deepEqual(await installerStarts(node), []);
      },
    }));
  describe('of what stops', () => seeRows(afterwards));
  describe('of a disk that is small', () => seeRows(small, { only: ['upgrade-space'] }));

  describe('of the limits of a cluster file', () => {
    const verdictsWith = async (change: (text: string) => string) => {
      const applied = await baton('cluster', 'apply', await clusterFile(change));
      assert.equal(applied.exitCode, 0, applied.stderr);
      const { document } = await batonJson<CheckDocument>('check', 'lab', '--only', 'resources,response-time');
      return new Set(document.checks.map(({ id, verdict }) => `${id} ${verdict}`));
    };

    it('resources and response-time warn beyond them, and pass within', async () => {
      const narrow = 'limits:\n  responseTime: 1ms\n  memoryFree: 99%\n';
      const beyond = await verdictsWith((text) => text.replace('limits:\n', narrow));
      assert.deepEqual([...beyond].sort(), ['resources warn', 'response-time warn']);
      const wide = 'limits:\n  responseTime: 1m\n  memoryFree: 1%\n  load: 1000\n';
      const within = await verdictsWith((text) => text.replace('limits:\n', wide));
      assert.deepEqual([...within].sort(), ['resources pass', 'response-time pass']);
    });

    it('an upgrade is refused where the window closes too soon, and where it is closed; nothing is touched', async () => {
      const wall = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString().slice(11, 16);
      for (const [from, to, reading] of [
        [wall(-60), wall(2), /The window is open, and long enough.*open for /],
        [wall(60), wall(180), /The window is open, and long enough.*closed, opens next/],
      ] as const) {
        const window = `window: { days: [mon, tue, wed, thu, fri, sat, sun], from: '${from}', to: '${to}', timezone: UTC }\n`;
        const applied = await baton('cluster', 'apply', await clusterFile((text) => `${text}\n${window}`));
        assert.equal(applied.exitCode, 0, applied.stderr);
        const ended = await upgrade();
        assert.equal(ended.exitCode, 1, ended.stdout + ended.stderr);
        assert.match(ended.stdout + ended.stderr, reading);
        for (const node of ['n1', 'n2']) assert.deepEqual(await installerStarts(node), []);
      }
    });
  });
});
