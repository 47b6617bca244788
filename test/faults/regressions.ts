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
    faults: [{ at: 136, kind: 'killAgent', node: 'n3', forMs: 1_000 }],
  },
  {
    found:
      'a run whose start came late, from a coordinator that was stopped, was begun by the next one without a takeover',
    scenario: { plan: 'failover-suspend', way: 'retry', coordinators: ['c1', 'c2'] },
    faults: [
      { at: 67, kind: 'pauseCoordinator', node: 'n1', forMs: 40_000 },
      { at: 67, kind: 'late', node: 'n1', forMs: 1_000 },
    ],
  },
  {
    found:
      'a coordinator that woke up heard hellos from before it was stopped, and put every node out of service for good: its ledger went back',
    scenario: { plan: 'failover-arm', way: 'retry', coordinators: ['c1', 'c2'] },
    faults: [
      { at: 46, kind: 'pauseCoordinator', node: 'n3', forMs: 29_336 },
      { at: 67, kind: 'killAgent', node: 'n3', forMs: 48_414 },
      { at: 126, kind: 'pauseCoordinator', node: 'n1', forMs: 30_057 },
    ],
  },
  {
    found:
      'the undo of a suspension failed on a full disk, the observer was started by hand, and adopting it could never hold: only a retry ends it',
    scenario: { plan: 'upgrade', way: 'abort', failing: 'standby.install' },
    faults: [
      { at: 340, kind: 'stepNodeClock', node: 'n2', forMs: 17_776 },
      { at: 743, kind: 'late', node: 'n1', forMs: 35_283 },
      { at: 1_027, kind: 'lose', node: 'n3', forMs: 47_832 },
      { at: 1_093, kind: 'fillNodeDisk', node: 'n3', forMs: 7_981 },
    ],
  },
  {
    found:
      'a command that its node had not begun went out again after a halt and a retry, while the observer, put back to an older copy, was active: nobody had looked again',
    scenario: { plan: 'upgrade', way: 'retry', coordinators: ['c1', 'c2'] },
    faults: [
      { at: 113, kind: 'restoreNode', node: 'n3', forMs: 58_080 },
      { at: 188, kind: 'twice', node: 'n1', forMs: 23_682 },
      { at: 577, kind: 'reboot', node: 'n1', forMs: 47_349 },
      { at: 1_354, kind: 'twice', node: 'n2', forMs: 18_922 },
      { at: 1_499, kind: 'stepCoordinatorClock', node: 'n3', forMs: 17_001 },
    ],
  },
  {
    found:
      'every word was refused while a node with an open attempt was cut off, and the operator of the simulation gave up',
    scenario: { plan: 'upgrade', way: 'adopt', failing: 'verify.create-ticket' },
    faults: [
      { at: 374, kind: 'restoreNode', node: 'n1', forMs: 44_628 },
      { at: 623, kind: 'fillBusDisk', node: 'n1', forMs: 17_940 },
      { at: 998, kind: 'cut', node: 'n2', forMs: 58_839 },
      { at: 1_051, kind: 'restoreCoordinator', node: 'n3', forMs: 44_233 },
      { at: 1_089, kind: 'restoreNode', node: 'n1', forMs: 52_574 },
    ],
  },
  {
    found:
      'a coordinator whose appends had failed for want of space read the next leader’s event as one to go on from, and wrote behind it',
    scenario: { plan: 'stage', way: 'retry', coordinators: ['c1', 'c2'] },
    faults: [
      { at: 85, kind: 'killAgent', node: 'n3', forMs: 2_495 },
      { at: 109, kind: 'fillNodeDisk', node: 'n1', forMs: 59_599 },
      { at: 127, kind: 'fillBusDisk', node: 'n3', forMs: 51_231 },
      { at: 185, kind: 'stepNodeClock', node: 'n2', forMs: 42_486 },
      { at: 208, kind: 'killAgent', node: 'n3', forMs: 50_928 },
    ],
  },
  {
    found:
      'a command that its node had not begun was sent after the word to abort, while the observer, put back to an older copy, was active',
    scenario: { plan: 'upgrade', way: 'retry' },
    faults: [
      { at: 132, kind: 'fillBusDisk', node: 'n2', forMs: 5_055 },
      { at: 252, kind: 'restoreNode', node: 'n3', forMs: 56_188 },
      { at: 528, kind: 'cut', node: 'n1', forMs: 60_801 },
      { at: 954, kind: 'twice', node: 'n1', forMs: 3_371 },
      { at: 1_119, kind: 'twice', node: 'n2', forMs: 56_541 },
    ],
  },
  {
    found:
      'the run of a coordinator that was put back was closed by its operator while the bus had no room for the end of it, and kept its cluster',
    scenario: { plan: 'backup-verify', way: 'retry' },
    faults: [
      { at: 243, kind: 'restoreCoordinator', node: 'n2', forMs: 13_657 },
      { at: 360, kind: 'fillBusDisk', node: 'n3', forMs: 37_713 },
      { at: 387, kind: 'cut', node: 'n2', forMs: 33_514 },
    ],
  },
  {
    found:
      'a command began in the moment in which the coordinator was put back, and the judge did not know its intent, which was lost with it',
    scenario: { plan: 'backup-verify', way: 'retry', coordinators: ['c1', 'c2'] },
    faults: [
      { at: 126, kind: 'restoreCoordinator', node: 'n1', forMs: 53_121 },
      { at: 333, kind: 'cut', node: 'n3', forMs: 23_516 },
      { at: 343, kind: 'fillBusDisk', node: 'n3', forMs: 1_320 },
    ],
  },
  {
    found:
      'while a node was away, every rollback was refused as if that were final, and the operator of the simulation gave up',
    scenario: { plan: 'rollback', way: 'rollback', failing: 'master.install' },
    faults: [
      { at: 625, kind: 'cut', node: 'n2', forMs: 23_486 },
      { at: 1_141, kind: 'killAgent', node: 'n2', forMs: 41_223 },
      { at: 2_264, kind: 'twice', node: 'n1', forMs: 16_788 },
    ],
  },
  {
    found:
      'a standby was put back in the middle of being made anew, and the run waited an hour for it to stream before it looked at what was gone',
    scenario: { plan: 'recover', way: 'retry', coordinators: ['c1', 'c2'] },
    faults: [
      { at: 336, kind: 'twice', node: 'n2', forMs: 2_885 },
      { at: 766, kind: 'stepNodeClock', node: 'n2', forMs: 48_348 },
      { at: 1_297, kind: 'restoreNode', node: 'n2', forMs: 58_643 },
    ],
  },
  {
    found:
      'a primary was put back behind its standby after the verification, which was not read again before the run was called done',
    scenario: { plan: 'recover-stopped', way: 'retry' },
    faults: [
      { at: 205, kind: 'fillBusDisk', node: 'n2', forMs: 19_979 },
      { at: 237, kind: 'pauseCoordinator', node: 'n3', forMs: 57_099 },
      { at: 980, kind: 'restoreNode', node: 'n1', forMs: 23_691 },
    ],
  },
  {
    found:
      'the administrator of the simulation started a former primary beside the present one, where a standby was asked for',
    scenario: {
      plan: 'recover-crashed',
      way: 'adopt',
      failing: 'standby.rebuild-database',
      coordinators: ['c1', 'c2'],
    },
    faults: [
      { at: 579, kind: 'killCoordinator', node: 'n2', forMs: 17_128 },
      { at: 1_444, kind: 'reboot', node: 'n1', forMs: 30_053 },
      { at: 1_862, kind: 'killCoordinator', node: 'n2', forMs: 53_466 },
    ],
  },
];
