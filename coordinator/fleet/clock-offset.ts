// How far an agent's clock is from the coordinator's, from one heartbeat. Pure.
import type { Heartbeat } from '../../shared/gen/baton/v1/fleet_pb.ts';

/** Longer round trips say more of a stalled machine than of the network. */
const roundTripMaxMs = 5_000;

/** Agent's clock minus coordinator's in ms; half the round trip is taken off where the heartbeat tells it. */
export function clockOffsetOf(
  { clockMs, coordinatorClockMs, echoAgeMs }: Pick<Heartbeat, 'clockMs' | 'coordinatorClockMs' | 'echoAgeMs'>,
  nowMs: number,
): number {
  const roundTripMs = echoAgeMs === undefined ? 0 : nowMs - coordinatorClockMs - echoAgeMs;
  const isPlausible = roundTripMs >= 0 && roundTripMs <= roundTripMaxMs;
  return Math.round(clockMs - nowMs + (isPlausible ? roundTripMs / 2 : 0));
}
