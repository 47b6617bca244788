import assert from 'node:assert/strict';
import { type Audit, openAudit, refusalsPerMinuteMax } from '../../../coordinator/audit/audit.ts';
import { type AuditQuery, readAudit, verifyAudit } from '../../../coordinator/audit/read.ts';
import { systemClock } from '../../../shared/clock.ts';
import { createLog } from '../../../shared/log.ts';
import { must, startTestBus, type TestBus } from '../bus/test-bus.ts';

const log = createLog('test');
log.silent = true;

describe('the audit', () => {
  let test: TestBus;
  let audit: Audit;
  const clock = { ...systemClock, aheadMs: 0, monotonicMs: () => clock.aheadMs };
  before(async () => {
    test = await startTestBus();
    audit = must(await openAudit(test.bus, log, clock));
  });
  after(() => test.stop());

  const refuse = (who: string) => audit.record({ who, what: 'join', detail: 'no', outcome: 'refused' });
  const countOf = async (pattern: RegExp) => {
    await audit.flush();
    return must(await readAudit(test.bus, { countMax: 10_000 })).filter(({ who }) => pattern.test(who)).length;
  };

  it('writes the refusal of one address however many another one has, ports aside', async () => {
    for (let port = 1; port <= 3 * refusalsPerMinuteMax; port += 1) refuse(`10.0.0.1:${port}`);
    refuse('10.0.0.2:1');
    refuse('node n1 at 10.0.0.1:9');
    assert.equal(await countOf(/^10\.0\.0\.1:/), refusalsPerMinuteMax);
    assert.equal(await countOf(/^10\.0\.0\.2:/), 1);
    assert.equal(await countOf(/^node n1 at /), 1);
    clock.aheadMs += 60_000;
    refuse('10.0.0.1:1');
    assert.equal(await countOf(/^10\.0\.0\.1:/), refusalsPerMinuteMax + 1);
  });

  it('is one chain, whoever writes it at the same time, and is whole', async () => {
    const other = must(await openAudit(test.bus, log, clock, (operator) => `certificate of ${operator}`));
    for (let count = 0; count < 40; count += 1)
      for (const one of [audit, other])
        one.record({ who: 'operator ana', what: 'decide', detail: `${count}`, outcome: 'done' });
    await Promise.all([audit.flush(), other.flush()]);
    const verdict = must(await verifyAudit(test.bus, Date.now(), undefined));
    assert.deepEqual(verdict.findings, []);
    assert.equal(verdict.chainedFrom, 1);
    const events = must(await readAudit(test.bus, { countMax: 1_000, who: 'ana' }));
    for (const serial of ['', 'certificate of ana']) {
      const own = events.filter((event) => event.serial === serial).map(({ detail }) => Number(detail));
      assert.deepEqual(
        own,
        Array.from({ length: 40 }, (_, index) => index),
        'each in its order',
      );
    }
  });

  it('finds events by who, by address and by time, the newest where there are more', async () => {
    const read = async (query: Partial<AuditQuery>) =>
      must(await readAudit(test.bus, { countMax: 1_000, ...query })).map(({ who }) => who);
    assert.deepEqual([...new Set(await read({ who: '10.0.0.1' }))].length, refusalsPerMinuteMax + 1);
    assert.deepEqual(await read({ who: 'n1' }), ['node n1 at 10.0.0.1:9']);
    assert.deepEqual(await read({ who: 'an' }), []);
    assert.deepEqual(await read({ sinceMs: Date.now() + 60_000 }), []);
    const newest = must(await readAudit(test.bus, { countMax: 3, who: 'ana' })).map(({ detail }) => detail);
    assert.equal(newest.at(-1), '39');
    assert.equal(newest.length, 3);
  });

  it('stops nobody where the bus does not answer, goes on when it does, and has no gap', async function () {
    this.timeout(60_000);
    const lost: string[] = [];
    const complaining = {
      ...log,
      log: () => log,
      error: (_: string, { reason }: { reason: string }) => lost.push(reason),
    };
    const shaken = must(await openAudit(test.bus, complaining as unknown as typeof log, clock));
    const before = must(await verifyAudit(test.bus, Date.now(), undefined)).head;
    await test.bus.close();
    shaken.record({ who: 'operator bea', what: 'decide', detail: 'nobody hears it', outcome: 'done' });
    await shaken.flush();
    assert.equal(lost.length, 1);
    await test.killAndRestart();
    audit = must(await openAudit(test.bus, log, clock));
    audit.record({ who: 'operator bea', what: 'decide', detail: 'heard', outcome: 'done' });
    await audit.flush();
    const after = must(await verifyAudit(test.bus, Date.now(), before));
    assert.deepEqual([after.findings, after.head.sequence], [[], before.sequence + 1]);
  });

  it('shows an event that was put in beside the chain, and an end that is gone, and goes on', async () => {
    const { bus } = test;
    const { head } = must(await verifyAudit(bus, Date.now(), undefined));
    const copied = await bus.jsm.streams.getMessage('AUDIT', { seq: 5 });
    await bus.js.publish('baton.audit', copied?.string() ?? '');
    const event = { who: 'operator bea', what: 'decide', detail: 'an audit never stops', outcome: 'done' } as const;
    for (let count = 0; count < 2; count += 1) audit.record(event);
    await audit.flush();
    const findings = async () =>
      must(await verifyAudit(bus, Date.now(), undefined)).findings.map(
        ({ sequence, message }) => `${sequence}: ${message}`,
      );
    // The events after it go on from what was put in: of them all is as it was written.
    assert.deepEqual(await findings(), [`${head.sequence + 1}: it says that it is event 5`]);

    await bus.js.publish('baton.head.AUDIT', JSON.stringify({ sequence: head.sequence + 9, hash: head.hash }));
    const [gone] = (await findings()).slice(-1);
    assert.equal(gone, `${head.sequence + 4}: events up to ${head.sequence + 9} were there and are missing`);
  });

  it('is bounded in age and size, and then the oldest go', async () => {
    const { config } = await test.bus.jsm.streams.info('AUDIT');
    assert.equal(config.max_age / 1_000_000, 365 * 86_400_000);
    assert.equal(config.max_bytes, 256 * 1024 * 1024);
    assert.equal(config.discard, 'old');
  });
});
