import assert from 'node:assert/strict';
import type { Decision, RunFact } from '../../../coordinator/journal/event.ts';
import type { Binding, Plan } from '../../../coordinator/plans/plan.ts';
import { runIdOf } from '../../../coordinator/runs/opening.ts';
import { leasesOf, renewLeases } from '../../../coordinator/runs/suspension-lease.ts';
import { fold } from '../../../coordinator/sequencer/apply.ts';
import type { WatchDocument } from '../../../shared/documents.ts';
import { ok } from '../../../shared/failures.ts';
import { formatKey } from '../../../shared/key.ts';
import { type Fate as AgentFate, World } from '../sequencer/world.ts';
import type { Fate } from './memory-parts.ts';
import { type Process, quiet, request, Site, simPlan } from './process.ts';

const run = runIdOf('upgrade', 'r1');
const word = (decision: Decision, requestId = `say-${decision}`) => ({
  decision,
  operator: 'ana',
  reason: 'because',
  requestId,
});
const failingInstaller = (): World => new World({ fates: ['well', 'well', 'well', 'fails'] satisfies AgentFate[] });

async function startedSite(world?: World): Promise<{ site: Site; process: Process }> {
  const site = new Site(world);
  const process = site.process();
  assert.deepEqual(await site.run(process.service.startRun(request())), ok(run));
  return { site, process };
}

