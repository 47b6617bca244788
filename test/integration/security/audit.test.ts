import assert from 'node:assert/strict';
import { type Audit, openAudit, readAudit, refusalsPerMinuteMax } from '../../../coordinator/audit/audit.ts';
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
    return must(await readAudit(test.bus, 10_000)).filter(({ who }) => pattern.test(who)).length;
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

  it('is bounded in age and size, and then the oldest go', async () => {
    const { config } = await test.bus.jsm.streams.info('AUDIT');
    assert.equal(config.max_age / 1_000_000, 365 * 86_400_000);
    assert.equal(config.max_bytes, 256 * 1024 * 1024);
    assert.equal(config.discard, 'old');
  });
});
