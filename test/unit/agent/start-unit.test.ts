import assert from 'node:assert/strict';
import { startUnitIfDown } from '../../../agent/cli/start-unit.ts';
import type { Ran } from '../../../agent/platform/run-program.ts';

describe('The unit of an agent that has joined', () => {
  const ran: string[] = [];
  const systemd = (state: string, exitCode = 0) => {
    ran.length = 0;
    return async (argv: readonly string[]): Promise<Ran> => {
      ran.push(argv[1] ?? '');
      return {
        ...{ program: 'systemctl', exitCode, signal: undefined, timedOut: false, cancelled: false, elapsedMs: 1 },
        ...{ startError: undefined, stdout: argv[1] === 'show' ? state : '', stderr: '' },
      };
    };
  };

  it('is started where it is down, and that is said', async () => {
    for (const state of ['inactive', 'failed']) {
      assert.equal(await startUnitIfDown(systemd(state)), 'started baton-agent.service');
      assert.deepEqual(ran, ['show', 'restart']);
    }
  });
  it('is left alone where it runs, starts, or systemd says nothing', async () => {
    for (const run of [systemd('active'), systemd('activating'), systemd('', 1)])
      assert.equal(await startUnitIfDown(run), undefined);
    assert.ok(!ran.includes('restart'));
  });
});
