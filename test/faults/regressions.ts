// Schedules that once broke an invariant or came to no end, each with what it had found. Data: where a boundary has moved
// since, a schedule still is one that must be survived.
import type { Schedule } from './schedules.ts';

export interface Regression extends Schedule {
  found: string;
}

export const regressions: Regression[] = [
  {
    found:
      'an upgrade ended as succeeded while nobody knew whether failover was armed: the observer’s agent was just away',
    scenario: { plan: 'upgrade', way: 'retry' },
    faults: [{ at: 1_640, kind: 'killAgent', node: 'n3', forMs: 3_000 }],
  },
  {
    found: 'failover was armed, and the ending said that nobody knows',
    scenario: { plan: 'failover-arm', way: 'retry' },
    faults: [{ at: 128, kind: 'killAgent', node: 'n3', forMs: 1_000 }],
  },
  {
    found: 'the observer’s node, put back to before its suspension, was begun anew under the same key',
    scenario: { plan: 'upgrade', way: 'retry' },
    faults: [
      { at: 200, kind: 'restoreNode', node: 'n3', forMs: 40_000 },
      { at: 420, kind: 'killCoordinator', node: 'n1', forMs: 1_000 },
      { at: 600, kind: 'cut', node: 'n2', forMs: 20_000 },
    ],
  },
  {
    found:
      'what an agent that was killed in the middle of a staging had left, seen to be whole, counted as unknown at the end',
    scenario: { plan: 'stage', way: 'retry' },
    faults: [{ at: 96, kind: 'killAgent', node: 'n1', forMs: 1_000 }],
  },
  {
    found: 'a node put back while a test file was being written wrote it under the same key again',
    scenario: { plan: 'upgrade', way: 'adopt', failing: 'verify.remove-ticket' },
    faults: [
      { at: 548, kind: 'lose', node: 'n3', forMs: 13_640 },
      { at: 873, kind: 'killCoordinator', node: 'n1', forMs: 41_519 },
      { at: 1_289, kind: 'restoreNode', node: 'n1', forMs: 11_677 },
      { at: 1_643, kind: 'restoreNode', node: 'n1', forMs: 32_046 },
    ],
  },
];
