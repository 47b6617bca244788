// What the judge understands of an exported journal: its own reading of the format, so that a change of the product’s
// types does not silently change what is judged. Fields that no rule needs are left out.
import { z } from 'zod';

const finding = z.object({ id: z.string(), verdict: z.string() });
const phase = z.enum(['do', 'undo']);
const attempt = { item: z.string(), phase, attempt: z.number() };

const runStarted = z.object({
  type: z.literal('RunStarted'),
  cluster: z.string(),
  after: z.string().optional(),
  isUnattended: z.boolean().optional(),
});
const leaderChanged = z.object({ type: z.literal('LeaderChanged') });
const checksRead = z.object({
  type: z.literal('ChecksRead'),
  item: z.string(),
  of: z.enum(['gate', 'before', 'then', 'undo-before', 'undo-then']),
  passed: z.boolean(),
  results: z.array(finding),
});
const stepStarted = z.object({
  type: z.literal('StepStarted'),
  ...attempt,
  node: z.string(),
  action: z.object({ kind: z.string() }),
});
const outcomeRecorded = z.object({
  type: z.literal('OutcomeRecorded'),
  ...attempt,
  outcome: z.object({
    verdict: z.enum(['succeeded', 'failed', 'unknown', 'refused']),
    failure: z.object({ message: z.string() }).optional(),
  }),
  late: z.boolean(),
});
const attemptSettled = z.object({ type: z.literal('AttemptSettled'), ...attempt });
const itemSucceeded = z.object({ type: z.literal('ItemSucceeded'), item: z.string(), adopted: z.boolean() });
const itemUndone = z.object({ type: z.literal('ItemUndone'), item: z.string(), how: z.string() });
const runHalted = z.object({
  type: z.literal('RunHalted'),
  status: z.string(),
  halt: z.object({ item: z.string(), reason: z.string(), message: z.string(), checks: z.array(finding) }),
});
const operatorDecided = z.object({
  type: z.literal('OperatorDecided'),
  decision: z.enum(['retry', 'adopt', 'abort', 'rollback', 'recover', 'approve', 'reject', 'pause', 'resume']),
  item: z.string(),
  redo: z.array(z.string()).optional(),
  successor: z.object({ run: z.string() }).optional(),
});
const portalMetered = z.object({ type: z.literal('PortalMetered') });
const runEnded = z.object({
  type: z.literal('RunEnded'),
  status: z.string(),
  message: z.string(),
  failoverArmed: z.string(),
  successor: z.string().optional(),
});

const fact = z.discriminatedUnion('type', [
  runStarted,
  leaderChanged,
  checksRead,
  stepStarted,
  outcomeRecorded,
  attemptSettled,
  itemSucceeded,
  itemUndone,
  runHalted,
  operatorDecided,
  portalMetered,
  runEnded,
]);
const judgedEvent = z.object({
  id: z.string(),
  run: z.string(),
  sequence: z.number(),
  previous: z.string(),
  epoch: z.number(),
  fact,
});

export type Finding = z.infer<typeof finding>;
export type ChecksRead = z.infer<typeof checksRead>;
export type StepStarted = z.infer<typeof stepStarted>;
export type RunHalted = z.infer<typeof runHalted>;
export type OperatorDecided = z.infer<typeof operatorDecided>;
export type Fact = z.infer<typeof fact>;
export type JudgedEvent = z.infer<typeof judgedEvent>;

/** The event in an exported line; undefined where there is none that can be read whole. */
export function readEvent(bytes: string | undefined): JudgedEvent | undefined {
  if (bytes === undefined) return undefined;
  try {
    return judgedEvent.safeParse(JSON.parse(bytes)).data;
  } catch {
    return undefined;
  }
}
