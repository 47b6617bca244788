// Which backups go, as the agent decides when it removes some.
import assert from 'node:assert/strict';
import { outdatedBackups } from '../../../shared/outdated-backups.ts';

const parts = ['application', 'database'];
const part = (backup: string, name: string, madeAtMs: number, change = {}) => ({
  ...{ backup, part: name, complete: true, madeAtMs, verifiedAtMs: madeAtMs, ...change },
});
const whole = (backup: string, madeAtMs: number, change = {}) =>
  parts.map((name) => part(backup, name, madeAtMs, change));
const unverified = { verifiedAtMs: undefined };
const four = [4, 2, 1, 3].flatMap((number) => whole(`backup-${number}`, number));
const outdated = (present: typeof four, keep: number, ...pins: string[]) =>
  outdatedBackups(present, { keep, pins, parts });

describe('outdated backups', () => {
  it('are those beyond the newest that are kept, the oldest first', () => {
    assert.deepEqual(outdated(four, 3), ['backup-1']);
    assert.deepEqual(outdated(four, 1), ['backup-1', 'backup-2', 'backup-3']);
    assert.deepEqual(outdated(four, 4), []);
  });

  it('are never those that are pinned', () => {
    assert.deepEqual(outdated(four, 1, 'backup-1'), ['backup-2', 'backup-3']);
    assert.deepEqual(outdated(whole('upgrade-1', 1, { complete: false }), 1, 'upgrade-1'), []);
  });

  it('are not the newest whole one of an upgrade, not even where it is not verified', () => {
    const upgrades = [...whole('upgrade-1', 0.2), ...whole('db-upgrade-2', 0.5, unverified), ...four];
    assert.deepEqual(outdated(upgrades, 2), ['upgrade-1', 'backup-1', 'backup-2']);
  });

  it('are what was not finished, which counts as none', () => {
    const half = [part('upgrade-9', 'application', 9)];
    assert.deepEqual(outdated([...four, ...half, ...whole('backup-8', 8, { complete: false })], 4), [
      'backup-8',
      'upgrade-9',
    ]);
  });

  it('leave none out that would leave nothing verified: what was not read again counts as none, and is kept while it is newer', () => {
    const newer = [5, 6, 7].flatMap((number) => whole(`backup-${number}`, number, unverified));
    assert.deepEqual(outdated([...four, ...newer], 1), ['backup-1', 'backup-2', 'backup-3']);
    assert.deepEqual(outdated(newer, 1), []);
  });
});
