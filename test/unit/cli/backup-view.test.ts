// Backups as an operator reads them.
import assert from 'node:assert/strict';
import { backupsView } from '../../../coordinator/cli/view/backup-view.ts';
import { paintWhen } from '../../../coordinator/cli/view/text.ts';
import { sampleBackups } from './sample-backups.ts';

const plainly = paintWhen(false);

describe('the list of backups', () => {
  const text = backupsView(sampleBackups(), plainly);

  it('has a line for each with state, size and the parts of each node', () => {
    assert.match(text, /\+ Backups of cluster lab -/);
    assert.match(
      text,
      /\| upgrade-1a2b3c4d \| 2026-11-21 02:14:00 UTC \| verified +\| +4\.0 GB \| n1 application database, n2 application \|/,
    );
  });
  it('says of each what is missing or was not finished', () => {
    assert.match(text, /^ backup-00000001: without n1 database$/m);
    assert.match(text, /^ backup-00000001: not finished: n2 application$/m);
  });
  it('says when a scratch cluster had its rows', () => {
    assert.match(text, /upgrade-1a2b3c4d .*\| 2026-11-21 02:20:00 UTC \|/);
  });
  it('says where they lie, how many are kept and what is free', () => {
    assert.match(text, /In \/var\/backups\/baton of each node; 3 are kept\./);
    assert.match(text, /n1: 50\.0 GB free/);
  });
  it('says which node could not be asked, and nothing that a terminal obeys', () => {
    assert.match(text, /^ n2: no answer$/m);
    assert.ok(!text.includes('\u001b'));
  });
  it('says the schedule, its next and last time, and what was missed and why', () => {
    assert.match(
      text,
      /Schedule: 30 0 \* \* \* \(Asia\/Kolkata\), next 2026-11-22 19:00:00 UTC, last .* by run backup-00000001/,
    );
    assert.match(text, /Missed: the one of 2026-11-20 19:00:00 UTC: no coordinator was there/);
  });
  it('says how to take one where there is none', () => {
    const { schedule: _, ...bare } = { ...sampleBackups(), backups: [] };
    const empty = backupsView(bare, plainly);
    assert.match(empty, /There is no backup of cluster lab yet\. Take one: baton backup take lab/);
    assert.match(empty, /Schedule: none/);
  });
});
