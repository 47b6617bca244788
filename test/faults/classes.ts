// All fault classes of the fast form.
import { boundaryClasses } from './boundaries.ts';
import { scheduleClass } from './schedules.ts';
import type { FaultClass } from './trial.ts';

export const faultClasses: FaultClass[] = [...boundaryClasses, scheduleClass];
