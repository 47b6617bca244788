import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createBusFleet } from '../../../coordinator/fleet/bus-fleet.ts';
import { openFleetTables } from '../../../coordinator/fleet/tables.ts';
import { systemClock } from '../../../shared/clock.ts';
import type { RunDocument } from '../../../shared/documents.ts';
import { createLog } from '../../../shared/log.ts';
import type { Outcome } from '../../../shared/outcome.ts';
import { eventually, must } from '../bus/test-bus.ts';
import { startTakeoverSite, type TakeoverSite, writing } from './takeover-site.ts';

const steps = 120;
const log = createLog('test');
log.silent = true;

describe('two coordinators on three NATS servers', function () {
  // Generous: what is asserted is what happens, not how fast; `npm run bench:takeover` measures that.
  this.timeout(240_000);
  let site: TakeoverSite;
  before(async () => {
    site = await startTakeoverSite({ steps: (agents) => writing(agents, steps / 2) });
  });
  afterEach(async function () {
    // What the processes said is all that there is to go by.
    if (this.currentTest?.state !== 'failed') return;
    const last = (await site.events()).slice(-3).map(({ fact }) => JSON.stringify(fact));
    process.stderr.write(`${last.join('\n')}\n`);
    for (const coordinator of site.coordinators) process.stderr.write(`${coordinator.log().slice(-6_000)}\n`);
  });
  after(() => site?.stop());

  const [c1, c2] = ['c1', 'c2'];
  const decide = (of: 0 | 1, decision: string, requestId: string) =>
    site.coordinators[of]
      .client()
      .call<RunDocument>('decideRun', { run: site.run, decision, reason: '', requestId: `request-${requestId}` });
  const announced = (name: string, after = 0) =>
    eventually(
      async () => ((await site.epochOf(name)) ?? 0) > after,
      `${name} has announced itself in the run`,
      60_000,
    );

  it('keeps three copies of the journal', async () => {
    const info = await site.cluster.bus.jsm.streams.info(`RUN_${site.run}`);
    assert.equal(info.config.num_replicas, 3);
  });

  it('tells agents where the other coordinator is, so that they find it when theirs is gone', async () => {
    const { port } = site.coordinators[1].address;
    for (const agent of site.agents)
      await eventually(
        async () => (await readFile(join(agent.state, 'identity/identity.json'), 'utf8')).includes(String(port)),
        'the agent knows both',
      );
  });

  it('refuses operators where it stands by, and names who leads', async () => {
    const refused = await decide(1, 'approve', 'standby');
    assert.ok(!refused.ok && refused.failure.code === 'unreachable');
    assert.match(refused.failure.message, /c2 stands by; c1 leads, at 127\.0\.0\.1:\d+/);
  });

  it('takes over after kill -9 and announces itself in the open run before the agents are back; they come', async () => {
    await site.coordinators[0].end('SIGKILL');
    await announced(c2);
    await eventually(site.areAgentsBack, 'the agents are back', 60_000);
    await site.coordinators[0].start();
    await eventually(async () => {
      const refused = await site.coordinators[0].client().call('getVersion', {});
      return !refused.ok && /c1 stands by; c2 leads/.test(refused.failure.message);
    }, 'the one that was killed stands by');
  });

  it('lets a leader that was paused do nothing when it wakes: no event, no command, no answer to an operator', async () => {
    const former = site.coordinators[1];
    const oldEpoch = (await site.epochOf(c2)) ?? 0;
    former.process.kill('SIGSTOP');
    await announced(c1);
    await eventually(site.areAgentsBack, 'the agents have left the paused one', 60_000);
    // Asked while it sleeps, so that this is among the first things that it sees.
    const asked = decide(1, 'approve', 'paused');
    const ended = new Promise<number | null>((done) => former.process.once('exit', done));
    former.process.kill('SIGCONT');
    const refused = await asked;
    assert.ok(
      !refused.ok && ['unreachable', 'refused-old-epoch'].includes(refused.failure.code),
      JSON.stringify(refused),
    );
    assert.equal(await ended, 4);
    assert.match(former.log(), /another coordinator leads now/);
    const events = await site.events();
    const takenAt = events.findIndex(({ epoch }) => epoch > oldEpoch);
    assert.ok(events.slice(takenAt).every(({ epoch }) => epoch > oldEpoch));
    assert.ok(!events.some(({ fact }) => fact.type === 'OperatorDecided'));
    await former.start();
  });

  it('has agents refuse a command of the older epoch', async () => {
    const { bus } = site.cluster;
    const old = createBusFleet({ bus, tables: must(await openFleetTables(bus)), clock: systemClock, log });
    const epoch = ((await site.epochOf(c1)) ?? 0) - 1;
    const key = { run: 'other-run', step: 'late', phase: 'do' as const, attempt: 1 };
    const heard = new Map<string, Outcome>();
    const stop = old.onOutcome((node, of, outcome) => {
      if (of.run === key.run) heard.set(node, outcome);
    });
    for (const node of ['n1', 'n2', 'n3']) {
      const path = '/nowhere/file';
      must(
        await old.send(node, {
          key,
          epoch,
          head: { sequence: 1, hash: 'h' },
          action: { kind: 'writeTestFile', path, content: '' },
          timeoutMs: 5_000,
        }),
      );
      await eventually(() => heard.has(node), `${node} answers`);
      assert.equal(heard.get(node)?.failure?.code, 'refused-old-epoch');
    }
    stop();
  });

  it('carries the run on while a NATS server is killed, with each step started once', async () => {
    await eventually(async () => (await decide(0, 'approve', 'yes')).ok, 'the yes is taken', 60_000);
    const facts = async (type: string) => (await site.events()).filter(({ fact }) => fact.type === type);
    await eventually(async () => (await facts('StepStarted')).length >= 3, 'some steps have begun');
    await site.cluster.kill(1);
    assert.ok((await facts('ItemSucceeded')).length < steps, 'it was killed in the middle');
    await eventually(async () => (await facts('ItemSucceeded')).length === steps, 'every step has succeeded', 120_000);
    assert.equal((await facts('StepStarted')).length, steps);
    for (let index = 0; index < steps; index += 1) {
      const path = join(site.agents[index % 2]?.folder ?? '', `files/${index}`);
      assert.equal(await readFile(path, 'utf8'), String(index));
    }
  });
});
