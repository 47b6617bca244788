// An upgrade that is taken back on real machines: the cluster is as before, and what was written since is set aside.
import assert from 'node:assert/strict';
import type { PlanDocument, RunDocument, RunStartedDocument } from '../../shared/documents.ts';
import { baton, batonJson, lab, onNode, setInstaller, waitFor } from './lab.ts';
import { runEnds, showRun, startAfresh, stateOf, upgrade, versionOn } from './scenario.ts';

const psql = (node: string, sql: string, database = 'flotoitsmdb') =>
  onNode(node, `cd / && runuser -u postgres -- psql -X -q -A -t -v ON_ERROR_STOP=1 -d ${database} -c "${sql}"`);
const rows = (node: string) =>
  psql(
    node,
    "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '' ORDER BY t::text)), '') FROM apolo.request t",
  );
const units = ['elasticsearch', 'ft-analytics-server', 'ft-main-server', 'nginx', 'file-sync', 'postgresql@15-main'];
const asides = () =>
  psql(
    'n1',
    "SELECT coalesce(string_agg(datname, ' '), '') FROM pg_database WHERE datname LIKE 'baton-aside-%'",
    'postgres',
  );

/** Everything of the cluster that a rollback promises to bring back. */
async function pictureOf(): Promise<Record<string, string>> {
  const picture: Record<string, string> = {};
  for (const node of ['n1', 'n2']) {
    picture[`${node} version`] = await versionOn(node);
    picture[`${node} tree`] = await onNode(
      node,
      "cd /opt/flotomate && find . -path ./main-server/filedb -prune -o -path ./main-server/logs -prune -o -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum; find . -path ./main-server/filedb -prune -o -path ./main-server/logs -prune -o -printf '%p %m %u %g\\n' | sort | sha256sum",
    );
    picture[`${node} filedb`] = await onNode(
      node,
      'cd /opt/flotomate/main-server/filedb && find . -type f | sort | sha256sum',
    );
    for (const unit of units)
      picture[`${node} ${unit}`] =
        `${await stateOf(node, unit)} ${await onNode(node, `systemctl is-enabled ${unit} || true`)}`;
    picture[`${node} rows`] = await rows(node);
  }
  picture.observer = `${await stateOf('n3', 'ha')} ${await onNode('n3', 'systemctl is-enabled ha')}`;
  return picture;
}

async function assertAsBefore(before: Record<string, string>): Promise<void> {
  await waitFor('the standby has replayed', async () => (await rows('n2')) === (await rows('n1')));
  assert.deepEqual(await pictureOf(), before);
}
const rollBack = async () => await batonJson<RunDocument>('run', 'rollback', 'latest', '--yes');

describe('an upgrade that is taken back', () => {
  let steady: Record<string, string>;
  before(async () => {
    await startAfresh();
    steady = await pictureOf();
  });

  it('from the middle of the master’s installer: the cluster is as before, with what was written since set aside', async () => {
    await setInstaller(['n1'], { DURATION_S: 2, FAIL_AT: 90 });
    assert.equal((await upgrade()).exitCode, 1);
    const halted = await showRun();
    assert.match(halted.next.map(({ command }) => command).join('\n'), /run rollback/);
    await psql('n1', "INSERT INTO apolo.request (subject) VALUES ('written since')");

    const plan = await batonJson<PlanDocument>('plan', 'rollback', 'lab', '--of', halted.id);
    assert.match(plan.document.costs?.join('\n') ?? '', /apolo\.request: at least [1-9]\d* rows written since/);
    assert.equal((await showRun(halted.id)).status, 'halted', 'a dry run says nothing to it');

    const { exitCode, document, stderr } = await rollBack();
    assert.equal(exitCode, 0, stderr.slice(-3000));
    assert.equal(document.status, 'rolled-back');
    await assertAsBefore(steady);
    const original = await showRun(halted.id);
    assert.deepEqual(
      [original.status, original.rolledBackBy, original.failover],
      ['rolled-back', document.id, 'armed'],
    );

    const aside = `baton-aside-${document.id}`;
    assert.equal(await asides(), aside);
    // Nobody is let in by mistake; who looks for something in it says so.
    await psql('n1', `ALTER DATABASE \\"${aside}\\" ALLOW_CONNECTIONS true`, 'postgres');
    assert.equal(await psql('n1', "SELECT count(*) FROM apolo.request WHERE subject = 'written since'", aside), '1');
    const finalized = await baton('run', 'finalize', document.id, '--yes');
    assert.equal(finalized.exitCode, 0, finalized.stderr);
    assert.equal(await asides(), '');
  });

  it('from the standby’s installer, the coordinator killed as soon as it has taken the cluster over: the same', async () => {
    await setInstaller(['n1'], { DURATION_S: 2 });
    await setInstaller(['n2'], { DURATION_S: 2, FAIL_AT: 90 });
    assert.equal((await upgrade()).exitCode, 1);
    const started = await batonJson<RunStartedDocument>('run', 'rollback', 'latest', '--yes', '--detach');
    assert.equal(started.exitCode, 0, started.stderr);
    await lab('coordinator', 'kill');
    await lab('coordinator', 'start');
    const ended = await runEnds(started.document.run);
    assert.equal(ended.status, 'rolled-back', ended.message);
    await assertAsBefore(steady);
  });

  it('after it has succeeded: the same', async () => {
    await setInstaller(['n1', 'n2'], { DURATION_S: 2 });
    const upgraded = await upgrade();
    assert.equal(upgraded.exitCode, 0, upgraded.stderr.slice(-3000));
    const { exitCode, stderr } = await rollBack();
    assert.equal(exitCode, 0, stderr.slice(-3000));
    await assertAsBefore(steady);
  });
});
