// Two coordinators on a cluster of three NATS servers, agents, and an open run that waits for a yes: all of them processes.
import { join } from 'node:path';
import type { ExternalNats } from '../../../coordinator/config/coordinator-config.ts';
import { isHeld } from '../../../coordinator/fleet/holders.ts';
import { openArtefacts } from '../../../coordinator/journal/artefacts.ts';
import { openClusterLog } from '../../../coordinator/journal/cluster-log.ts';
import type { RunEvent } from '../../../coordinator/journal/event.ts';
import { openJournal } from '../../../coordinator/journal/nats-journal.ts';
import type { Plan, Step } from '../../../coordinator/plans/plan.ts';
import { openRun } from '../../../coordinator/runs/opening.ts';
import { systemClock } from '../../../shared/clock.ts';
import type { NodeAddedDocument } from '../../../shared/documents.ts';
import { ok } from '../../../shared/failures.ts';
import { formatHostPort } from '../../../shared/host-port.ts';
import { request } from '../../unit/runs/process.ts';
import { samplePlan, sampleStep } from '../../unit/sequencer/sample-plan.ts';
import { createTestAgent, type TestAgent } from '../agent/test-agent.ts';
import type { TestCoordinator } from '../agent/test-coordinator.ts';
import { eventually, must } from '../bus/test-bus.ts';
import { type CoordinatorProcess, startCoordinator } from '../operator/coordinator-process.ts';
import { type NatsCluster, startNatsCluster } from './nats-cluster.ts';

export const nodes = ['n1', 'n2', 'n3'];

export interface TakeoverSite {
  cluster: NatsCluster;
  /** The one that leads first, and the one that stands by. */
  coordinators: [CoordinatorProcess, CoordinatorProcess];
  agents: TestAgent[];
  run: string;
  events(): Promise<RunEvent[]>;
  /** The newest epoch that a coordinator has announced in the run. */
  epochOf(name: string): Promise<number | undefined>;
  areAgentsBack(): Promise<boolean>;
  stop(): Promise<void>;
}

export interface SiteOptions {
  /** After the yes; without them, files are written on n1 and n2 by turns. */
  steps?(agents: TestAgent[]): Step[];
  /** More lines of the agents' policy. */
  policy?: string;
  /** What a coordinator takes for the bus: the first one has the number 0. */
  natsOf?(nats: ExternalNats, coordinator: 0 | 1): Promise<ExternalNats>;
}

export async function startTakeoverSite(options: SiteOptions = {}): Promise<TakeoverSite> {
  const { steps = (of) => writing(of, 3), policy = '', natsOf = async (nats) => nats } = options;
  const cluster = await startNatsCluster();
  const agents = await Promise.all(
    nodes.map(() => createTestAgent(`paths: [FOLDER/files]\ntestFilePaths: [FOLDER/files]\n${policy}`)),
  );
  const { bus } = cluster;
  const journal = must(await openJournal(bus));
  // Nobody holds any head yet that it could be read against.
  const nothing = async () => ok(undefined);
  const parts = {
    journal: { ...journal, examine: nothing, whyNotOpen: nothing },
    artefacts: openArtefacts(bus),
    clusterLog: openClusterLog(bus),
  };
  const plan = planOf(steps(agents));
  const run = must(await openRun({ ...parts, clock: systemClock, epoch: 0 }, request('takeover', plan)));

  const first = await startCoordinator({ name: 'c1', nats: await natsOf(cluster.nats, 0) });
  await eventually(() => / ready /.test(first.log()), 'c1 leads', 60_000);
  const authorityFrom = join(first.folder, 'state/authority');
  const second = await startCoordinator({ name: 'c2', nats: await natsOf(cluster.nats, 1), authorityFrom });
  await Promise.all(agents.map((agent, index) => joinAgent(agent, nodes[index] ?? '', first)));
  for (const agent of agents) agent.start();

  const events = async () => {
    let read = await journal.read(run);
    // While the servers elect among themselves, nobody answers.
    while (!read.ok && read.failure.retryable) read = await journal.read(run);
    return must(read).map(({ event }) => event);
  };
  const site: TakeoverSite = {
    cluster,
    coordinators: [first, second],
    agents,
    run,
    events,
    epochOf: async (name) =>
      (await events()).findLast(({ fact }) => fact.type === 'LeaderChanged' && fact.coordinator === name)?.epoch,
    areAgentsBack: async () => (await Promise.all(nodes.map((node) => isHeld(bus, node)))).every(Boolean),
    async stop() {
      await Promise.all(agents.map((agent) => agent.remove()));
      await Promise.all([first.remove(), second.remove()]);
      await cluster.stop();
    },
  };
  await eventually(site.areAgentsBack, 'the agents are there', 60_000);
  return site;
}

async function joinAgent(agent: TestAgent, name: string, coordinator: CoordinatorProcess): Promise<void> {
  const role = { n1: 'master', n2: 'standby' }[name] ?? 'observer';
  const { token } = must(await coordinator.client().call<NodeAddedDocument>('addNode', { name, role }));
  const { pin } = coordinator.initialized;
  const joined = await agent.join({ address: formatHostPort(coordinator.address), pin, token } as TestCoordinator, {
    name,
  });
  if (joined.exitCode !== 0) throw new Error(joined.stderr);
}

/** Files on n1 and n2 by turns. */
export function writing(agents: TestAgent[], stepsPerNode: number): Step[] {
  return Array.from({ length: stepsPerNode * 2 }, (_, index) => {
    const on = index % 2;
    const path = join(agents[on]?.folder ?? '', `files/${index}`);
    const action = { kind: 'writeTestFile' as const, path, content: String(index) };
    return sampleStep(`write-${index}`, nodes[on] ?? '', action, { then: [], undo: { noUndo: 'a test file' } });
  });
}

/** Waits for a yes before its steps. */
function planOf(steps: Step[]): Plan {
  const approval = {
    kind: 'approval' as const,
    id: 'go',
    phase: 'Preflight',
    title: 'go',
    section: 'test',
    question: 'Go?',
  };
  return { ...samplePlan, items: [approval, ...steps] };
}
