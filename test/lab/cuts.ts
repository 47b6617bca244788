// The network is cut for a minute in the middle of an installer, between each pair of machines, about two minutes each: too
// long for every run of the tests, so `npm run faults -- --lab --cuts` does it. Nothing runs twice and the outcome arrives
// after healing. One pair is always tried: see bad-night.
import { lab, setInstaller, waitFor } from './lab.ts';
import { assertUpgraded, installerRunsOn, runEnds, startAfresh, startUpgrade } from './scenario.ts';

/** `host` is this machine, where the coordinator runs. */
const pairs = [
  ['n1', 'host'],
  ['n2', 'host'],
  ['n3', 'host'],
  ['n1', 'n2'],
  ['n1', 'n3'],
  ['n2', 'n3'],
] as const;
const cutMs = 60_000;

describe('a minute without network', function () {
  this.timeout(400_000);
  after(async () => await lab('heal'));

  for (const [one, other] of pairs)
    it(`between ${one} and ${other}: nothing runs twice, the outcome arrives, the run goes on`, async () => {
      const node = other === 'host' && one === 'n2' ? 'n2' : 'n1';
      await startAfresh();
      await setInstaller([node], { DURATION_S: 20 });
      const run = await startUpgrade();
      await installerRunsOn(node);
      await lab('cut', one, other);
      const sinceMs = performance.now();
      await waitFor('the minute is over', async () => performance.now() - sinceMs >= cutMs, cutMs + 5_000);
      await lab('heal');
      await assertUpgraded(await runEnds(run));
    });
});
