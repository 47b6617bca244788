// The lab itself: what plays ServiceOps does what the tests take for granted, and cuts cut what they name.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ClusterDocument } from '../../shared/documents.ts';
import { baton, batonJson, lab, labName, onNode, setInstaller, waitFor } from './lab.ts';
import { runEnds, showRun, startAfresh, stateOf, upgrade } from './scenario.ts';

const root = resolve(import.meta.dirname, '../..');
const installerLog = async (node: string) => (await onNode(node, 'cat /var/log/standin-installer.log')).split('\n');
const subnet = async () => /subnet (\d+\.\d+\.\d+)\.0/.exec(await lab('status'))?.[1] ?? '';
const token = '"Authorization: Bearer $(cat /etc/baton/ticket-token)"';

/** Copies a file of this machine into a node, executable. */
async function copyTo(node: string, file: string, to: string): Promise<void> {
  await new Promise<void>((done, failed) => {
    const child = execFile(
      join(root, 'scripts/lab'),
      ['exec', node, '--', 'sh', '-c', `cat > ${to} && chmod 0700 ${to}`],
      { env: { ...process.env, BATON_LAB: labName } },
      (error) => (error ? failed(error) : done()),
    );
    if (child.stdin) createReadStream(file).pipe(child.stdin);
  });
}

describe('the stand-in installer', () => {
  before(async () => await startAfresh());

  it('refuses while the services are up, and its log has start and end', async () => {
    const copy = '/root/installer-by-hand';
    await copyTo('n1', await lab('installer'), copy);
    assert.equal(await onNode('n1', `${copy} >/dev/null 2>&1; echo $?; rm ${copy}`), '3');
    const [start, end] = (await installerLog('n1')).slice(-2);
    assert.match(start ?? '', /^start \S+Z 8\.7\.0 \S+$/);
    assert.match(end ?? '', /^end \S+Z 3 \S+$/);
    assert.equal(await stateOf('n1', 'ft-main-server'), 'active');
  });

  it('ends with the status that it is told to, and the run halts naming it', async () => {
    await lab('reset');
    await setInstaller(['n1'], { DURATION_S: 1, EXIT: 7 });
    assert.equal((await upgrade()).exitCode, 1);
    const run = await showRun();
    assert.equal(run.status, 'halted', run.message);
    assert.match(run.halt?.message ?? '', /ended with 7/);
    assert.match((await installerLog('n1')).at(-1) ?? '', /^end \S+Z 7 \S+$/);
    await baton('run', 'abort', run.id, '--yes', '--reason', 'seen');
    assert.equal((await runEnds(run.id)).status, 'aborted');
  });
});

describe('a cut', () => {
  after(async () => await lab('heal'));

  it('of two nodes keeps these two apart and nobody else', async () => {
    const reaches = async (from: string, to: string) =>
      await onNode(from, `timeout 2 bash -c '</dev/tcp/${await subnet()}.1${to.slice(1)}/22' && echo yes || echo no`);
    const pairs = [
      ['n1', 'n2'],
      ['n2', 'n1'],
      ['n1', 'n3'],
      ['n3', 'n1'],
      ['n2', 'n3'],
      ['n3', 'n2'],
    ] as const;
    const all = async () => await Promise.all(pairs.map(([from, to]) => reaches(from, to)));
    assert.deepEqual(await all(), ['yes', 'yes', 'yes', 'yes', 'yes', 'yes']);
    await lab('cut', 'n1', 'n2');
    assert.deepEqual(await all(), ['no', 'no', 'yes', 'yes', 'yes', 'yes']);
    const { document } = await batonJson<{ nodes: { connected: boolean }[] }>('node', 'ls');
    assert.ok(document.nodes.every((node) => node.connected));
    await lab('heal');
    assert.deepEqual(await all(), ['yes', 'yes', 'yes', 'yes', 'yes', 'yes']);
  });
});

describe('the stand-in observer', () => {
  before(async () => await lab('reset'));

  it('fails over when the master is gone: the standby serves and takes tickets at the floating address', async () => {
    const portal = `http://${await subnet()}.10`;
    assert.equal(await stateOf('n3', 'ha'), 'active');
    await lab('power-off', 'n1');
    const subject = 'after-the-failover';
    await waitFor('a ticket at the floating address', async () => {
      const body = `-d '{"subject":"${subject}","body":"x"}' -H 'Content-Type: application/json'`;
      const line = `curl -s -m 3 -o /dev/null -w '%{http_code}' -H ${token} ${body} ${portal}/api/tickets || true`;
      return (await onNode('n3', line)) === '201';
    });
    assert.equal(await onNode('n3', `curl -s -m 3 -o /dev/null -w '%{http_code}' ${portal}/`), '200');
    assert.match(await onNode('n2', 'ip -o -4 address'), new RegExp(` ${portal.slice(7).replaceAll('.', '\\.')}/`));
    const count = `SELECT count(*) FROM apolo.request WHERE subject = '"'"'${subject}'"'"' AND NOT pg_is_in_recovery();`;
    assert.equal(await onNode('n2', `cd / && sudo -u postgres psql -d flotoitsmdb -tAc '${count}'`), '1');
  });

  it('is undone by a reset: the master is back, and the standby follows it', async () => {
    await lab('reset');
    const { document } = await waitFor('all agents connected', async () => {
      const shown = await batonJson<ClusterDocument>('cluster', 'show', 'lab');
      return shown.exitCode === 0 && shown;
    });
    assert.deepEqual(
      document.nodes.map(({ name, is, agent }) => [name, is, agent]),
      [
        ['n1', 'primary', 'connected'],
        ['n2', 'standby', 'connected'],
        ['n3', 'none', 'connected'],
      ],
    );
    assert.equal(document.portal.status, 200);
    assert.equal(document.failover.state, 'armed');
  });
});
