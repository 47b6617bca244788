// What can carry out a sentence of the guides, as the rows of the coverage name it.

export type Means =
  /** `test`: where it is not seen passing and failing in test/unit/checks. */
  | { is: 'check'; id: string; note?: string; test?: string }
  | {
      is: 'gate' | 'step' | 'approval' | 'schedule' | 'command' | 'advice';
      /** Id of the plan's item, the command, or the words of the advice: as they stand in `file`. */
      id: string;
      file: string;
      test: string;
      /** What stands in the test, where that is not the id. */
      inTest?: string;
      note?: string;
    };

type Row = Omit<Extract<Means, { file: string }>, 'is' | 'id' | 'file' | 'test'>;

export const plans = 'coordinator/plans';
export const check = (id: string, note?: string): Means => ({ is: 'check', id, ...(note !== undefined && { note }) });
export const step = (id: string, file: string, test: string, more: Row = {}): Means => ({
  ...{ is: 'step', id, file: `${plans}/${file}`, test },
  ...more,
});
export const gate = (id: string, file: string, test: string, more: Row = {}): Means => ({
  ...{ is: 'gate', id, file: `${plans}/${file}`, test },
  ...more,
});
export const advice = (id: string, file = 'docs/advice.md'): Means => ({
  ...{ is: 'advice', id, file, test: 'test/unit/project/guide-coverage.test.ts' },
  inTest: 'gives the advice that it names',
});
export const upgradeTest = 'test/unit/plans/upgrade-application.test.ts';
export const upgraded = (id: string, more: Row = {}): Means => step(id, 'upgrade-application.ts', upgradeTest, more);
export const databaseTest = 'test/unit/plans/upgrade-database.test.ts';
export const rollbackTest = 'test/unit/plans/roll-back.test.ts';
export const recoverTest = 'test/unit/plans/recover.test.ts';
export const recovered = (id: string, file: string, more: Row = {}): Means => step(id, file, recoverTest, more);

export const suspension = [check('failover-suspended'), step('suspend-failover', 'failover.ts', upgradeTest)];
export const arming = [check('failover-armed'), step('arm-failover', 'failover.ts', upgradeTest)];