describe('runs of a coordinator', function () {
  this.timeout(60_000);

  it('carries a run out, asks for the approval, and gives the cluster and the nodes free', async () => {
    const { site, process } = await startedSite();
    await site.until(run, 'awaiting-operator');
    assert.deepEqual(await site.run(process.service.decide(run, word('approve'))), ok(undefined));
    await site.until(run, 'succeeded');
    await site.run(process.service.stop());
    assert.equal(site.memory.clusters.get('sim')?.at(-1)?.type, 'RunClosed');
    assert.deepEqual([...new Set(site.fleet.closed)].sort(), [`n1 ${run}`, `n2 ${run}`, `n3 ${run}`]);
    assert.deepEqual(site.meters, [`start ${run}`, `stop ${run}`]);
    assert.ok(site.fleet.sent.every(({ head }) => head.sequence > 0 && head.hash.length === 64));
    const ticket = site.fleet.sent.find(({ key }) => key.step === 'ticket');
    assert.ok(ticket?.action.kind === 'sendRequest' && ticket.action.url.endsWith(`/${run}`));
  });

  it('starts one run for one request, however often it arrives, also at the same moment', async () => {
    const site = new Site();
    const { service } = site.process();
    const started = await site.run(Promise.all([1, 2, 3].map(() => service.startRun(request()))));
    assert.deepEqual(started, [ok(run), ok(run), ok(run)]);
    await site.until(run, 'awaiting-operator');
    assert.deepEqual(await site.run(service.startRun(request())), ok(run));
    assert.equal(site.events(run).filter(({ fact }) => fact.type === 'RunStarted').length, 1);
    assert.equal(site.memory.runs.size, 1);
  });

  it('refuses a second run of the cluster and names the one that holds it', async () => {
    const { site, process } = await startedSite();
    const second = await site.run(process.service.startRun(request('r2')));
    assert.equal(second.ok ? '' : second.failure.code, 'conflict');
    assert.ok(!second.ok && second.failure.message.includes(run));
    assert.equal(site.memory.runs.size, 1);
  });

  it('refuses a plan that is not the one that the operator has seen', async () => {
    const site = new Site();
    const { service } = site.process();
    const refused = await site.run(service.startRun({ ...request(), planHash: 'other' }));
    assert.equal(refused.ok ? '' : refused.failure.code, 'conflict');
    assert.equal(site.memory.clusters.size, 0);
  });

  it('says what is legal when an operator says what is not, and takes a decision once', async () => {
    const { site, process } = await startedSite(failingInstaller());
    await site.until(run, 'halted');
    const refused = await site.run(process.service.decide(run, word('approve')));
    assert.match(refused.ok ? '' : refused.failure.message, /only: retry, adopt, abort/);
    for (let time = 0; time < 2; time += 1)
      assert.deepEqual(await site.run(process.service.decide(run, word('retry'))), ok(undefined));
    await site.until(run, 'awaiting-operator');
    assert.equal(site.events(run).filter(({ fact }) => fact.type === 'OperatorDecided').length, 1);
    const nobody = await site.run(process.service.decide('upgrade-0', word('retry')));
    assert.equal(nobody.ok ? '' : nobody.failure.code, 'not-found');
  });

  it('shows a halt with what happened, what runs and is down, the state of failover, and the legal commands', async () => {
    const { site, process } = await startedSite(failingInstaller());
    site.fleet.world.marks.add('nginx');
    await site.until(run, 'halted');
    const shown = await site.run(process.views.show(run));
    assert.ok(shown.ok);
    const { halt, next, failover, steps, portal } = shown.value;
    assert.equal(halt?.reason, 'step-failed');
    assert.match(halt?.message ?? '', /step install: exit 1/);
    assert.ok(halt?.runsNow.includes('n1: nginx'));
    assert.ok(halt?.downNow.includes('n1: postgresql (inactive)'));
    assert.equal(failover, 'suspended');
    assert.deepEqual(
      next.map(({ command }) => command),
      ['retry', 'adopt', 'abort', 'rollback'].map(
        (word) => `baton run ${word} ${run}${word === 'rollback' ? ' --reinstall FILE' : ''}`,
      ),
    );
    assert.ok(next.every(({ consequence }) => consequence.length > 10));
    assert.ok(halt && halt.evidenceAt.length > 0);
    assert.equal(portal?.downMs, 100);
    assert.equal(steps.find(({ id }) => id === 'install')?.status, 'failed');
  });

  it('lets one watch until the run stands, and again after a retry', async () => {
    const { site, process } = await startedSite(failingInstaller());
    const watch = async (after: number): Promise<WatchDocument[]> => {
      const told: WatchDocument[] = [];
      for await (const document of process.views.watch(run, after, new AbortController().signal)) told.push(document);
      return told;
    };
    const first = await site.run(watch(0));
    assert.equal(first.at(-1)?.run?.status, 'halted');
    const sequences = first.flatMap(({ event, sequence }) => (event === undefined ? [] : [sequence]));
    assert.deepEqual(
      sequences,
      sequences.map((_, index) => index + 1),
    );
    assert.ok(first.every(({ event }) => event === undefined || event.sentence.length > 0));
    await site.run(process.service.decide(run, word('retry')));
    const second = await site.run(watch(sequences.length));
    assert.equal(second[0]?.event?.type, 'OperatorDecided');
    assert.equal(second.at(-1)?.run?.status, 'awaiting-operator');
  });

  it('lists the newest run first, exports what verifies, reports and logs', async () => {
    const { site, process } = await startedSite(failingInstaller());
    await site.until(run, 'halted');
    await site.run(process.service.decide(run, word('abort')));
    await site.until(run, 'aborted');
    await site.run(process.service.startRun(request('r2')));
    const second = runIdOf('upgrade', 'r2');
    await site.until(second, 'awaiting-operator');
    const { views } = process;
    const listed = await site.run(views.list('sim'));
    assert.deepEqual(listed.ok && listed.value.runs.map(({ id, status }) => [id, status]), [
      [second, 'awaiting-operator'],
      [run, 'aborted'],
    ]);
    const report = await site.run(views.report(run));
    assert.ok(report.ok && report.value.timeline.length === site.events(run).length);
    const logs = await site.run(views.logs(run));
    assert.ok(logs.ok && logs.value.some(({ text }) => text.includes('exit 1')));
    const exported = await site.run(views.export(run));
    assert.ok(exported.ok && exported.value.at(-1)?.count === site.events(run).length);
  });

  it('renews the lease of the suspension while it runs, and not while it stands', async () => {
    const { site, process } = await startedSite(failingInstaller());
    await site.until(run, 'halted');
    const state = process.service.stateOf(run);
    assert.ok(state);
    const door = site.fleet.door(() => false);
    const before = site.fleet.renewed.length;
    await renewLeases(door, simPlan, state);
    assert.equal(site.fleet.renewed.length, before);
    await renewLeases(door, simPlan, { ...state, status: 'running' });
    assert.deepEqual(site.fleet.renewed.slice(before), [`n3 ${run}`]);
  });

  it('renews the lease as soon as a halted run goes on, and before failover is armed', async () => {
    const { site, process } = await startedSite(failingInstaller());
    await site.until(run, 'halted');
    const before = site.fleet.renewed.length;
    const atMs = site.clock.monotonicMs();
    await site.run(process.service.decide(run, word('abort')));
    assert.ok(site.clock.monotonicMs() - atMs < 1_000);
    assert.deepEqual(site.fleet.renewed.slice(before), [`n3 ${run}`]);
    await site.until(run, 'aborted');
    const beforeArming = { type: 'ChecksRead' as const, item: 'suspend', of: 'undo-before' as const };
    const leases = leasesOf({ fleet: site.fleet.door(() => false), clock: site.clock, log: quiet }, simPlan);
    const renewedBy = async (fact: RunFact): Promise<number> => {
      const count = site.fleet.renewed.length;
      leases.heed(fact, { ...fold(run, site.events(run).slice(0, haltedAt(site))), status: 'running' });
      await site.run(site.clock.sleep(10));
      return site.fleet.renewed.length - count;
    };
    assert.equal(await renewedBy({ ...beforeArming, passed: true, results: [] }), 1);
    assert.equal(await renewedBy({ ...beforeArming, of: 'undo-then', passed: true, results: [] }), 0);
  });
});

