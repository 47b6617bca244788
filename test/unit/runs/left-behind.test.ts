// What a run leaves behind where somebody was away, died or was deposed at its beginning or end.
import assert from 'node:assert/strict';
import type { Notice } from '../../../coordinator/notify/notice.ts';
import { runIdOf } from '../../../coordinator/runs/opening.ts';
import { World } from '../sequencer/world.ts';
import { type Process, request, Site } from './process.ts';

const run = runIdOf('upgrade', 'r1');
const abort = { decision: 'abort' as const, operator: 'ana', reason: 'looked', requestId: 'abort-1' };
const holdersOf = (site: Site): string[] => [...site.fleet.heads.values()].map(({ node }) => node).sort();

/** Aborted at its approval; n1 has rows of it, and does not hear that it is over. */
async function endedUnheard(): Promise<{ site: Site; process: Process }> {
  const site = new Site(new World());
  site.fleet.deaf.add('n1');
  const process = site.process();
  assert.ok((await site.run(process.service.startRun(request()))).ok);
  await site.until(run, 'awaiting-operator');
  assert.ok((await site.run(process.service.decide(run, abort))).ok);
  await site.until(run, 'aborted');
  await site.run(site.clock.sleep(1_000));
  assert.deepEqual(holdersOf(site), ['n1']);
  site.fleet.deaf.clear();
  return { site, process };
}

describe('the end of a run', () => {
  it('is told again to a node that was away, as soon as it is back', async () => {
    const { site, process } = await endedUnheard();
    site.fleet.tellPresence('n1', false);
    await site.run(site.clock.sleep(1_000));
    assert.deepEqual(holdersOf(site), ['n1'], 'it is not there yet');
    site.fleet.tellPresence('n1');
    await site.run(site.clock.sleep(1_000));
    assert.deepEqual(holdersOf(site), []);
    await site.run(process.service.stop());
  });

  it('is told again by a later coordinator too', async () => {
    const { site, process } = await endedUnheard();
    await site.run(process.service.stop());
    const later = site.process();
    await site.run(later.service.resumeAll());
    site.fleet.tellPresence('n1');
    await site.run(site.clock.sleep(1_000));
    assert.deepEqual(holdersOf(site), []);
    await site.run(later.service.stop());
  });

  it('is told to nobody before it has come', async () => {
    const site = new Site();
    const { service } = site.process();
    await site.run(service.startRun(request()));
    await site.until(run, 'awaiting-operator');
    const holders = holdersOf(site);
    for (const node of ['n1', 'n2', 'n3']) site.fleet.tellPresence(node);
    await site.run(site.clock.sleep(1_000));
    assert.deepEqual(holdersOf(site), holders);
    assert.deepEqual(site.fleet.closed, []);
    await site.run(service.stop());
  });
});

describe('a refused run that is closed by hand', () => {
  /** Refused, since its journal was cut. */
  async function refused(): Promise<Site> {
    const site = new Site();
    const { service } = site.process();
    await site.run(service.startRun(request()));
    await site.until(run, 'awaiting-operator');
    await site.run(service.stop());
    site.memory.runs.set(run, (site.memory.runs.get(run) ?? []).slice(0, 8));
    return site;
  }

  it('is known as closed before any node forgets it, and told again to one that did not hear it', async () => {
    const site = await refused();
    const { service } = site.process();
    await site.run(service.resumeAll());
    const known: boolean[] = [];
    site.fleet.onClose = (_, of) => known.push(site.memory.refused.get(of)?.closed !== undefined);
    const before = holdersOf(site);
    assert.ok(before.includes('n1'));
    site.fleet.deaf.add('n1');
    site.fleet.tellPresence('n1');
    await site.run(site.clock.sleep(1_000));
    assert.deepEqual(known, [], 'nobody has closed it yet');
    assert.ok((await site.run(service.decide(run, abort))).ok);
    assert.ok(known.length > 0 && known.every(Boolean));
    assert.deepEqual(holdersOf(site), ['n1']);
    site.fleet.deaf.clear();
    site.fleet.tellPresence('n1');
    await site.run(site.clock.sleep(1_000));
    assert.deepEqual(holdersOf(site), []);
    await site.run(service.stop());
  });

  it('gives the cluster back also where the coordinator dies in between', async () => {
    const site = await refused();
    const dying = site.process((what) => (what === 'close' ? 'die before' : 'go on'));
    await site.run(dying.service.resumeAll());
    void dying.service.decide(run, abort);
    const dead = async (): Promise<void> => {
      while (!dying.isDead()) await site.clock.sleep(20);
    };
    await site.run(dead());
    assert.equal(site.memory.clusters.get('sim')?.at(-1)?.type, 'RunOpened');
    const next = site.process();
    await site.run(next.service.resumeAll());
    assert.equal(site.memory.clusters.get('sim')?.at(-1)?.type, 'RunClosed');
    assert.ok((await site.run(next.service.startRun(request('another')))).ok);
    await site.run(next.service.stop());
  });
});

