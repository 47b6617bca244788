import assert from 'node:assert/strict';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { RunDocument } from '../../../shared/documents.ts';
import { sampleStep } from '../../unit/sequencer/sample-plan.ts';
import { eventually } from '../bus/test-bus.ts';
import { type Relay, startRelay } from '../fleet/relay.ts';
import { type BusTap, tapBus } from './bus-tap.ts';
import { nodes, startTakeoverSite, type TakeoverSite } from './takeover-site.ts';

/** Each is a request that must reach the server once; these are answered when the test says so. */
const steps = 60;
const heldBack = [6, 20, 34];

describe('a leader that is cut off from the bus in the middle of a run', function () {
  // Generous: what is asserted is what happens, not how fast; the figures are in the titles.
  this.timeout(240_000);
  const lines: [Relay[], Relay[]] = [[], []];
  const arrived: number[] = [];
  const waiting = new Map<number, ServerResponse>();
  let web: Server;
  let site: TakeoverSite;
  let tap: BusTap;

  before(async () => {
    web = createServer((request, response) => {
      const step = Number(request.url?.slice(1));
      arrived.push(step);
      if (heldBack.includes(step) && !waiting.has(step)) waiting.set(step, response);
      else response.writeHead(201).end('{}');
    });
    await new Promise<void>((done) => web.listen(0, '127.0.0.1', done));
    const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
    site = await startTakeoverSite({
      policy: `urls: ['${url}']\n`,
      steps: () => Array.from({ length: steps }, (_, step) => requestStep(step, url)),
      async natsOf(nats, coordinator) {
        const ports = nats.url.split(',').map((one) => Number(new URL(one).port));
        lines[coordinator] = await Promise.all(ports.map(startRelay));
        return { ...nats, url: lines[coordinator].map(({ port }) => `tls://127.0.0.1:${port}`).join(',') };
      },
    });
    tap = await tapBus(site.cluster.bus, site.run);
  });
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed' || site === undefined) return;
    const last = (await site.events()).slice(-5).map(({ epoch, fact }) => `${epoch} ${JSON.stringify(fact)}`);
    process.stderr.write(`${last.join('\n')}\narrived: ${arrived.join(' ')}\n`);
    for (const coordinator of site.coordinators) process.stderr.write(`${coordinator.log().slice(-6_000)}\n`);
  });
  after(async () => {
    tap?.stop();
    await site?.stop();
    for (const relay of lines.flat()) relay.close();
    web.closeAllConnections();
    web.close();
  });

  function requestStep(step: number, url: string) {
    const action = {
      ...{ kind: 'sendRequest' as const, method: 'POST', url: `${url}/${step}`, headers: [], body: '' },
      expectStatus: [201],
    };
    const undo = { noUndo: 'a request' };
    return sampleStep(`request-${step}`, nodes[step % 2] ?? '', action, { timeoutMs: 120_000, then: [], undo });
  }
  const answer = (step: number) => waiting.get(step)?.writeHead(201).end('{}');
  const arrives = (step: number) => eventually(() => arrived.includes(step), `request ${step} arrives`, 60_000);
  const onLines = (of: 0 | 1, act: 'freeze' | 'cut' | 'thaw' | 'resume') => {
    for (const relay of lines[of]) relay[act]();
  };
  const ended = (of: 0 | 1) => new Promise<number | null>((done) => site.coordinators[of].process.once('exit', done));
  const decide = (of: 0 | 1) =>
    site.coordinators[of].client().call<RunDocument>('decideRun', {
      ...{ run: site.run, decision: 'approve', reason: '', requestId: `request-of-${of}` },
    });
  /** Waits until the other one has announced itself in the run; gives its epoch. */
  const taken = async (by: 'c1' | 'c2', after: number): Promise<number> => {
    let epoch = 0;
    await eventually(
      async () => {
        epoch = (await site.epochOf(by)) ?? 0;
        return epoch > after;
      },
      `${by} has taken the run over`,
      60_000,
    );
    return epoch;
  };
  const sinceText = (fromMs: number) => `${((performance.now() - fromMs) / 1000).toFixed(1)} s`;
  /** The one that was cut off learns where it stands, ends, and stands by when it is started again. */
  const standsDown = async (of: 0 | 1, end: Promise<number | null>): Promise<void> => {
    assert.equal(await end, 4);
    assert.match(site.coordinators[of].log(), /another coordinator leads now/);
    await site.coordinators[of].start();
  };
  const assertOneWriterAfter = async (epoch: number) => {
    const events = await site.events();
    const from = events.findIndex((event) => event.epoch === epoch);
    assert.ok(from > 0);
    assert.deepEqual([...new Set(events.slice(from).map((event) => event.epoch))], [epoch]);
  };

  it('says nothing more once it is cut off half-open, nor when what was held back comes late', async function () {
    const first = (await site.epochOf('c1')) ?? 0;
    await eventually(async () => (await decide(0)).ok, 'the yes is taken', 60_000);
    await arrives(6);
    const end = ended(0);
    // Its agent is connected to it still: the outcome comes to one that cannot write it down.
    tap.take();
    onLines(0, 'freeze');
    const cutAtMs = performance.now();
    answer(6);
    const second = await taken('c2', first);
    const took = sinceText(cutAtMs);
    const refused = await decide(0);
    assert.ok(!refused.ok && refused.failure.code === 'unreachable', JSON.stringify(refused));
    onLines(0, 'resume');
    await standsDown(0, end);
    await arrives(20);
    assert.deepEqual(
      tap.take().filter(({ epoch }) => epoch !== second),
      [],
      'nothing was said by the one that was cut off',
    );
    await assertOneWriterAfter(second);
    if (this.test !== undefined) this.test.title += ` (taken over after ${took})`;
  });

  it('sends its agents to the other one when its bus stays silent; that one carries the run on', async function () {
    const second = (await site.epochOf('c2')) ?? 0;
    await eventually(site.areAgentsBack, 'the agents are back', 60_000);
    const end = ended(1);
    tap.take();
    onLines(1, 'freeze');
    const cutAtMs = performance.now();
    answer(20);
    const third = await taken('c1', second);
    const took = sinceText(cutAtMs);
    await eventually(site.areAgentsBack, 'the agents have left the one that is cut off', 60_000);
    const back = sinceText(cutAtMs);
    await arrives(34);
    onLines(1, 'thaw');
    await standsDown(1, end);
    assert.deepEqual(
      tap.take().filter(({ epoch }) => epoch !== third),
      [],
    );
    await assertOneWriterAfter(third);
    if (this.test !== undefined) this.test.title += ` (taken over after ${took}, agents back after ${back})`;
  });

  it('leaves the run to the other one where the lines break between two steps, and each request was sent once', async () => {
    const third = (await site.epochOf('c1')) ?? 0;
    await eventually(site.areAgentsBack, 'the agents are back', 60_000);
    const end = ended(0);
    answer(34);
    await arrives(38);
    onLines(0, 'cut');
    const fourth = await taken('c2', third);
    const succeeded = async () => (await site.events()).filter(({ fact }) => fact.type === 'ItemSucceeded').length;
    await eventually(async () => (await succeeded()) === steps, 'every step has succeeded', 120_000);
    onLines(0, 'thaw');
    await standsDown(0, end);
    await assertOneWriterAfter(fourth);
    const started = (await site.events()).filter(({ fact }) => fact.type === 'StepStarted');
    assert.equal(started.length, steps);
    assert.deepEqual(
      arrived,
      Array.from({ length: steps }, (_, step) => step),
    );
  });

  it('ends when it is told to while its bus is silent', async () => {
    const [, leader] = site.coordinators;
    onLines(1, 'freeze');
    await eventually(() => leader.log().includes('the bus does not answer'), 'it has noticed', 60_000);
    assert.equal(await leader.end('SIGTERM'), 0);
    assert.match(leader.log(), /a part did not stop in time/);
  });
});
