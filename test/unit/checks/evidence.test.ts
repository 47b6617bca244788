// Evidence that expires: the last probe, and the last backup that was read again.
import assert from 'node:assert/strict';
import { backupRecent } from '../../../coordinator/checks/backup-recent.ts';
import type { CheckContext } from '../../../coordinator/checks/check.ts';
import { checkSentence } from '../../../coordinator/checks/evaluate.ts';
import { probeRecent } from '../../../coordinator/checks/probe-recent.ts';
import type { ProbeDocument } from '../../../shared/probe-documents.ts';
import { hours } from '../../../shared/units.ts';
import { on } from './cases.ts';
import { backupPart, broken, context, labCluster, nowMs, results } from './world.ts';

const probe = (change: Partial<ProbeDocument> = {}, ageMs = hours(20)): ProbeDocument => ({
  ...{
    schema: 1,
    id: 'probe-1',
    cluster: 'lab',
    by: 'schedule',
    elapsedMs: 900,
    verdict: 'pass',
    checks: [],
    changes: [],
  },
  startedAt: new Date(nowMs - ageMs).toISOString(),
  ...change,
});
const disk = {
  ...{ id: 'disk-space', title: 'Disk space', node: 'n2', section: '', severity: 'blocking', limit: '' },
  ...{ reading: '', verdict: 'fail' as const, remedy: '' },
};

describe('probe-recent', () => {
  const look = (lastProbe?: ProbeDocument) => {
    const [one, ...others] = results([probeRecent.ref({})], () => undefined, { ...context, lastProbe });
    assert.ok(one && others.length === 0);
    return [one.verdict, one.reading] as const;
  };

  it('passes with a probe of last night that found nothing failing', () =>
    assert.deepEqual(look(probe()), ['pass', 'last probe 20 h 0 min ago, pass']));

  it('warns without one, with one that is too old, and of what the last one found', () => {
    assert.deepEqual(look(), ['warn', 'no probe was ever taken']);
    assert.equal(look(probe({}, hours(36)))[0], 'pass');
    assert.equal(look(probe({}, hours(36) + 1))[0], 'warn');
    const [verdict, reading] = look(probe({ verdict: 'fail', checks: [disk] }));
    assert.equal(verdict, 'warn');
    assert.match(reading, /1 not passed: disk-space/);
  });

  it('does not hold against a cluster what a run had stopped', () => {
    const [verdict, reading] = look(probe({ verdict: 'fail', checks: [disk], run: 'upgrade-1' }));
    assert.equal(verdict, 'pass');
    assert.match(reading, /while run upgrade-1 held the cluster/);
  });

  it('does not take a time that is none for a recent one', () =>
    assert.equal(look(probe({ startedAt: 'yesterday' }))[0], 'warn'));
});

describe('backup-recent', () => {
  const cluster = labCluster((text) => `${text}backup: { verifiedWithin: 48h }\n`);
  const look = (fields?: object, node?: string, of: Partial<CheckContext> = { cluster }) =>
    results([backupRecent.ref({})], fields === undefined ? () => undefined : on('readBackups', fields, node), {
      ...context,
      ...of,
    });
  const parts = (change: object) =>
    ['application', 'files', 'database', 'configuration'].map((part) => ({ ...backupPart(part), ...change }));

  it('passes with a whole backup that was verified lately', () => {
    const [one] = look();
    assert.ok(one);
    assert.equal(one.verdict, 'pass', checkSentence(one));
    assert.match(one.reading, /upgrade-1 taken 1 min 0 s ago, verified 30\.0 s ago/);
  });

  it('warns of one that was verified too long ago, never, or is not whole, and where the cluster file asks for none', () => {
    const found = (fields: object) => look({ parts: parts(fields) }).map(({ verdict, reading }) => [verdict, reading]);
    assert.equal(found({ verifiedAtMs: nowMs - hours(48) })[0]?.[0], 'pass');
    assert.equal(found({ verifiedAtMs: nowMs - hours(48) - 1 })[0]?.[0], 'warn');
    assert.match(String(found({ verifiedAtMs: nowMs - hours(75) })), /verified 3 d 3 h ago/);
    assert.match(String(found({ verifiedAtMs: 0 })), /warn,.*never verified/);
    assert.match(String(found({ complete: false })), /warn,there is no whole backup/);
    assert.match(String(look({ parts: [] }, 'n2').map(({ reading }) => reading)), /there is no whole backup/);
    assert.equal(look(undefined, undefined, {})[0]?.verdict, 'warn');
  });

  it('is unknown where a node cannot be asked', () => {
    const [one] = look(broken, 'n2');
    assert.deepEqual([one?.verdict, one?.node], ['unknown', 'n2']);
  });
});