describe('a run whose coordinator died before it began', () => {
  it('is ended, and people are told that it does not start', async () => {
    const site = new Site();
    const dying = site.process((what) => (what === 'append RunStarted' ? 'die before' : 'go on'));
    void dying.service.startRun(request());
    const dead = async (): Promise<void> => {
      while (!dying.isDead()) await site.clock.sleep(20);
    };
    await site.run(dead());
    const told: Notice[] = [];
    const next = site.process(undefined, undefined, undefined, { tell: (notice) => void told.push(notice) });
    await site.run(next.service.resumeAll());
    await site.run(site.clock.sleep(1_000));
    assert.deepEqual(
      told.map(({ kind, run: of, text }) => [kind, of, text.split('\n')[0]]),
      [
        [
          'end',
          run,
          `Run ${run} of cluster sim has not begun: the coordinator was stopped before the run began; nothing was touched.`,
        ],
      ],
    );
    await site.run(next.service.stop());
  });
});

describe('a run that a deposed coordinator has opened last', () => {
  /** Its lock and its start arrive after the next leader has looked for open runs; `last` is the first one's last act. */
  async function openedLate(last: 'open' | 'append RunStarted'): Promise<{ site: Site; next: Process }> {
    const site = new Site();
    let letGo = (): void => undefined;
    const inFlight = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const first = site.process(
      (what) => (what === last ? 'die after' : 'go on'),
      undefined,
      async (what) => {
        if (what === 'open') await inFlight;
      },
    );
    void first.service.startRun(request());
    await site.run(site.clock.sleep(1_000));
    const next = site.process();
    assert.ok((await site.run(next.service.resumeAll())).ok);
    assert.equal(site.memory.clusters.get('sim')?.length ?? 0, 0);
    letGo();
    const dead = async (): Promise<void> => {
      while (!first.isDead()) await site.clock.sleep(20);
    };
    await site.run(dead());
    assert.equal(site.memory.clusters.get('sim')?.at(-1)?.type, 'RunOpened');
    return { site, next };
  }

  it('is taken up by who leads now, when somebody wants the cluster', async () => {
    const { site, next } = await openedLate('append RunStarted');
    const other = await site.run(next.service.startRun(request('r2')));
    assert.match(other.ok ? '' : other.failure.message, new RegExp(`run ${run} holds`));
    await site.until(run, 'awaiting-operator');
    assert.ok(site.events(run).some(({ fact }) => fact.type === 'LeaderChanged'));
    await site.run(next.service.stop());
  });

  it('is taken up by itself after a while, though nobody says anything', async () => {
    const { site, next } = await openedLate('append RunStarted');
    await site.until(run, 'awaiting-operator');
    assert.ok(site.events(run).some(({ fact }) => fact.type === 'LeaderChanged'));
    await site.run(next.service.stop());
  });

  it('is taken up when an operator decides on it', async () => {
    const { site, next } = await openedLate('append RunStarted');
    assert.ok((await site.run(next.service.decide(run, abort))).ok);
    await site.until(run, 'aborted');
    assert.ok((await site.run(next.service.startRun(request('r2')))).ok, 'the cluster is free');
    await site.run(next.service.stop());
  });

  it('and never begun gives the cluster to the next one', async () => {
    const { site, next } = await openedLate('open');
    assert.ok((await site.run(next.service.startRun(request('r2')))).ok);
    assert.equal(site.statusOf(run), 'failed');
    await site.run(next.service.stop());
  });
});