const haltedAt = (site: Site): number => site.events(run).findIndex(({ fact }) => fact.type === 'RunHalted');

describe('crash of the coordinator at each thing that it does', function () {
  this.timeout(120_000);

  /** Runs to the end; the n-th outside act of the first process is its last one. */
  async function play(dieAt: number, when: 'die before' | 'die after'): Promise<{ site: Site; acts: number }> {
    const site = new Site();
    let acts = 0;
    const fate: Fate = () => {
      acts += 1;
      return acts === dieAt ? when : 'go on';
    };
    let process = site.process(fate);
    const isDead = async (): Promise<'dead'> => {
      while (!process.isDead()) await site.clock.sleep(20);
      return 'dead';
    };
    let started = await site.run(Promise.race([process.service.startRun(request()), isDead()]));
    const decided = new Set<string>();
    for (let turn = 0; turn < 600; turn += 1) {
      if (process.isDead()) {
        process = site.process();
        await site.run(process.service.resumeAll());
        // The operator's client says it again until it is answered.
        if (started === 'dead') started = await site.run(process.service.startRun(request()));
      }
      const status = site.statusOf(run);
      if (site.events(run).length > 0 && ['succeeded', 'failed'].includes(status)) {
        const last = site.memory.clusters.get('sim')?.at(-1);
        if (last?.type === 'RunClosed') break;
      }
      const state = process.service.stateOf(run);
      if (state?.halt?.reason === 'approval' && !decided.has('done')) {
        const said = await site.run(
          Promise.race([process.service.decide(run, word('approve', `approve-${state.sequence}`)), isDead()]),
        );
        if (said !== 'dead') decided.add('done');
      }
      await site.run(site.clock.sleep(200));
    }
    return { site, acts };
  }

  it('comes to the same end, each step started once, and the cluster is free', async () => {
    const whole = await play(0, 'die before');
    const keys = whole.site.fleet.world.started.map(formatKey);
    assert.equal(whole.site.statusOf(run), 'succeeded');
    assert.ok(whole.acts > 40, `${whole.acts} acts`);
    for (let at = 1; at <= whole.acts; at += 1)
      for (const when of ['die before', 'die after'] as const) {
        const { site } = await play(at, when);
        const events = site.events(run);
        const wasBegun = events[0]?.fact.type === 'RunStarted' && events[0].fact.planArtefact !== '';
        const where = `${when} ${at}`;
        assert.equal(site.memory.clusters.get('sim')?.at(-1)?.type, 'RunClosed', where);
        assert.equal(site.statusOf(run), wasBegun ? 'succeeded' : 'failed', where);
        assert.deepEqual(site.fleet.world.started.map(formatKey), wasBegun ? keys : [], where);
      }
  });
});

describe('one writer of a run', function () {
  this.timeout(60_000);

  it('does not start what was decided before an operator’s word that came in between', async () => {
    // The binding is read between the last look and the intent: that is when the operator speaks.
    const binding: Binding = {
      name: 'unit',
      node: 'n1',
      read: { kind: 'readVersion', file: '/v', pattern: '(.*)' },
      field: 'version',
    };
    const plan: Plan = {
      ...simPlan,
      items: simPlan.items.map((item) =>
        item.kind === 'step' && item.id === 'stop'
          ? { ...item, bindings: [binding], action: { kind: 'stopUnits', units: ['{{unit}}'] } }
          : item,
      ),
    };
    const site = new Site();
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const process = site.process(undefined, undefined, async (what) => {
      if (what === 'append OperatorDecided') await gate;
    });
    let said: Promise<unknown> | undefined;
    site.fleet.onRead = ({ kind }) => {
      if (kind === 'readVersion') said ??= process.service.decide(run, word('abort'));
    };
    await site.run(process.service.startRun(request('r1', plan)));
    const spoken = async (): Promise<void> => {
      while (said === undefined) await site.clock.sleep(10);
      // Long enough for the intent to wait behind the abort.
      await site.clock.sleep(500);
    };
    await site.run(spoken());
    open();
    await site.until(run, 'aborted');
    const events = site.events(run).map(({ fact }) => fact);
    assert.ok(!events.some((fact) => fact.type === 'StepStarted' && fact.item === 'stop'));
    assert.ok(!site.fleet.world.started.some(({ step }) => step === 'stop'));
    await site.run(process.service.stop());
  });
});
