// Where there is no way back as things are: said before anything is touched, each time with what to do.
import assert from 'node:assert/strict';
import { labCluster, schemaDigest, writtenDigest } from '../checks/world.ts';
import { cluster, factsOf, rollBackFrom, stoppedAt, upgrade } from './rollback-facts.ts';

describe('a rollback is refused before anything is touched', () => {
  const refusal = (...[facts, site]: Parameters<typeof rollBackFrom>): string => {
    const result = rollBackFrom(facts, site);
    assert.ok(!result.ok, 'it was compiled');
    assert.equal(result.failure.code, 'not-in-state');
    assert.match(result.failure.message, /nothing was touched/);
    return result.failure.message;
  };
  const facts = factsOf(stoppedAt('standby.install'));

  it('where a part is gone, unfinished or was never verified, and names its place', () => {
    for (const [node, part] of [
      ['n1', 'application'],
      ['n2', 'application'],
      ['n1', 'database'],
      ['n2', 'configuration'],
    ]) {
      const others = facts.parts.filter((one) => one.node !== node || one.part !== part);
      const own = facts.parts.find((one) => one.node === node && one.part === part);
      assert.ok(own);
      const place = new RegExp(`${node}: /var/backups/baton/upgrade-1/${part} is not there or not whole`);
      assert.match(refusal({ ...facts, parts: others }), place);
      assert.match(refusal({ ...facts, parts: [...others, { ...own, complete: false }] }), place);
      const { verifiedAtMs: _, ...unverified } = own;
      assert.match(refusal({ ...facts, parts: [...others, unverified] }), /was never verified.*baton backup verify/);
    }
  });

  it('but not for parts that it does not need', () => {
    const first = factsOf(stoppedAt('master.install'));
    assert.ok(rollBackFrom({ ...first, parts: first.parts.filter(({ node }) => node === 'n1') }).ok);
    assert.ok(rollBackFrom({ ...factsOf(stoppedAt('master.stop-services')), parts: [] }).ok);
  });

  it('where somebody asks to keep a database that may not be kept', () => {
    const keep = { ...facts, database: 'keep' as const };
    const now = { schemaDigest, writtenDigest };
    const migrated = { ...now, schemaDigest: 'aa'.repeat(32) };
    assert.match(refusal({ ...keep, databaseNow: migrated }), /no longer that of the backup/);
    assert.match(refusal(keep), /cannot be kept: it could not be read; leave --database keep out/);
    const parts = facts.parts.map((part) => ({ ...part, schemaDigest: '' }));
    assert.match(refusal({ ...keep, databaseNow: now, parts }), /does not say what its schema was/);
  });

  it('where somebody has installed a third version since, but not where the version cannot be read', () => {
    assert.match(
      refusal({ ...facts, installedNow: { n1: '8.7.1', n2: '8.6.0' } }),
      /n1: 8\.7\.1 is installed now, neither 8\.6\.0 that run upgrade-1 came from nor 8\.7\.0 that it went to/,
    );
    for (const installedNow of [{}, { n1: '8.7.0', n2: '8.6.0' }])
      assert.ok(rollBackFrom({ ...facts, installedNow }).ok);
  });

  it('where the run took no backup at all', () => {
    const plan = { ...upgrade, items: upgrade.items.filter(({ phase }) => phase !== 'Back up') };
    assert.match(
      refusal({ ...facts, plan, parts: [] }),
      /took no backup.*installer was started on n2.*Rollback to Previous Version/,
    );
  });

  it('where the roles have moved, where both databases are primaries, and where none is', () => {
    const primary = { is: 'primary' } as const;
    const standby = { is: 'standby' } as const;
    assert.match(
      refusal({ ...facts, databases: { n1: standby, n2: primary } }),
      /n2 is the primary now, not n1.*baton recover lab .*back to n1 first/,
    );
    assert.match(
      refusal({ ...facts, databases: { n1: primary, n2: primary } }),
      /n1 and n2 are both primaries: baton recover lab .*--primary/,
    );
    assert.match(
      refusal({ ...facts, databases: { n1: standby, n2: standby } }),
      /no database is the primary now.*baton recover lab/,
    );
  });

  it('where nobody can say what a database is', () => {
    assert.match(
      refusal({ ...facts, databases: { n1: { is: 'primary' }, n2: { unread: 'psql: no server' } } }),
      /n2: .*could not be read \(psql: no server\)/,
    );
    assert.match(refusal({ ...facts, databases: { n1: { is: 'primary' } } }), /n2: .*it was not asked/);
  });

  it('and may be asked for again where the agent of a database is only away', () => {
    const databases = { n1: { is: 'primary' as const }, n2: { unread: 'n2 is not connected', isAway: true } };
    const result = rollBackFrom({ ...facts, databases });
    assert.ok(!result.ok);
    const { code, retryable, message } = result.failure;
    assert.deepEqual([code, retryable], ['unreachable', true]);
    assert.match(message, /n2: .*could not be read \(n2 is not connected\)/);
  });

  it('where the run did not read what was installed before it', () => {
    const { 'preflight.versions': _, ...items } = facts.state.items;
    assert.match(
      refusal({ ...facts, state: { ...facts.state, items } }),
      /n1: run upgrade-1 did not read which version/,
    );
  });

  it('where the cluster file no longer names a node that the run has worked on', () => {
    const other = labCluster((text) => text.replaceAll('n2', 'n4'));
    assert.match(refusal(facts, other), /has worked on n2, which the cluster file no longer names/);
  });

  it('where the cluster file names other roles by now: which database is restored would follow from them', () => {
    const swapped = labCluster((text) =>
      `${text}backup: { snapshots: { none: 'the hypervisor has no room' } }\n`
        .replace('role: master', 'role: once')
        .replace('role: standby', 'role: master')
        .replace('role: once', 'role: standby'),
    );
    const databases = { n1: { is: 'standby' }, n2: { is: 'primary' } } as const;
    for (const id of ['master.install', 'standby.install'])
      assert.match(
        refusal({ ...factsOf(stoppedAt(id)), databases }, swapped),
        /other roles.*n1 was master of .*n2 was standby of .*apply the file that it was started with/,
        id,
      );
  });

  it('and the cluster that is asked for is what counts', () => {
    assert.ok(rollBackFrom(facts, cluster).ok);
  });
});
