import assert from 'node:assert/strict';
import { compareFacts } from '../../../agent/servers/compare.ts';
import { parseServers } from '../../../agent/servers/servers.ts';

const facts = (...lines: string[]) => lines.map((line) => line.replace(' = ', '\t')).join('\n');
const known = 'known settings = work_mem port';

describe('A server beside its record', () => {
  const record = facts(
    'role app = superuser f',
    'password of role app = #12',
    'setting work_mem = 7MB',
    'setting old_snapshot_threshold = 60min',
    'setting app.tenant = 5',
    'tables without statistics in d = ~0',
    'rows of apolo.request = 7',
    'content of apolo.request = #99',
    'sequence public.s of d = 5 by 1',
    'answer of open = #4',
  );

  it('differs in nothing where nothing differs, whatever its order', () => {
    const now = `${record.split('\n').reverse().join('\n')}\n${facts(known)}`;
    assert.deepEqual(compareFacts(record, now, false), { differences: [], expected: [], facts: 10 });
  });

  it('is told by each fact that changed, went or came, without what digests stand for', () => {
    const now = facts(
      'role app = superuser t',
      'password of role app = #13',
      'setting work_mem = 8MB',
      'tables without statistics in d = ~3',
      'rows of apolo.request = 7',
      'content of apolo.request = #98',
      'sequence public.s of d = 5 by 1',
      'extension x in d = version 1',
      'password of role y = #1',
      known,
    );
    const { differences, expected } = compareFacts(record, now, false);
    assert.deepEqual(differences, [
      'role app: superuser t, before superuser f',
      'password of role app differs',
      'setting work_mem: 8MB, before 7MB',
      'setting app.tenant is gone; it was 5',
      'content of apolo.request differs',
      'answer of open is gone',
      'extension x in d was not there before; it is version 1',
      'password of role y was not there before',
    ]);
    assert.deepEqual(expected, [
      'setting old_snapshot_threshold is not known to this version; it was 60min',
      'tables without statistics in d: 3, before 0',
    ]);
  });

  it('is compared without rows and answers where nobody has asked for them', () => {
    const now = facts(
      ...record
        .split('\n')
        .slice(0, 6)
        .map((line) => line.replace('\t', ' = ')),
      known,
    );
    assert.deepEqual(compareFacts(record, now, true), { differences: [], expected: [], facts: 6 });
    assert.equal(compareFacts(record, now, false).differences.length, 4);
  });

  it('may go on with numbers that a crash has skipped, and with no others', () => {
    const numbers = (last: string, by = '1') => facts(`sequence public.s of d = ${last} by ${by}`);
    const differs = (before: string, now: string) => compareFacts(before, now, false).differences.length > 0;
    assert.deepEqual(compareFacts(numbers('5'), numbers('37'), false), {
      differences: [],
      expected: ['sequences that go on at most 32 numbers further, as after a crash or on a standby: 1'],
      facts: 1,
    });
    assert.ok(!differs(numbers('9223372036854775700', '3'), numbers('9223372036854775796', '3')));
    assert.ok(!differs(numbers('-5', '-2'), numbers('-69', '-2')));
    for (const [before, now] of [
      [numbers('5'), numbers('38')],
      [numbers('5'), numbers('4')],
      [numbers('-5', '-2'), numbers('-4', '-2')],
      [numbers('5', '10'), numbers('11', '10')],
      [numbers('5'), numbers('6', '2')],
      [numbers('-'), numbers('1')],
      [numbers('1'), numbers('-')],
    ] as const)
      assert.ok(differs(before, now), `${before} then ${now}`);
    assert.deepEqual(compareFacts(numbers('5'), '', true), { differences: [], expected: [], facts: 0 });
  });

  it('has its sequences’ form compared also where rows are not', () => {
    const form = (digest: string) => facts(`sequences of schema public in d = 1, digest ${digest}`);
    assert.equal(compareFacts(form('a'), form('b'), true).differences.length, 1);
  });

  it('is told in bounded words', () => {
    const many = Array.from({ length: 80 }, (_, n) => `setting a.b${n} = ${'x'.repeat(1000)}`);
    const { differences } = compareFacts(facts(...many), facts(known), false);
    assert.equal(differences.length, 50);
    assert.ok(differences.every((sentence) => sentence.length <= 400));
  });
});

describe('The servers of a node', () => {
  const server = (of: string, ...more: string[]) => [
    `server\t${of}`,
    'unit\tpostgresql@15-main',
    'port\t5432',
    'starts_at_boot\ttrue',
    'state\tshut down',
    'timeline\t1',
    'lsn\t0/9FFFFFF',
    'has_checksums\ttrue',
    'bytes\t33614243',
    'is_fenced\tfalse',
    'is_spent\tfalse',
    'is_running\tfalse',
    ...more,
  ];
  const read = (...lines: string[]) => parseServers(lines.join('\n'));

  it('say of a running one what it says itself, and of a stopped one what its control file does', () => {
    const result = read(
      'installed\t17',
      'installed\t15',
      ...server('15 main', 'recovered_lsn\t0/A000000'),
      ...server(
        '17 main',
        'is_running\ttrue',
        'in_recovery\tf',
        'lsn\t0/1',
        'timeline\t3',
        'history\t1 0/3000',
        'history\t2 0/4000',
      ),
      'linkable\t15',
      'free_bytes\t1000',
    );
    assert.ok(result.ok, JSON.stringify(result));
    const [old, newer] = result.value.servers;
    assert.deepEqual([old?.major, old?.lsn, old?.inRecovery, old?.history], [15, '0/A000000', undefined, []]);
    assert.deepEqual([newer?.isRunning, newer?.inRecovery, newer?.lsn, newer?.timeline], [true, false, '0/1', 3]);
    assert.deepEqual(newer?.history, [
      { timeline: 1, lsn: '0/3000' },
      { timeline: 2, lsn: '0/4000' },
    ]);
    const { installedMajors, linkableMajors, freeBytes } = result.value;
    assert.deepEqual([installedMajors, linkableMajors, freeBytes], [[15, 17], [15], 1000]);
  });

  it('compare positions as numbers, not as words', () => {
    const result = read(
      ...server('15 main', 'lsn\t0/A000000', 'recovered_lsn\t1/0'),
      ...server('17 main', 'recovered_lsn\t0/0'),
    );
    assert.ok(result.ok);
    assert.deepEqual(
      result.value.servers.map(({ lsn }) => lsn),
      ['1/0', '0/9FFFFFF'],
    );
  });

  it('are not told at all where one cannot be told', () => {
    const result = read('server\t15 main', 'port\tmany');
    assert.ok(!result.ok);
    assert.equal(result.failure.code, 'unexpected-output');
    assert.match(result.failure.message, /PostgreSQL 15 main/);
  });
});
