// Recording over a bus that fails in a way that nobody has thought of.
import assert from 'node:assert/strict';
import { openAudit } from '../../../coordinator/audit/audit.ts';
import type { Bus } from '../../../coordinator/bus/bus.ts';
import type { Log } from '../../../shared/log.ts';
import { FakeClock } from '../runs/fake-clock.ts';
import { quiet } from '../runs/process.ts';

describe('the audit', () => {
  it('writes what comes after an event that a bug kept from being written, and ends no process over it', async () => {
    const published: string[] = [];
    const wrong: unknown[] = [];
    const bus = {
      replicas: 1,
      jsm: {
        streams: {
          add: async () => undefined,
          info: async () => ({ state: { first_seq: 0, last_seq: 0 } }),
          getMessage: async () => null,
        },
      },
      js: {
        publish: async (subject: string, bytes: string) => {
          if (bytes.includes('the first')) throw new TypeError('nobody has thought of this');
          published.push(subject);
          return { seq: 1 };
        },
      },
    } as unknown as Bus;
    const log = { ...quiet, log: () => quiet, error: (_: string, why: unknown) => wrong.push(why) } as unknown as Log;
    const opened = await openAudit(bus, log, new FakeClock());
    assert.ok(opened.ok);
    for (const detail of ['the first', 'the second'])
      opened.value.record({ who: 'operator ana', what: 'decide', detail, outcome: 'done' });
    await opened.value.flush();
    assert.match(JSON.stringify(wrong), /nobody has thought of this/);
    assert.ok(published.includes('baton.audit'), 'the second was not written');
  });
});
