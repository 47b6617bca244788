// How far a standby had come that was stopped: beyond its last checkpoint, and on the timeline that it followed by then.
import assert from 'node:assert/strict';
import { parseServers } from '../../../agent/servers/servers.ts';

const told = (more: Record<string, string>): string =>
  Object.entries({
    server: '17 main',
    ...{ unit: 'postgresql@17-main', port: '5432', is_running: 'false', starts_at_boot: 'true', state: 'shut down' },
    ...{ has_checksums: 'true', is_fenced: 'false', is_spent: 'false', timeline: '3', lsn: '0/5000028' },
    ...more,
  })
    .map(([name, value]) => `${name}\t${value}`)
    .join('\n');

const standing = (more: Record<string, string>) => {
  const parsed = parseServers(told(more));
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.failure.message);
  const [server] = parsed.value.servers;
  return [server?.timeline, server?.lsn];
};

describe('where a server stands that does not run', () => {
  it('is its checkpoint’s place, as of a primary', () => {
    assert.deepEqual(standing({ recovered_lsn: '0/0', recovered_timeline: '0' }), [3, '0/5000028']);
  });
  it('is where its recovery had come to, with that one’s timeline, where it is further on', () => {
    assert.deepEqual(standing({ recovered_lsn: '0/6000148', recovered_timeline: '4' }), [4, '0/6000148']);
  });
  it('is what a running one says, whatever its control file says', () => {
    const running = { is_running: 'true', in_recovery: 't', recovered_lsn: '0/9000000', recovered_timeline: '9' };
    assert.deepEqual(standing(running), [3, '0/5000028']);
  });
});
