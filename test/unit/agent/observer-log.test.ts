import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActionContext } from '../../../agent/actions/context.ts';
import { judgeLogs, readObserverLog } from '../../../agent/actions/observer-log.ts';
import { systemClock } from '../../../shared/clock.ts';

describe('An observer’s log that is longer than what is read of it', () => {
  const quiet = '2026-05-02 00:00:10,123 INFO  health master=UP standby=UP\n';
  const busy = '2026-05-02 00:00:09,000 WARN  failover: fencing n1';
  const path = '/l/ha_2.log';
  const nowMs = Date.parse('2026-05-02T00:00:20');
  const judge = (text: string, quietForMs: number, isCut = true) =>
    judgeLogs([{ path, text, isCut, modifiedMs: nowMs }], ['failover: '], quietForMs, nowMs);

  it('is known to be quiet only where what is in sight goes back far enough', () => {
    assert.ok(judge(quiet.repeat(100), 9000).ok);
    assert.ok(judge(quiet.repeat(100), 30_000, false).ok);
    for (const text of [quiet.repeat(100), 'no time\n'.repeat(100), ''])
      assert.match(JSON.stringify(judge(text, 30_000)), /unexpected-output.*ha_2\.log: .* do not go back 30 s/);
  });
  it('is busy where a busy line is in sight, however little else is', () => {
    const seen = judge(`${quiet.repeat(100)}${busy}\n`, 30_000);
    assert.deepEqual(seen.ok && seen.value.busyLines, [busy]);
  });
  it('is judged quickly where every line is busy and none has a time', () => {
    const startedMs = performance.now();
    const seen = judge('swap failover: on\n'.repeat(100_000), 30_000);
    assert.equal(seen.ok && seen.value.busyAgoMs, 0);
    assert.ok(performance.now() - startedMs < 3000);
  });

  describe('on the disk', () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'baton-observer-'));
    });
    afterEach(() => rm(folder, { recursive: true }));
    const read = async (text: string) => {
      await writeFile(join(folder, 'ha_1.log'), text);
      const logs = join(folder, 'ha_*.log');
      return await readObserverLog({ kind: 'readObserverLog', logs, busyPatterns: ['fencing'], quietForMs: 1000 }, {
        ...{ clock: systemClock, policy: { paths: [folder] }, profile: {}, commands: [] },
        ...{ key: { run: 'r', step: 's', phase: 'do', attempt: 1 }, timeoutMs: 5000 },
      } as unknown as ActionContext);
    };

    it('is read 8 MB far, and beyond that nobody knows', async () => {
      const near = await read(`${busy}\n${'x'.repeat(99)}\n`.padEnd(8_000_000, `${'x'.repeat(99)}\n`));
      assert.ok(near.ok && near.value.busyAgoMs !== undefined, JSON.stringify(near));
      const far = await read(`${busy}\n`.padEnd(9_000_000, `${'x'.repeat(99)}\n`));
      assert.equal(!far.ok && far.failure.code, 'unexpected-output');
    });
  });
});
