import assert from 'node:assert/strict';
import type { RunEvent } from '../../../coordinator/journal/event.ts';
import { databaseVersionsIn, versionsIn } from '../../../coordinator/runs/report-document.ts';

describe('The versions that a report tells', () => {
  const read = (of: 'gate' | 'then', id: string, version: string): RunEvent => ({
    ...{ schema: 1, id: version, run: 'r1', sequence: 1, previous: '', epoch: 1, atMs: 0 },
    fact: {
      ...{ type: 'ChecksRead', item: 'x', of, passed: true },
      results: [
        {
          ...{ id, title: '', node: 'n1', section: '', severity: 'blocking' },
          ...{ limit: '', reading: version, verdict: 'pass', remedy: '' },
        },
      ],
    },
  });

  it('are the one from before the change and the newest one', () => {
    const events = [read('gate', 'version-compatible', '8.6.0'), read('then', 'version-is', '8.7.0')];
    assert.deepEqual(versionsIn(events), [{ node: 'n1', before: '8.6.0', after: '8.7.0' }]);
  });

  it('say nothing of before where only what a step has left was read, as after a restore', () => {
    assert.deepEqual(versionsIn([read('then', 'version-is', '8.6.0')]), [{ node: 'n1', before: '', after: '8.6.0' }]);
  });

  it('are those of PostgreSQL where that is what was upgraded', () => {
    const events = [
      read('gate', 'postgresql-supported', 'PostgreSQL 16'),
      read('then', 'server-in-service', '17/main: stopped, does not start at boot'),
      read('then', 'server-in-service', '17/main: runs at port 5432, primary'),
    ];
    assert.deepEqual(databaseVersionsIn(events), [{ node: 'n1', before: 'PostgreSQL 16', after: 'PostgreSQL 17' }]);
    assert.deepEqual(databaseVersionsIn(events.slice(0, 2)), [
      { node: 'n1', before: 'PostgreSQL 16', after: 'PostgreSQL 16' },
    ]);
  });
});
