// I6: never two writable primaries, and one at the end. No plan of this version promotes, so there is no exception.
import type { Evidence, Violation } from './evidence.ts';
import { historiesOf } from './history.ts';

export function judgeOnePrimary(evidence: Evidence): Violation[] {
  const { now, doublePrimaries } = evidence;
  const run = Object.keys(evidence.journals).at(-1) ?? '';
  const violations: Violation[] = doublePrimaries.map(({ nodes }) => ({
    invariant: 'I6',
    run,
    message: `the databases of ${nodes.join(' and ')} accepted writes at the same time`,
  }));
  if (now.writable.length > 1)
    violations.push({ invariant: 'I6', run, message: `in the end ${now.writable.join(' and ')} accept writes` });
  const last = historiesOf(evidence).at(-1)?.events.at(-1)?.fact;
  if (now.writable.length === 0 && last?.type === 'RunEnded' && last.status === 'succeeded')
    violations.push({ invariant: 'I6', run, message: 'the run succeeded, and no database accepts writes' });
  return violations;
}
