// How long the coordinator waits for what. Steps and gates carry their own limits; these are those that no plan says.
import { minutes, seconds } from '../../shared/units.ts';

export interface Limits {
  /** After a step's own timeout, for the agent's word to arrive. */
  graceMs: number;
  /** How often a running attempt is asked after, in case its outcome was lost. */
  askEveryMs: number;
  /** How often an agent that does not answer is asked again. */
  askAgainMs: number;
  /** How long an agent may stay silent before an operator is asked. */
  unansweredWithinMs: number;
  /** How long a busy node is waited for, and how often it is tried. */
  busyWithinMs: number;
  busyEveryMs: number;
  /** How long an attempt may take to be settled. */
  settleWithinMs: number;
  /** How long a condition before a step or an undo may take to pass. */
  beforeWithinMs: number;
  /** How long conditions that cannot be read are tried once the cluster is being changed. */
  unknownWithinMs: number;
  /** How often conditions without an interval of their own are read. */
  readEveryMs: number;
  bindWithinMs: number;
  /** How long after an agent spoke of a newer leader that leader may take to show itself. */
  deposedWithinMs: number;
  /** Attempts that Baton makes by itself of what may be tried again. */
  attemptsMax: number;
}

export const defaultLimits: Limits = {
  graceMs: seconds(15),
  askEveryMs: seconds(15),
  askAgainMs: seconds(2),
  unansweredWithinMs: minutes(10),
  busyWithinMs: minutes(5),
  busyEveryMs: seconds(5),
  settleWithinMs: minutes(2),
  beforeWithinMs: seconds(15),
  unknownWithinMs: minutes(2),
  readEveryMs: seconds(1),
  bindWithinMs: minutes(1),
  deposedWithinMs: seconds(20),
  attemptsMax: 3,
};
