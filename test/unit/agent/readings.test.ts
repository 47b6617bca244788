import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { nodeFacts } from '../../../agent/actions/node.ts';
import { judgeLogs, matchesGlob } from '../../../agent/actions/observer-log.ts';
import { isAlarmDue } from '../../../agent/failover/lease.ts';
import { mountOf, mountsBelow } from '../../../agent/platform/mounts.ts';
import { findMatches } from '../../../agent/platform/pattern.ts';
import { printableLine, printableLines } from '../../../agent/platform/printable.ts';
import { parseOsRelease } from '../../../agent/platform/profile.ts';
import { isArmed, parseUnitStates } from '../../../agent/platform/unit-states.ts';
import { parseHostPort } from '../../../shared/host-port.ts';

describe('Units as systemctl show tells them', () => {
  const block = (fields: Record<string, string>) =>
    Object.entries(fields)
      .map(([name, value]) => `${name}=${value}`)
      .join('\n');
  const active = {
    LoadState: 'loaded',
    ActiveState: 'active',
    SubState: 'running',
    UnitFileState: 'enabled',
    User: 'motadata',
    MainPID: '42',
    Result: 'success',
    ActiveEnterTimestampMonotonic: '1000000',
  };

  it('are read in the order in which they were asked for', () => {
    const states = parseUnitStates(['a', 'b'], `${block(active)}\n\n${block({ ...active, ActiveState: 'failed' })}\n`, {
      ms: 100_000,
      monotonicUs: 3_000_000,
    });
    assert.deepEqual(
      states?.map(({ unit, activeState, mainPid, sinceMs }) => [unit, activeState, mainPid, sinceMs]),
      [
        ['a', 'active', 42, 98_000],
        ['b', 'failed', 42, 0],
      ],
    );
  });
  it('are armed only when each is active and none is masked', () => {
    const now = { ms: 1, monotonicUs: 1 };
    const state = (fields: Record<string, string>) =>
      parseUnitStates(['a'], block({ ...active, ...fields }), now) ?? [];
    assert.ok(isArmed(state({})));
    assert.ok(!isArmed(state({ ActiveState: 'activating' })));
    assert.ok(!isArmed(state({ UnitFileState: 'masked' })));
    assert.ok(!isArmed(state({ LoadState: 'masked' })));
    assert.ok(!isArmed([]));
  });
  it('are not guessed when the answer does not fit', () => {
    assert.equal(parseUnitStates(['a', 'b'], block(active), { ms: 1, monotonicUs: 1 }), undefined);
  });
});

describe('The observer’s logs', () => {
  const at = (text: string) => Date.parse(text);
  const quiet = '2026-05-02 00:00:10,123 INFO  health master=UP standby=UP';
  const busy = '2026-05-01 23:59:58,000 WARN  failover: fencing n1';
  const before = { path: '/l/ha_1.log', text: `${busy}\n`, isCut: false, modifiedMs: at('2026-05-01T23:59:58') };
  const after = { path: '/l/ha_2.log', text: `${quiet}\n`, isCut: false, modifiedMs: at('2026-05-02T00:00:10') };
  const judge = (files: (typeof before)[], quietForMs: number, now: string, patterns = [' failover: ']) => {
    const read = judgeLogs(files, patterns, quietForMs, at(now));
    assert.ok(read.ok);
    return read.value;
  };

  it('are read across midnight', () => {
    const read = judge([before, after], 60_000, '2026-05-02T00:00:12');
    assert.deepEqual(read.busyLines, [busy]);
    assert.equal(read.busyAgoMs, 14_000);
    assert.equal(read.lastLine, quiet);
    assert.equal(read.writtenAgoMs, 2000);
  });
  it('are quiet once the busy line is old enough, and still say how old', () => {
    const read = judge([before, after], 10_000, '2026-05-02T00:00:12');
    assert.deepEqual(read.busyLines, []);
    assert.equal(read.busyAgoMs, 14_000);
  });
  it('say nothing of busy lines where there are none', () => {
    assert.equal('busyAgoMs' in judge([after], 10_000, '2026-05-02T00:00:12'), false);
  });
  it('take a line without a time for as old as the line before it, or as new as the file', () => {
    const text = `${busy}\n  at failover: step 2\n`;
    assert.equal(judge([{ ...before, text }], 60_000, '2026-05-02T00:00:08').busyAgoMs, 10_000);
    const bare = { ...before, text: 'x failover: y\n' };
    assert.equal(judge([bare], 60_000, '2026-05-02T00:00:08').busyAgoMs, 10_000);
  });
  it('take a busy line from the future for one of now', () => {
    assert.equal(judge([before], 60_000, '2026-05-01T23:00:00').busyAgoMs, 0);
  });
  it('are found by a glob, which means what a regular expression would', () => {
    const few = (signs: string) =>
      fc.array(fc.constantFrom(...signs), { maxLength: 8 }).map((letters) => letters.join(''));
    fc.assert(
      fc.property(few('ab.'), few('ab.*'), (name, glob) => {
        const parts = glob.split('*').map((part) => RegExp.escape(part));
        assert.equal(matchesGlob(name, glob), new RegExp(`^${parts.join('.*')}$`).test(name));
      }),
      { numRuns: 2000 },
    );
    assert.ok(matchesGlob('ha_2026-05-01.log', 'ha_*.log'));
  });
  it('are found in no time, whatever their names are', () => {
    const startedMs = performance.now();
    assert.ok(!matchesGlob('a'.repeat(200), `${'*a'.repeat(20)}*b`));
    // Trying every split would take years.
    assert.ok(performance.now() - startedMs < 5_000);
  });
  it('refuse a pattern that takes for ever', () => {
    const text = `${'a'.repeat(60)}!\n`;
    assert.ok(!judgeLogs([{ ...after, text }], ['(a+)+$'], 1, 1).ok);
  });
});

