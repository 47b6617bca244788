import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { nodeOf } from '../../../coordinator/cluster/cluster.ts';
import { clusterWarnings, parseCluster } from '../../../coordinator/cluster/parse.ts';
import { clusterTemplate } from '../../../coordinator/cluster/template.ts';

const small = `cluster: lab
nodes:
  n1: { address: 10.77.0.11, role: master }
  n2: { address: 10.77.0.12, role: standby }
  n3: { address: 10.77.0.13, role: observer }
application:
  version: { file: /opt/v, pattern: '^(.+)$' }
  portal: { url: 'http://10.77.0.10/' }
`;

const parsed = (text: string) => {
  const result = parseCluster(text, 'c.yaml');
  assert.ok(result.ok, result.ok ? '' : result.failure.message);
  return result.value;
};
const faults = (text: string): string[] => {
  const result = parseCluster(text, 'c.yaml');
  assert.ok(!result.ok, 'it was accepted');
  assert.equal(result.failure.code, 'bad-input');
  return result.failure.message.split('\n');
};
const changed = (from: string, to: string): string => {
  assert.ok(small.includes(from), from);
  return small.replace(from, to);
};

describe('cluster file', () => {
  it('fills in the defaults, durations in ms and sizes in bytes', () => {
    const cluster = parsed(small);
    assert.equal(cluster.flavor, 'classic');
    assert.deepEqual(cluster.application.units, ['elasticsearch', 'ft-analytics-server', 'ft-main-server']);
    assert.equal(cluster.application.installerTimeoutMs, 3_600_000);
    assert.equal(cluster.application.ticket, undefined);
    assert.deepEqual(cluster.limits, {
      replicationLagBytes: 16 * 1024 ** 2,
      replicationDelayMs: 30_000,
      responseTimeMs: 3000,
      errorRate: 10,
      diskFreeShare: 0.2,
      memoryFreeShare: 0.05,
      loadPerCpu: 4,
      clockOffsetMs: 500,
      suspensionMs: 7_200_000,
      rtoMaxMs: 60_000,
      rpoMaxRows: 0,
      settleMs: 15_000,
      probeAgeMs: 129_600_000,
    });
    assert.deepEqual(nodeOf(cluster, 'master', 'db'), {
      name: 'n1',
      address: '10.77.0.11',
      role: 'master',
      tiers: ['app', 'db'],
    });
    assert.deepEqual(nodeOf(cluster, 'observer').tiers, []);
    assert.deepEqual(clusterWarnings(cluster), []);
  });

  it('fills in who reaches whom, and what is watched', () => {
    const { network, requires, security, files } = parsed(small);
    assert.deepEqual(network, { ssh: 22, web: 80, ports: [] });
    assert.deepEqual(requires, { packages: [] });
    assert.deepEqual(security, { encrypted: true, audit: { units: ['auditd'] }, owners: {} });
    assert.deepEqual(files.transport, { by: 'ssh', port: 22 });
    const told = parsed(
      `${changed('http://10.77.0.10/', 'https://10.77.0.10:8443/')}network: { ssh: 2222, ports: [{ port: 9300 }, { port: 80, from: [n3], to: [n1] }] }\n` +
        "files: { transport: { stunnel: 8730 } }\nsecurity: { audit: { none: 'a container' }, selinux: enforcing }\n",
    );
    assert.deepEqual(told.network, {
      ssh: 2222,
      web: 8443,
      ports: [
        { port: 9300, from: ['n1', 'n2'], to: ['n1', 'n2'] },
        { port: 80, from: ['n3'], to: ['n1'] },
      ],
    });
    assert.deepEqual(told.files.transport, { by: 'stunnel', port: 8730 });
    assert.deepEqual(told.security.audit, { none: 'a container' });
    assert.deepEqual(parsed(`${small}network: { web: none, ssh: 2222 }\n`).network, { ssh: 2222, ports: [] });
    assert.deepEqual(parsed(`${small}network: { web: none, ssh: 2222 }\n`).files.transport, { by: 'ssh', port: 2222 });
  });

  it('refuses ports of nodes that there are not, owners that are none, and a watch without a reason', () => {
    assert.match(faults(`${small}network: { ports: [{ port: 80, to: [n9] }] }\n`).join(), /n9 is no node of this file/);
    assert.match(faults(`${small}security: { owners: { /opt/x: flotomate } }\n`).join(), /must be user:group/);
    assert.match(faults(`${small}security: { audit: { none: '' } }\n`).join(), /audit/);
    assert.match(faults(`${small}files: { transport: rsync }\n`).join(), /must be ssh, \{ stunnel: PORT \}/);
  });

  it('accepts the templates, whose shown defaults are the defaults', () => {
    const three = parsed(clusterTemplate(3, 'classic'));
    const five = parsed(clusterTemplate(5, 'patroni'));
    assert.equal(three.nodes.length, 3);
    assert.equal(five.nodes.length, 5);
    assert.equal(nodeOf(five, 'master', 'db').name, 'db1');
    const { units, installerTimeoutMs } = parsed(small).application;
    assert.deepEqual(three.application.units, units);
    assert.equal(three.application.installerTimeoutMs, installerTimeoutMs);
    for (const key of ['observer', 'files', 'database', 'web', 'supported', 'limits'] as const)
      assert.deepEqual(three[key], parsed(small)[key], key);
    assert.equal(parsed(small).backup, undefined);
    assert.deepEqual(three.backup, parsed(`${small}backup: {}\n`).backup);
  });

  it('accepts the snapshots and the schedule of the template once their comment signs are gone', () => {
    const text = clusterTemplate(3, 'classic').replaceAll(/^ {2}# (snapshots|schedule): /gm, '  $1: ');
    const { backup } = parsed(text);
    assert.deepEqual(backup?.snapshots, { hook: 'vm-snapshot', node: 'n3', timeoutMs: 1_800_000 });
    assert.deepEqual(backup?.schedule, { cron: '30 0 * * *', timezone: 'Asia/Kolkata' });
  });

  it('accepts the ticket requests of the template once their comment signs are gone', () => {
    const text = clusterTemplate(3, 'classic').replaceAll(/^ {2}# {0,1}( *(?:ticket:|\S).*)$/gm, '  $1');
    const ticket = parsed(text).application.ticket;
    assert.equal(ticket?.find.id, '/tickets/0/id');
    assert.equal(ticket?.remove.method, 'DELETE');
  });

  it('accepts the cluster file of the lab', () => {
    const text = readFileSync(new URL('../../../scripts/lab.d/cluster.yaml', import.meta.url), 'utf8');
    const cluster = parsed(text.replaceAll('@SUBNET@', '10.77.0'));
    assert.equal(cluster.limits.settleMs, 2000);
    assert.deepEqual(clusterWarnings(cluster), [
      'supported: debian 13 is not supported by the guide; on it you are on your own (deviation)',
      'supported: PostgreSQL 15 is not supported by the guide; on it you are on your own (deviation)',
      'backup.snapshots: none, because the machines of the lab are containers, which nothing can take snapshots of (deviation)',
    ]);
  });

  it('tells every fault at once, each with line, column and key', () => {
    const text = `${changed('10.77.0.12', 'nowhere!').replace('/opt/v', '../v')}limits: { settle: 5 }\n`;
    assert.deepEqual(faults(text), [
      'c.yaml:4:18: nodes.n2.address: must be an IP address or a host name, such as 10.77.0.11',
      'c.yaml:7:20: application.version.file: must be an absolute path without spaces and .., such as /opt/flotomate',
      'c.yaml:9:19: limits.settle: must be a duration with its unit, such as 2m (ms, s, m, h, d)',
    ]);
  });

  it('asks what an unknown key was meant to be, and says which ones come later', () => {
    const text = `${small}observr: {}\nhooks: { days: [sat] }\nlimits: { zzz: 1, settled: 5s }\n`;
    const told = faults(text);
    assert.ok(told.includes('c.yaml:9:1: observr: there is no such key; did you mean observer?'), told.join('\n'));
    assert.ok(told.includes('c.yaml:10:1: hooks: not supported by this version of Baton; remove it'));
    assert.ok(told.includes('c.yaml:11:19: limits.settled: there is no such key; did you mean settle?'));
    assert.match(told.at(2) ?? '', /c\.yaml:11:11: limits\.zzz: there is no such key; there are replicationLag, /);
    assert.match(faults(changed('role: master', 'rolle: master'))[1] ?? '', /nodes\.n1\.rolle: .* did you mean role\?/);
  });
});

describe('cluster file that is not what it must be', () => {
  const cases: [string, string, RegExp][] = [
    ['broken YAML', `${small}limits: { settle: 5s\n`, /^c\.yaml:1\d:1: .*flow/i],
    ['a key that stands twice', `${small}cluster: other\n`, /^c\.yaml:9:1: .*unique/],
    ['an unknown tag', changed('lab', '!!js/function "lab"'), /^c\.yaml:1:10: .*tag/],
    ['bytes that are no UTF-8', changed('lab', 'l\uFFFDb'), /^c\.yaml:1:11: .*UTF-8/],
    ['a list', '- a\n', /c\.yaml:1:1: must hold the keys/],
    ['nothing', '', /c\.yaml:1:1: must hold the keys/],
    ['two documents', `${small}---\na: 1\n`, /multiple documents/],
    ['more than 256 kB', `${small}# ${'x'.repeat(300_000)}\n`, /larger than/],
    ['a bomb of aliases', `${small}x: ${bomb()}\n`, /alias/i],
    ['no master', changed('role: master', 'role: standby'), /c\.yaml:3:3: nodes: there is no master of tier app/],
    ['two masters', changed('role: standby', 'role: master'), /n1 and n2 are both master of tier app/],
    ['no observer', changed('  n3: { address: 10.77.0.13, role: observer }\n', ''), /there is no observer/],
    [
      'two observers',
      changed('role: observer }', 'role: observer }\n  n4: { address: a4, role: observer }'),
      /exactly one/,
    ],
    ['an observer with tiers', changed('observer }', 'observer, tiers: [db] }'), /an observer has no tiers/],
    ['a tier that nobody has', changed('role: master }', 'role: master, tiers: [app] }'), /no master of tier db/],
    [
      'an address that stands twice',
      changed('.12', '.11'),
      /nodes\.n2\.address: 10\.77\.0\.11 is the address of n1 too/,
    ],
    ['an address with an octet too large', changed('10.77.0.12', '10.77.0.999'), /nodes\.n2\.address/],
    ['an IPv6 address that is none', changed('10.77.0.12', '"fe80::zz"'), /nodes\.n2\.address/],
    [
      'a pattern that does not compile',
      changed('^(.+)$', '^(.+'),
      /c\.yaml:7:37: application\.version\.pattern: Invalid/,
    ],
    ['a pattern without a group', changed('^(.+)$', '^.+$'), /needs a group/],
    ['a pattern that may take for ever', changed('^(.+)$', '^((a+)+)$'), /take for ever/],
    ['a pattern that is too long', changed('^(.+)$', `(${'a'.repeat(400)})`), /at most 300/],
    ['an address of another scheme', changed('http://10.77.0.10/', 'file:///etc/passwd'), /http:\/\/ or https:\/\//],
    ['an address with a password', changed('http://', 'http://u:p@'), /without user and password/],
    ['a table without a schema', `${small}database: { parity: [request] }\n`, /schema\.table/],
    ['an empty list of tables', `${small}database: { parity: [] }\n`, /at least one table/],
    ['a share of 100%', `${small}limits: { diskFree: 100% }\n`, /0% to 99%/],
    ['a size without unit', `${small}limits: { replicationLag: 16 }\n`, /with its unit/],
    ['a suspension of a second', `${small}limits: { suspension: 1s }\n`, /from 1m to 24h/],
    ['a star in the middle of a path', `${small}observer: { logs: /opt/*/ha.log }\n`, /last part/],
    ['the same unit twice', `${small}observer: { units: [ha, ha.service] }\n`, /different units/],
  ];
  for (const [what, text, expected] of cases)
    it(`${what} is refused`, () => {
      const told = faults(text);
      assert.match(told.join('\n'), expected);
      for (const line of told) assert.match(line, /^c\.yaml(:\d+:\d+)?: |^and \d+ more$/);
    });

  const evil = ['-x', '../a', '$(id)', '`id`', 'a\\nb', "a'b", 'a b', 'a;b', 'A', '', 'ä', 'a'.repeat(40)];
  for (const name of evil)
    it(`the name ${JSON.stringify(name.slice(0, 12))} is refused for cluster, node, unit and database`, () => {
      const quoted = `"${name}"`;
      assert.ok(faults(changed('cluster: lab', `cluster: ${quoted}`)).length > 0);
      assert.ok(faults(changed('n2:', `${quoted}:`)).length > 0);
      if (name === 'A' || name.length > 20) return;
      assert.ok(faults(`${small}web: { unit: ${quoted} }\n`).length > 0);
      assert.ok(faults(`${small}database: { name: ${quoted} }\n`).length > 0);
      assert.ok(faults(`${small}files: { root: ${quoted} }\n`).length > 0);
    });
});

describe('ticket requests in the cluster file', () => {
  const withTicket = (create: string, find: string, remove: string, rest = 'row: { table: a.b, column: c }'): string =>
    changed(
      'application:\n',
      `application:\n  ticket:\n    create: ${create}\n    find: ${find}\n    remove: ${remove}\n    ${rest}\n`,
    ).replaceAll('§', '$');
  const good = [
    "{ path: /t, body: { s: '§{marker}' } }",
    "{ path: '/t?q=§{marker}', id: /0/id }",
    "{ path: '/t/§{id}' }",
  ] as const;

  it('have methods and statuses by default', () => {
    const ticket = parsed(withTicket(...good)).application.ticket;
    assert.deepEqual([ticket?.create.method, ticket?.create.expectStatus], ['POST', 201]);
    assert.deepEqual([ticket?.find.method, ticket?.find.expectStatus], ['GET', 200]);
    assert.deepEqual([ticket?.remove.method, ticket?.remove.expectStatus], ['DELETE', 204]);
  });

  const cases: [string, string, RegExp][] = [
    [
      'a search that does not name the ticket',
      withTicket(good[0], '{ path: /t, id: /0/id }', good[2]),
      /find\.path: needs \$\{marker\}/,
    ],
    ['a removal that names no ticket', withTicket(good[0], good[1], '{ path: /t }'), /remove\.path: needs \$\{id\}/],
    ['a place that nobody fills', withTicket(good[0], good[1], "{ path: '/t/§{id}/§{x}' }"), /has \$\{x\}/],
    ['a token in an address', withTicket(good[0], good[1], "{ path: '/t/§{id}?t=§{token}' }"), /belongs into a header/],
    [
      'a token without its file',
      withTicket(good[0], good[1], "{ path: '/t/§{id}', headers: { A: '§{token}' } }"),
      /tokenFile: is needed/,
    ],
    ['a search without the id', withTicket(good[0], "{ path: '/t?q=§{marker}' }", good[2]), /find\.id/],
    [
      'a search that is no GET',
      withTicket(good[0], "{ path: '/t?q=§{marker}', id: /0, method: POST }", good[2]),
      /must be GET/,
    ],
    [
      'a header of two lines',
      withTicket(good[0], good[1], '{ path: \'/t/§{id}\', headers: { A: "b\\nc" } }'),
      /one line/,
    ],
    ['a path of another host', withTicket(good[0], good[1], "{ path: '//evil/§{id}' }"), /begins with one \//],
  ];
  for (const [what, text, expected] of cases)
    it(`${what} is refused`, () => assert.match(faults(text).join('\n'), expected));
});

/** Nine levels of nine aliases each. */
function bomb(): string {
  const levels = Array.from({ length: 9 }, (_, level) =>
    level === 0 ? '&a0 [x,x,x]' : `&a${level} [${Array.from({ length: 9 }, () => `*a${level - 1}`).join(',')}]`,
  );
  return `[${levels.join(',')}]`;
}
