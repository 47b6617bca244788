// How a broken fetch leaves an async iteration: an error that carries the failure as a value.
import type { Failure } from '../../shared/failures.ts';

export class FetchBroken extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}