describe('Output of programs', () => {
  it('is shown without escape sequences, control characters and binary noise', () => {
    assert.equal(printableLine('\u001b[1;31mred\u001b[0m\u0007 \u0000\ufffdx\ty'), 'red x y');
    assert.equal(printableLine('x'.repeat(5000)).length, 200);
    assert.deepEqual(printableLines('1%\r2%\r\n\n3%\n', 2), ['2%', '3%']);
  });
  it('is searched within bounds', () => {
    const found = findMatches('(\\d+)%', 'a 1% b 22%');
    assert.deepEqual(found.ok && found.value.map(({ text }) => text), ['1', '22']);
    assert.ok(!findMatches('(', 'x').ok);
  });
});

describe('Facts of a node', () => {
  it('say the memory as the kernel counts it, without waiting for other programs', async () => {
    let isRead = false;
    const reading = nodeFacts(1, 15).finally(() => {
      isRead = true;
    });
    for (; !isRead; await new Promise((resolve) => setImmediate(resolve)))
      assert.ok(!process.getActiveResourcesInfo().includes('ProcessWrap'), 'a program runs');
    const facts = await reading;
    const kernel = readFileSync('/proc/meminfo', 'utf8');
    const totalKb = Number(/^MemTotal:\s+(\d+)/m.exec(kernel)?.[1]);
    assert.equal(facts.memoryBytes, totalKb * 1024);
    assert.ok(facts.memoryAvailableBytes > 0 && facts.memoryAvailableBytes <= facts.memoryBytes);
    assert.ok(facts.cpus > 0 && facts.bootId !== '');
  });
  it('mounts: the longest mount point above a path counts', () => {
    const table = [
      '22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw',
      '30 22 8:2 / /var/lib rw,noexec - xfs /dev/sdb1 rw,attr2',
      '31 22 8:3 / /mnt/a\\040b ro - ext4 /dev/sdc1 ro',
    ].join('\n');
    assert.deepEqual(mountOf('/var/lib/baton', table), {
      point: '/var/lib',
      options: ['rw', 'noexec', 'attr2'],
      type: 'xfs',
    });
    assert.equal(mountOf('/var/library', table).point, '/');
    assert.equal(mountOf('/mnt/a b/c', table).point, '/mnt/a b');
    assert.deepEqual(mountsBelow('/mnt', table), ['/mnt/a b']);
    assert.deepEqual(mountsBelow('/', table), ['/mnt/a b', '/var/lib']);
    assert.deepEqual(mountsBelow('/var/lib', table), [], 'it is one itself');
    assert.deepEqual(mountsBelow('/var/li', table), []);
  });
  it('os-release with and without quotes', () => {
    assert.deepEqual(parseOsRelease('NAME="RHEL"\nID="rhel"\nVERSION_ID="9.4"\nID_LIKE="fedora"\n'), {
      id: 'rhel',
      versionId: '9.4',
      like: ['fedora'],
      name: '',
    });
    assert.equal(parseOsRelease('ID=debian\nVERSION_ID="13"\n').id, 'debian');
  });
  it('coordinators are HOST:PORT', () => {
    assert.deepEqual(parseHostPort('10.0.0.1:7450'), { host: '10.0.0.1', port: 7450 });
    assert.deepEqual(parseHostPort('[fd00::1]:7450'), { host: 'fd00::1', port: 7450 });
    for (const text of ['x', 'x:', 'x:0', 'x:70000', '-x:1', 'dns:///x:1', 'unix:/x:1', 'a b:1'])
      assert.equal(parseHostPort(text), undefined, text);
  });
});

describe('The alarm of suspended failover', () => {
  const record = { run: 'r', units: [], suspendedAtMs: 0, deadlineMs: 1000, alarmedAtMs: 0 };
  const minute = 60_000;
  it('is due at the deadline and every 15 minutes after it', () => {
    assert.ok(!isAlarmDue(undefined, 5000));
    assert.ok(!isAlarmDue(record, 999));
    assert.ok(isAlarmDue(record, 1000));
    assert.ok(!isAlarmDue({ ...record, alarmedAtMs: 1000 }, 1000 + 14 * minute));
    assert.ok(isAlarmDue({ ...record, alarmedAtMs: 1000 }, 1000 + 15 * minute));
  });
  it('is due again when the lease was renewed and has run out once more', () => {
    assert.ok(isAlarmDue({ ...record, deadlineMs: 9000, alarmedAtMs: 5000 }, 9000));
  });
});
