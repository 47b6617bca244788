// An honest agent beside the hostile ones: how it joins, its heartbeats, and how long each takes to be seen.
import type { NodeAddedDocument } from '../../shared/documents.ts';
import { type Credentials, createSigningRequest } from '../../shared/security/certificates.ts';
import { must } from '../integration/bus/test-bus.ts';
import { type Door, TestAgent, TestClient } from '../integration/fleet/fleet-fixture.ts';
import type { CoordinatorProcess } from '../integration/operator/coordinator-process.ts';

export interface Honest {
  /** Round trips since the last call, in ms; those that are still under way count with their age. */
  take(): number[];
  /** How many heartbeats were seen so far. */
  seen(): number;
  /** Why its stream has ended; undefined while it is open. */
  lost(): string | undefined;
  close(): void;
}

/** Adds a node and joins it, as its operator and its agent do. */
export async function joinNode(coordinator: CoordinatorProcess, name: string): Promise<Credentials> {
  const added = must(await coordinator.client().call<NodeAddedDocument>('addNode', { name, role: 'observer' }));
  const { request, key } = await createSigningRequest(name);
  const client = new TestClient(coordinator);
  const { certificate } = await client.join({ token: added.token, name, signingRequest: request });
  client.close();
  return { certificate, key };
}

export async function startHonest(door: Door, own: Credentials, everyMs: number): Promise<Honest> {
  const agent = new TestAgent(door, own);
  await agent.hello();
  let lost: string | undefined;
  void agent.ended.then(({ details }) => {
    lost = details;
  });
  const sent = new Map<number, number>();
  let trips: number[] = [];
  let count = 0;
  let seen = 0;
  agent.onMessage = ({ kind }) => {
    agent.heard.length = 0;
    if (kind.case !== 'heartbeatSeen') return;
    const atMs = sent.get(kind.value.agentClockMs);
    if (atMs === undefined) return;
    seen += 1;
    trips.push(performance.now() - atMs);
    sent.delete(kind.value.agentClockMs);
  };
  const timer = setInterval(() => {
    count += 1;
    sent.set(count, performance.now());
    agent.say({ case: 'heartbeat', value: { clockMs: count } });
  }, everyMs);
  return {
    take() {
      const taken = [...trips, ...[...sent.values()].map((atMs) => performance.now() - atMs)];
      trips = [];
      return taken;
    },
    seen: () => seen,
    lost: () => lost,
    close() {
      clearInterval(timer);
      agent.close();
    },
  };
}

/** The value below which a share of all lies; NaN of none. */
export function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
