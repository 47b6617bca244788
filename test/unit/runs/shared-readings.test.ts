import assert from 'node:assert/strict';
import type { ReadAction, ReadingResult } from '../../../coordinator/checks/check.ts';
import { withSharedReadings } from '../../../coordinator/runs/shared-readings.ts';

describe('Readings that several checks take', () => {
  const looking = () => {
    const asked: string[] = [];
    let presences = 0;
    const fleet = withSharedReadings({
      async presence() {
        presences += 1;
        return [];
      },
      async read(node, action): Promise<ReadingResult> {
        asked.push(`${node} ${action.kind}`);
        return {
          ok: false,
          failure: { code: 'unreachable', message: String(asked.length), retryable: true, evidence: '' },
        };
      },
    });
    const read = (node: string, action: ReadAction) => fleet.read(node, action, 1000);
    return { asked, read, fleet, presences: () => presences };
  };

  it('and who is connected, are asked for once', async () => {
    const { fleet, presences } = looking();
    await Promise.all([fleet.presence(), fleet.presence()]);
    await fleet.presence();
    assert.equal(presences(), 1);
  });

  it('are taken once on each node, also while the first is on its way', async () => {
    const { asked, read } = looking();
    const facts: ReadAction = { kind: 'readNode' };
    const answers = await Promise.all([read('n1', facts), read('n1', { ...facts }), read('n2', facts)]);
    assert.deepEqual(asked, ['n1 readNode', 'n2 readNode']);
    assert.deepEqual(answers[0], answers[1]);
  });
  it('are taken apart where they ask for something else', async () => {
    const { asked, read } = looking();
    await read('n1', { kind: 'readPlatform' });
    await read('n1', { kind: 'readPlatform', database: 'flotoitsmdb' });
    assert.equal(asked.length, 2);
  });
  it('are taken again where a check may look a second time', async () => {
    const { asked, read } = looking();
    await read('n1', { kind: 'readUnits', units: ['ha'] });
    await read('n1', { kind: 'readUnits', units: ['ha'] });
    assert.equal(asked.length, 2);
  });
});
