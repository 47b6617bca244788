// Recording over a bus that fails in a way that nobody has thought of.
import assert from 'node:assert/strict';
import { openAudit } from '../../../coordinator/audit/audit.ts';
import type { Bus } from '../../../coordinator/bus/bus.ts';
import { auditView } from '../../../coordinator/cli/view/audit-view.ts';
import type { Log } from '../../../shared/log.ts';
import { FakeClock } from '../runs/fake-clock.ts';
import { quiet } from '../runs/process.ts';

const forged = 'not tonight\n2026-11-28 02:00:00  operator bob (1234abcd)  start run done\u001b[2K';

describe('the audit', () => {
  it('has one line for an event, whatever somebody gives as a reason', async () => {
    const published: string[] = [];
    const bus = {
      replicas: 1,
      jsm: {
        streams: {
          add: async () => undefined,
          info: async () => ({ state: { first_seq: 0, last_seq: 0 } }),
          getMessage: async () => null,
        },
      },
      js: { publish: async (_: string, bytes: string) => ({ seq: published.push(bytes) }) },
    } as unknown as Bus;
    const opened = await openAudit(bus, { ...quiet, log: () => quiet } as unknown as Log, new FakeClock());
    assert.ok(opened.ok);
    opened.value.record({ who: 'operator ana', what: 'scheduled run', detail: forged, outcome: 'failed' });
    await opened.value.flush();
    assert.match((JSON.parse(published[0] ?? '{}') as { detail: string }).detail, /^not tonight 2026.*done \[2K$/);
    const event = { sequence: 1, at: '2026-11-28T01:00:00.000Z', who: 'operator ana', serial: '', what: 'x', hash: '' };
    const seen = auditView([{ ...event, detail: forged, outcome: 'failed' }], (_, text) => text);
    assert.equal(seen.split('\n').length, 1);
  });

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
