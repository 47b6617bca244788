// All fault classes of the fast form.
import type { FaultClass } from './trial.ts';

export const faultClasses: FaultClass[] = [];
