import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startPortalMeter } from '../../../coordinator/meter/portal-meter.ts';
import { type SampleBatch, summarizeSamples } from '../../../coordinator/meter/summary.ts';
import { ok } from '../../../shared/failures.ts';
import { createLog } from '../../../shared/log.ts';

describe('the portal’s meter', () => {
  let server: Server;
  let answer: 'well' | 'badly' | 'never' = 'well';
  const batches: SampleBatch[] = [];
  const until = async (condition: () => boolean) => {
    const deadlineMs = performance.now() + 10_000;
    while (!condition()) {
      assert.ok(performance.now() < deadlineMs, 'waited in vain');
      await new Promise((done) => setTimeout(done, 20));
    }
  };

  before(async () => {
    server = createServer((_request, response) => {
      if (answer === 'never') return;
      response.statusCode = answer === 'well' ? 200 : 503;
      response.end('portal');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it('goes on at its rate while answers are wrong or do not come', async () => {
    const meter = startPortalMeter({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      expectStatus: 200,
      everyMs: 20,
      timeoutMs: 100,
      log: createLog('test'),
      samples: {
        append: async (batch) => {
          batches.push(batch);
          return ok(undefined);
        },
        read: async () => ok(batches),
      },
    });
    const text = () => batches.map((batch) => batch.results).join('');
    await until(() => text().includes('o'));
    answer = 'badly';
    await until(() => text().includes('xx'));
    answer = 'never';
    const seen = text().length;
    await until(() => text().length > seen + 20);
    answer = 'well';
    await until(() => text().endsWith('oo'));
    await meter.stop();
    // A busy machine leaves turns out, and the meter says so; what it saw is one time without service.
    assert.match(text().replaceAll('-', ''), /^o+x+o+$/);
    assert.equal(summarizeSamples(batches).failures, text().replaceAll(/[^x]/g, '').length);
  });
});
