// I8: nothing is taken back unless an operator said `abort` or `rollback`: no failure of the bus, of a report or of a
// notification ever leads there, and after that word nothing more is carried out.
import type { Evidence, Violation } from './evidence.ts';
import { historiesOf, walk } from './history.ts';

export function judgeNoRollback(evidence: Evidence): Violation[] {
  return historiesOf(evidence).flatMap((history) => {
    const violations: Violation[] = [];
    walk(history, ({ fact, sequence }, { abortedAt, handedOverAt }) => {
      const say = (message: string) =>
        void violations.push({ invariant: 'I8', run: history.run, message: `event ${sequence}: ${message}` });
      const isBack =
        fact.type === 'ItemUndone' ||
        (fact.type === 'StepStarted' && fact.phase === 'undo') ||
        (fact.type === 'ChecksRead' && fact.of.startsWith('undo')) ||
        (fact.type === 'RunEnded' && fact.status === 'aborted' && fact.successor === undefined);
      if (isBack && abortedAt === undefined) say(`${fact.type} on the way back, and no operator had said abort`);
      const isAhead =
        (fact.type === 'StepStarted' && fact.phase === 'do') || (fact.type === 'RunEnded' && fact.status !== 'aborted');
      if (fact.type === 'RunEnded' && fact.successor !== undefined && handedOverAt === undefined)
        say(`it ends in favour of ${fact.successor}, and no operator had said rollback`);
      if (handedOverAt !== undefined && (isAhead || fact.type === 'StepStarted' || fact.type === 'ItemUndone'))
        say(`${fact.type} after an operator said rollback, which is another run’s work`);
      if (isAhead && abortedAt !== undefined) say(`${fact.type} goes on ahead after an operator said abort`);
    });
    return violations;
  });
}
