// The main job: from 8.6.0 to 8.7.0 in the guide's order, and the dry run held against what the journal says was done.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PlanDocument, RunDocument } from '../../shared/documents.ts';
import type { ReportDocument } from '../../shared/report-document.ts';
import { baton, batonJson, lab, onNode, waitFor } from './lab.ts';
import { assertUpgraded, runEnds, showRun, startAfresh, startUpgrade, upgradeArguments } from './scenario.ts';

describe('the application upgrade', () => {
  let plan: PlanDocument;
  let run: RunDocument;
  let outputs: { rows: string; files: string };

  before(async () => {
    await startAfresh();
    plan = (await batonJson<PlanDocument>('plan', 'upgrade', ...(await upgradeArguments()))).document;
    outputs = { rows: await ticketRows('n2'), files: await filesOn('n2') };
    run = await runEnds(await startUpgrade());
  });

  const ticketRows = async (node: string) =>
    await onNode(node, `sudo -u postgres psql -d flotoitsmdb -tAc 'SELECT COUNT(*) FROM apolo.request;'`);
  const filesOn = async (node: string) => await onNode(node, 'find /opt/flotomate/main-server/filedb -type f | wc -l');

  it('brings both nodes to the new version and leaves every service where the guide wants it', async () => {
    await assertUpgraded(run);
  });

  it('did what the dry run had printed, step by step, command by command', () => {
    const steps = run.steps.filter((step) => step.kind === 'step');
    assert.deepEqual(
      steps.map((step) => step.id),
      plan.items.filter((item) => item.kind === 'step').map((item) => item.id),
    );
    for (const step of steps) {
      const planned = plan.items.find((item) => item.id === step.id)?.commands ?? [];
      // Only values that do not exist before the run may differ.
      const expected = planned.map(
        (line) =>
          new RegExp(
            `^${line
              .replaceAll('{{run}}', '§run§')
              .replaceAll(/\{\{[a-zA-Z]+\}\}/g, '§any§')
              .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
              .replaceAll('§run§', run.id)
              .replaceAll('§any§', '[^ ]+?')}$`,
          ),
      );
      assert.equal(
        step.commands.length,
        expected.length,
        `${step.id}: ${step.commands.join('; ')} against ${planned.join('; ')}`,
      );
      step.commands.forEach((line, index) => {
        assert.match(line, expected[index] as RegExp, step.id);
      });
    }
  });

  it('measured how long the portal did not answer', () => {
    assert.ok(run.portal, 'no meter reading');
    assert.ok(run.portal.samples > 50, `${run.portal.samples} samples`);
    assert.ok(run.portal.downMs > 1000, `an installer of 2 s cannot leave the portal up: ${run.portal.downMs} ms`);
    // A loaded machine may miss a turn of 100 ms; a meter that was away would miss seconds.
    assert.ok(run.portal.unobservedMs < 1000, `${run.portal.unobservedMs} ms were not observed`);
  });

  it('removed its test ticket and its test file on both nodes', async () => {
    for (const node of ['n1', 'n2']) {
      await waitFor(`rows as before on ${node}`, async () => (await ticketRows(node)) === outputs.rows);
      await waitFor(`files as before on ${node}`, async () => (await filesOn(node)) === outputs.files);
    }
  });

  it('exports a journal that verifies anywhere, and a report that people can read', async () => {
    const exported = await baton('run', 'export', run.id);
    assert.equal(exported.exitCode, 0, exported.stderr);
    const file = join(tmpdir(), `baton-export-${process.pid}.jsonl`);
    await (await import('node:fs/promises')).writeFile(file, `${exported.stdout}\n`);
    assert.equal((await baton('run', 'verify', file)).exitCode, 0);
    await (await import('node:fs/promises')).writeFile(file, exported.stdout.replace('ItemSucceeded', 'ItemSucceedeD'));
    assert.equal((await baton('run', 'verify', file)).exitCode, 1);
    const page = join(tmpdir(), `baton-report-${process.pid}.html`);
    assert.equal((await baton('report', run.id, '--format', 'html', '--output', page)).exitCode, 0);
    assert.match(await readFile(page, 'utf8'), /8\.6\.0[\s\S]*8\.7\.0/);
    const { document: report } = await batonJson<ReportDocument>('report', run.id);
    assert.ok(
      report.curve?.spans.some(({ medianMs }) => medianMs !== undefined),
      'no answer’s time was measured',
    );
    assert.ok(
      report.logs.some(({ item, text }) => item === 'master.install' && text !== ''),
      'no end of the installer',
    );
    const sanity = report.readings.filter(({ item }) => item.endsWith('.sanity'));
    assert.deepEqual(
      sanity.flatMap(({ item, checks }) => checks.map(({ about, verdict }) => `${item} ${about} ${verdict}`)),
      ['preflight', 'verify'].flatMap((when) =>
        ['portal-page', 'tickets'].map((name) => `${when}.sanity ${name} pass`),
      ),
    );
  });

  it('refuses to accept that there is no room, and what is no check', async () => {
    for (const [accept, why] of [
      ['disk-space=x', /never accepted/],
      ['moon-phase=x', /there is no check .*files-equal/],
    ] as const) {
      const refused = await baton('check', 'lab', '--accept', accept);
      assert.equal(refused.exitCode, 2, refused.stderr);
      assert.match(refused.stderr, why);
    }
  });

  it('refuses to upgrade again to what is there', async () => {
    const again = await baton('upgrade', ...(await upgradeArguments()), '--yes');
    assert.equal(again.exitCode, 2, again.stderr);
    assert.match(again.stderr, /8\.7\.0/);
    assert.equal((await showRun()).id, run.id);
  });

  it('keeps the history over a reset of the lab', async () => {
    await lab('reset');
    assert.equal((await showRun(run.id)).status, 'succeeded');
  });
});
