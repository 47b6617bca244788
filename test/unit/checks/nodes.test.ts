import assert from 'node:assert/strict';
import { auditLogging } from '../../../coordinator/checks/audit-logging.ts';
import { filesOwned } from '../../../coordinator/checks/files-owned.ts';
import { firewall } from '../../../coordinator/checks/firewall.ts';
import { packagesInstalled } from '../../../coordinator/checks/packages-installed.ts';
import { rsyncReachable } from '../../../coordinator/checks/rsync-reachable.ts';
import { selinuxMode } from '../../../coordinator/checks/selinux-mode.ts';
import { neededPorts } from '../../../coordinator/checks/site-nodes.ts';
import { timeSynchronized } from '../../../coordinator/checks/time-synchronized.ts';
import { parseCluster } from '../../../coordinator/cluster/parse.ts';
import { clusterTemplate } from '../../../coordinator/cluster/template.ts';
import { on } from './cases.ts';
import { cluster, context, labCluster, results } from './world.ts';

const withKeys = (keys: string) => ({ ...context, cluster: labCluster((text) => `${text}${keys}\n`) });
const told = ({ from, to, port }: { from: string; to: string; port: number }) => `${from}>${to}:${port}`;

describe('Checks of nodes, by the cluster file', () => {
  it('derive the needed ports, both ways between the sides and from the observer', () => {
    assert.deepEqual(neededPorts(cluster).map(told).toSorted(), [
      ...['n1>n2:22', 'n1>n2:5432', 'n2>n1:22', 'n2>n1:5432'],
      ...['n3>n1:22', 'n3>n1:5432', 'n3>n1:80', 'n3>n2:22', 'n3>n2:5432'],
    ]);
    const more = withKeys(
      'network: { web: none, ports: [{ port: 9300 }, { port: 22, from: [n1], to: [n2] }] }',
    ).cluster;
    const ports = neededPorts(more).map(told);
    assert.ok(ports.includes('n2>n1:9300') && !ports.includes('n3>n1:80') && !ports.includes('n3>n1:9300'));
    assert.equal(ports.filter((one) => one === 'n1>n2:22').length, 1);
  });
  it('derive those of five machines too: the application reaches either database', () => {
    const five = parseCluster(clusterTemplate(5, 'classic'), 'five.yaml');
    assert.ok(five.ok);
    const ports = neededPorts(five.value).map(told);
    for (const one of ['app1>db1:5432', 'app2>db1:5432', 'app1>db2:5432', 'db1>db2:5432', 'obs1>db2:5432'])
      assert.ok(ports.includes(one), one);
    assert.ok(!ports.some((one) => /:5432$/.test(one) && />app/.test(one)));
  });
  it('take a plain rsync daemon only where the file says that it need not be encrypted', () => {
    const plain = on('readRsync', { encrypted: false, detail: '@RSYNCD: 31.0' });
    const files = 'files: { transport: { daemon: 873 } }';
    const verdicts = (more: string) =>
      results([rsyncReachable.ref({})], plain, withKeys(`${files}${more}`)).map(({ verdict }) => verdict);
    assert.deepEqual(verdicts(''), ['fail', 'fail']);
    assert.deepEqual(verdicts('\nsecurity: { encrypted: false }'), ['pass', 'pass']);
  });
  it('look for nothing that the file says is not there, and say why', () => {
    const reason = 'none: the nodes are containers';
    const found = results(
      [auditLogging.ref({}), firewall.ref({}), timeSynchronized.ref({})],
      (node, action) =>
        action.kind === 'readSecurity'
          ? { chains: [] }
          : action.kind === 'readPlatform'
            ? { timeSynchronized: '' }
            : on('readUnits', { units: [] })(node, action),
      withKeys(`security: { audit: { ${reason} }, firewall: { ${reason} } }\nrequires: { timeSync: { ${reason} } }`),
    );
    for (const { verdict, reading, id } of found) {
      assert.equal(verdict, 'pass', id);
      assert.match(reading, /the nodes are containers/);
    }
  });
  it('want SELinux in the mode that the file names', () => {
    const verdicts = results([selinuxMode.ref({})], undefined, withKeys('security: { selinux: enforcing }'));
    assert.deepEqual(
      verdicts.map(({ verdict, reading }) => [verdict, reading]),
      [
        ['fail', 'disabled'],
        ['fail', 'disabled'],
      ],
    );
  });
  it('want the owner that the file names, and packages that it asks for', () => {
    const owners = withKeys("security: { owners: { /opt/flotomate/main-server/filedb: 'app:app' } }");
    assert.ok(results([filesOwned.ref({})], undefined, owners).some(({ verdict }) => verdict === 'fail'));
    const packages = withKeys('requires: { packages: [openjdk-17-jre] }');
    const missing = on('readPackages', { packages: [{ name: 'openjdk-17-jre', version: '' }] }, 'n2');
    assert.match(
      results([packagesInstalled.ref({})], missing, packages)
        .map(({ reading }) => reading)
        .join(),
      /package openjdk-17-jre not installed/,
    );
  });
});
