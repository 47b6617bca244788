// The roles have moved while a run stood: a recovery takes over from it, keeps what the new primary has, and ends in the
// assigned roles with nothing lost on either side.
import assert from 'node:assert/strict';
import type { PlanDocument, RunDocument } from '../../shared/documents.ts';
import { baton, batonJson, onNode, waitFor } from './lab.ts';
import { runEnds, showRun, startAfresh, startUpgrade, stateOf } from './scenario.ts';

const psql = (node: string, sql: string) =>
  onNode(node, `cd / && runuser -u postgres -- psql -X -q -A -t -v ON_ERROR_STOP=1 -d flotoitsmdb -c "${sql}"`);
const rows = (node: string) =>
  psql(node, "SELECT count(*) || ' ' || md5(string_agg(t::text, '' ORDER BY t::text)) FROM apolo.request t");
const filedb = '/opt/flotomate/main-server/filedb';
const files = (node: string) =>
  onNode(node, `cd ${filedb} && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum`);
const services = ['elasticsearch', 'ft-analytics-server', 'ft-main-server', 'nginx', 'file-sync'];
const asides = (node: string) => onNode(node, 'ls -d /var/lib/postgresql/15/main.baton-aside-* 2>/dev/null | wc -l');
const addresses = (node: string) => onNode(node, 'ip -o -4 address show dev host0 | grep -cF .10/ || true');

/** Every service, whether it starts at boot, and who has the clients' address. */
async function pictureOf(node: string): Promise<string[]> {
  const units = await Promise.all(
    services.map(async (unit) => `${unit} ${await onNode(node, `systemctl is-enabled ${unit} || true`)}`),
  );
  return [...units, await psql(node, 'SELECT pg_is_in_recovery()'), await addresses(node)];
}

describe('a recovery after a failover that came while a run stood', () => {
  let steady: string[][];
  let upgrade: string;
  before(async () => {
    await startAfresh();
    steady = [await pictureOf('n1'), await pictureOf('n2')];
    upgrade = await startUpgrade();
    await baton('run', 'pause', upgrade);
    assert.equal((await runEnds(upgrade)).status, 'awaiting-operator');
    await onNode('n1', 'systemctl mask --now ft-main-server');
    await waitFor('the observer has failed over', async () =>
      (await onNode('n3', 'cat /opt/HA/state/active')).includes('n2'),
    );
    await psql('n2', "INSERT INTO apolo.request (subject) VALUES ('written after the failover')");
    // As one that synchronization did not bring over any more.
    await onNode('n2', `systemctl stop file-sync && echo new > ${filedb}/only-on-n2.bin && systemctl start file-sync`);
    await onNode('n1', `rm -f ${filedb}/only-on-n2.bin`);
  });

  it('is planned from the side that took over, and says which run it ends', async () => {
    const { document } = await batonJson<PlanDocument>('plan', 'recover', 'lab');
    const costs = document.costs?.join('\n') ?? '';
    assert.match(costs, new RegExp(`${upgrade}.* is ended for it`));
    assert.match(costs, /n2 now: .*primary, running, timeline 2/);
    assert.match(costs, /kept is what n2 has/);
    assert.equal((await showRun(upgrade)).status, 'awaiting-operator', 'a dry run says nothing to it');
  });

  it('ends in the assigned roles, with the rows and files of both, and takes nothing away', async () => {
    const { exitCode, document, stderr } = await batonJson<RunDocument>('recover', 'lab', '--yes');
    assert.equal(exitCode, 0, stderr.slice(-3000));
    assert.equal(document.status, 'succeeded');
    assert.equal(document.failover, 'armed');
    const ended = await showRun(upgrade);
    assert.equal(ended.status, 'aborted');
    assert.match(ended.message, new RegExp(document.id));

    assert.deepEqual([await pictureOf('n1'), await pictureOf('n2')], steady);
    for (const unit of services) assert.equal(await stateOf('n1', unit), 'active', unit);
    for (const unit of services) assert.notEqual(await stateOf('n2', unit), 'active', unit);
    await waitFor('the standby has replayed', async () => (await rows('n2')) === (await rows('n1')));
    assert.equal(
      await psql('n1', "SELECT count(*) FROM apolo.request WHERE subject = 'written after the failover'"),
      '1',
    );
    assert.equal(await onNode('n1', `cat ${filedb}/only-on-n2.bin`), 'new');
    assert.equal(await files('n1'), await files('n2'));
    for (const node of ['n1', 'n2']) assert.equal(await asides(node), '1', `${node} keeps what it had`);
    assert.equal(await onNode('n3', 'cat /opt/HA/state/active'), 'n1');
    assert.equal(await stateOf('n3', 'ha'), 'active');
  });
});
