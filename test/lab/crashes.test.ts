// Killed in the middle of the installer: one start in its log, and the run completes.
import assert from 'node:assert/strict';
import { lab, onNode, setInstaller, waitFor } from './lab.ts';
import { assertUpgraded, installerRunsOn, runEnds, startAfresh, startUpgrade } from './scenario.ts';

describe('a kill -9 in the middle of the installer', () => {
  it('of the coordinator: the new one takes the run over and finishes it', async () => {
    await startAfresh();
    await setInstaller(['n1', 'n2'], { DURATION_S: 6 });
    const run = await startUpgrade();
    await installerRunsOn('n1');
    await lab('coordinator', 'kill');
    await lab('coordinator', 'start');
    const ended = await runEnds(run);
    await assertUpgraded(ended);
    assert.ok((ended.portal?.unobservedMs ?? 0) > 0, 'the meter died with the coordinator and must say so');
  });

  it('of the coordinator and, on the next node, of the agent: outbox and re-attachment bring the outcomes', async () => {
    await startAfresh();
    await setInstaller(['n1', 'n2'], { DURATION_S: 3 });
    const run = await startUpgrade();
    await installerRunsOn('n1');
    await lab('coordinator', 'kill');
    await waitFor('the installer ended', async () =>
      (await onNode('n1', 'cat /var/log/standin-installer.log')).includes('end '),
    );
    await lab('coordinator', 'start');
    await installerRunsOn('n2');
    await onNode('n2', 'kill -9 $(systemctl show -p MainPID --value baton-agent)');
    await assertUpgraded(await runEnds(run));
  });
});
