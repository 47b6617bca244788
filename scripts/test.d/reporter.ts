// Mocha's `spec` reporter that also writes `PASSED FAILED` to the file named by COUNTS_FILE, for scripts/test to sum up.
import { writeFileSync } from 'node:fs';
import mocha from 'mocha';

export default class CountingReporter extends mocha.reporters.Spec {
  override done(failures: number, end?: (failures: number) => void): void {
    const file = process.env.COUNTS_FILE;
    if (file) writeFileSync(file, `${this.stats.passes} ${this.stats.failures}\n`);
    end?.(failures);
  }
}
