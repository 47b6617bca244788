// A database upgrade on real machines: refused where pg_upgrade finds what it cannot carry over; then one that halts where the
// HA script fails and where a slot is gone, says so, and ends well; the old servers are given up last.
import assert from 'node:assert/strict';
import type { PlanDocument, RunDocument } from '../../shared/documents.ts';
import { baton, batonJson, onNode, waitFor } from './lab.ts';
import { showRun, startAfresh, stateOf } from './scenario.ts';

const psql = (node: string, sql: string) =>
  onNode(node, `cd / && runuser -u postgres -- psql -XqAt -v ON_ERROR_STOP=1 -d flotoitsmdb -c "${sql}"`);
const servers = (node: string) => onNode(node, "pg_lsclusters -h | awk '{print $1, $3, $4}'");
const content = (node: string) =>
  psql(node, "SELECT count(*) || ' ' || md5(string_agg(t::text, '' ORDER BY t::text)) FROM apolo.request t");
const isStandby = (node: string) => psql(node, 'SELECT pg_is_in_recovery()');
const toldUnit = (node: string) => onNode(node, 'grep ^DATABASE_UNIT= /opt/HA/conf/ha.conf');
const dbUpgrade = () => batonJson<RunDocument>('db-upgrade', 'lab', '--to', '17', '--yes');
const retry = () => batonJson<RunDocument>('run', 'retry', 'latest', '--yes');
const next = (run: RunDocument) => run.next.map(({ command }) => command).join('\n');

describe('a database upgrade', () => {
  let held = '';

  // Without a backup, which has tests of its own and takes its time.
  const quickly = (text: string) => text.replace(/^backup:[\s\S]*$/m, '');

  it('is refused where pg_upgrade finds what it cannot carry over, before anything is touched', async () => {
    await startAfresh(quickly);
    held = await content('n1');
    await psql('n1', 'CREATE TABLE apolo.planted (rights aclitem)');
    try {
      const { exitCode, document } = await dbUpgrade();
      assert.equal(exitCode, 1);
      assert.equal(document.status, 'failed', document.message);
      assert.match(document.message, /pg_upgrade[\s\S]*aclitem/);
      assert.equal(document.failover, 'armed');
      for (const node of ['n1', 'n2']) assert.match(await servers(node), /^15 5432 online[^\n]*$/);
      const suspend = document.steps.find(({ id }) => id === 'suspend-failover');
      assert.equal(suspend?.startedAt, undefined, 'failover was suspended for nothing');
    } finally {
      await psql('n1', 'DROP TABLE apolo.planted');
    }
  });

  it('halts where master.sh fails: clients are served by the upgraded master, nothing is written to the standby', async () => {
    const plan = await batonJson<PlanDocument>('plan', 'db-upgrade', 'lab', '--to', '17');
    assert.match(
      plan.document.items.find(({ id }) => id === 'master.check-server')?.commands.join('\n') ?? '',
      /pg_upgrade/,
    );
    await onNode(
      'n2',
      "cp -p /opt/HA/master.sh /opt/HA/master.sh.kept && printf 'echo no quorum >&2\\nexit 1\\n' > /opt/HA/master.sh",
    );
    const { exitCode, document } = await dbUpgrade();
    assert.equal(exitCode, 1);
    assert.equal(document.halt?.item, 'standby.promote', document.message);
    assert.match(document.halt?.message ?? '', /master\.sh.* 1/);
    assert.match(document.halt?.evidence ?? '', /no quorum/);
    assert.ok(document.halt?.runsNow.includes('n1: ft-main-server'), document.halt?.runsNow.join());
    assert.ok(document.halt?.runsNow.some((unit) => unit.startsWith('n1: postgresql@17-main')));
    assert.equal(document.failover, 'suspended');
    assert.match(next(document), /run retry[\s\S]*run abort/);
    // Fenced: the application's own user is not let in, wherever it comes from.
    const refused = await onNode('n2', "psql -h 127.0.0.1 -U serviceops -d flotoitsmdb -c 'SELECT 1' 2>&1 || true");
    assert.match(refused, /no pg_hba\.conf entry|rejects connection/);
    assert.equal(await isStandby('n2'), 't');
  });

  it('halts where the slot of the standby is gone', async () => {
    await onNode('n2', 'mv /opt/HA/master.sh.kept /opt/HA/master.sh');
    // Somebody who removes what he doesn't know, as soon as it is there.
    await onNode(
      'n1',
      'systemd-run --unit=slot-remover --quiet sh -c \'cd /; while sleep 0.1; do runuser -u postgres -- psql -XqAtc "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active"; done\'',
    );
    const { document } = await retry();
    assert.equal(document.halt?.item, 'master.create-slot', document.message);
    assert.match(document.halt?.message ?? '', /there is no slot n2/);
    assert.match(await servers('n2'), /^17 5432 online$/m);
    await onNode('n1', 'systemctl stop slot-remover');
  });

  it('ends with the newer servers, streaming, as they were before', async () => {
    const { exitCode, document, stderr } = await retry();
    assert.equal(exitCode, 0, stderr.slice(-3000));
    assert.equal(document.status, 'succeeded', document.message);
    assert.equal(document.failover, 'armed');
    assert.ok((document.portal?.downMs ?? 0) > 0);
    for (const node of ['n1', 'n2']) {
      assert.match(await servers(node), /^15 \d+ down\n17 5432 online/);
      assert.equal(await toldUnit(node), 'DATABASE_UNIT=postgresql@17-main');
    }
    assert.deepEqual([await isStandby('n1'), await isStandby('n2')], ['f', 't']);
    assert.equal(await content('n1'), held);
    await waitFor('the standby has replayed', async () => (await content('n2')) === held);
    assert.equal(await stateOf('n3', 'ha'), 'active');
  });

  it('gives the old servers up with run finalize, and with them the way back', async () => {
    const upgrade = await showRun();
    const { exitCode, stderr } = await baton('run', 'finalize', upgrade.id, '--yes');
    assert.equal(exitCode, 0, stderr.slice(-3000));
    for (const node of ['n1', 'n2']) {
      assert.match(await servers(node), /^17 5432 online[^\n]*$/);
      assert.equal(await onNode(node, 'ls /var/lib/postgresql'), '17');
    }
  });

  after(async () => {
    await onNode('n1', 'systemctl stop slot-remover 2>/dev/null || true');
    await onNode('n2', 'test ! -e /opt/HA/master.sh.kept || mv /opt/HA/master.sh.kept /opt/HA/master.sh');
    // One that stands can only go on: an abort would not find replication.
    if (['halted', 'awaiting-operator'].includes((await showRun()).status)) await retry();
  });
});
